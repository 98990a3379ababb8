"""The errors of this package: what the binary says when a command fails, with its code, its places and its hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["BywashError", "ColumnsError", "Place"]


@dataclass(frozen=True)
class Place:
    """Where in a file something is wrong; `line` and `column` count from 1 and are absent for a whole file."""

    path: str
    line: int | None = None
    column: int | None = None
    label: str | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class BywashError(Exception):
    """A command that failed, or a function that cannot do what was asked of it.

    `code` has a page: `bywash explain CODE`. A command can find several problems; the first one is told by `code`,
    `message`, `places` and `hints`, and all of them by `problems`. `report` is what `bywash run -o json` gives of a run
    that failed: its nodes and tests.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        places: Sequence[Place] = (),
        hints: Sequence[str] = (),
        problems: Sequence[BywashError] = (),
        report: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.places = tuple(places)
        self.hints = tuple(hints)
        self.report = report
        self.problems: tuple[BywashError, ...] = tuple(problems) or (self,)

    def __str__(self) -> str:
        if len(self.problems) > 1:
            return "\n".join(str(problem) for problem in self.problems)
        lines = [f"[{self.code}] {self.message}"]
        lines += [f"  at {place}" for place in self.places]
        lines += [f"  hint: {hint}" for hint in self.hints]
        return "\n".join(lines)


class ColumnsError(BywashError):
    """What a function returned is not what its `columns=` declares."""
