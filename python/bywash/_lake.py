"""A project and its lake, as a program or a notebook works with them. Every call is one command of the binary."""

from __future__ import annotations

import datetime
import decimal
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._errors import BywashError
from ._process import Process
from ._progress import follow
from ._rows import Rows
from ._run import Run

__all__ = ["Lake", "connect"]

Value = bool | int | float | decimal.Decimal | str | datetime.date | datetime.time | None


def connect(
    path: str | os.PathLike[str] | None = None,
    *,
    ref: str | None = None,
    target: str | None = None,
) -> Lake:
    """A project, to ask and to run; or a folder without one, whose files can be asked.

    Args:
        path: The folder of the project, or one inside it; the current folder when left out.
        ref: The branch, tag or commit to work at; else the current branch of the project.
        target: The settings under `[targets.NAME]` of `bywash.toml` to work with.
    """
    folder = Path(path if path is not None else ".").absolute()
    if not folder.is_dir():
        raise BywashError(f"there is no folder `{folder}`", code="missing-file", hints=["`bywash init DIR` makes one"])
    return Lake(folder, ref, target)


class Lake:
    """A project at a branch; `bw.connect` makes it, and `branch` one for another branch."""

    def __init__(self, folder: Path, ref: str | None, target: str | None) -> None:
        self.folder = folder
        self.ref = ref
        self.target = target

    def sql(self, query: str, **parameters: Value) -> Rows:
        """Runs one statement and gives its rows; `$name` in it is the argument of that name.

        The statement starts at once, so its mistakes are raised here and one that writes has been carried out. Rows
        are read when they are asked for.
        """
        return Rows(self._start(["query", "-o", "arrow"], *_parameters(parameters), "--", query))

    def table(self, name: str) -> Rows:
        """The rows of a table of the lake."""
        return self.sql(f"select * from {name}")

    def run(
        self,
        select: str | Sequence[str] | None = None,
        *,
        exclude: str | Sequence[str] | None = None,
        full_refresh: bool = False,
        parameters: dict[str, Value] | None = None,
        run_key: str | None = None,
        progress: bool = True,
    ) -> Run:
        """Brings every node up to date, tests, and publishes all of it at once, as `bywash run` does.

        Args:
            select: Only these nodes: `"marts.delays"`, `"+marts.delays"`, `"tag:daily"`, …
            exclude: But not these.
            full_refresh: Compute incremental models from all their rows, and reuse nothing that was selected.
            parameters: Values for `$name` in SQL and `bw.param` in Python.
            run_key: Names the run: a second one with the same key reports the first.
            progress: Show what happens; in a notebook in one place, else on standard error.

        Raises:
            BywashError: A node failed, or a test: then nothing was published.
        """
        words = [*_repeated("--select", select), *_repeated("--exclude", exclude), *_parameters(parameters or {})]
        words += ["--full-refresh"] * full_refresh + (["--run-key", run_key] if run_key else [])
        return Run.of(self._json(["run", "-o", "json"], *words, shown=progress))

    def branch(self, name: str) -> Lake:
        """The project at another branch, which begins where this one is if it is new. This object stays where it is."""
        if name not in self.branches():
            at = ["--ref", self.ref] if self.ref else []
            self._start(["branch", "create", name], *at, at_ref=False, kept=True).finish()
        return Lake(self.folder, name, self.target)

    def branches(self) -> list[str]:
        """The names of the branches."""
        return [branch["name"] for branch in self._json(["branch", "list", "-o", "json"], at_ref=False)]

    def tables(self) -> Rows:
        """The tables with their rows, bytes and files."""
        return Rows(self._start(["table", "list", "-o", "arrow"]))

    def log(self) -> Rows:
        """The commits, the latest first."""
        return Rows(self._start(["log", "-o", "arrow"]))

    def merge(self, source: str | Lake, *, progress: bool = True) -> Run | None:
        """Brings what another branch has into this one: planned, run and tested as a run is; `None` if it has all.

        Raises:
            BywashError: The two sides are in conflict, or a test failed: then nothing moved.
        """
        into = ["--into", self.ref] if self.ref else []
        report = self._json(["merge", "-o", "json"], *into, "--", _ref(source), at_ref=False, shown=progress)
        return report and Run.of(report)

    def diff(self, other: str | Lake, *, table: str | None = None, limit: int = 20) -> Rows:
        """What differs from this branch to another, by table; or rows of one table that differ."""
        here = self.ref or self._current()
        one = ["--table", table, "--limit", str(limit)] if table else []
        return Rows(self._start(["diff", "-o", "arrow"], *one, "--", here, _ref(other), at_ref=False))

    def __repr__(self) -> str:
        at = f" at {self.ref}" if self.ref else ""
        return f"<lake {self.folder}{at}>"

    def _current(self) -> str:
        branches = self._json(["branch", "list", "-o", "json"], at_ref=False)
        return next(str(branch["name"]) for branch in branches if branch["current"])

    def _start(self, verb: Sequence[str], *words: str, at_ref: bool = True, kept: bool = False) -> Process:
        common = ["--ref", self.ref] if self.ref and at_ref else []
        common += ["--target", self.target] if self.target else []
        return Process(["-C", str(self.folder), *verb, *common, *words], kept=kept)

    def _json(self, verb: Sequence[str], *words: str, at_ref: bool = True, shown: bool = False) -> Any:
        """What a command reports, once it ended; `None` if it had nothing to report."""
        process = self._start(verb, *words, at_ref=at_ref, kept=True)
        if shown:
            follow(process)
        given = process.finish().given
        return json.loads(given) if given else None


def _ref(other: str | Lake) -> str:
    if isinstance(other, str):
        return other
    return other.ref or other._current()


def _repeated(flag: str, values: str | Sequence[str] | None) -> list[str]:
    values = [values] if isinstance(values, str) else values or []
    return [word for value in values for word in (flag, value)]


def _parameters(values: dict[str, Any]) -> list[str]:
    return [word for name, value in values.items() for word in ("--param", f"{name}={_written(name, value)}")]


def _written(name: str, value: Value) -> str:
    """A value as the flag `--param` reads it back: text stands in quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (float, decimal.Decimal)):
        number = decimal.Decimal(repr(value)) if isinstance(value, float) else value
        if number.is_finite():
            return format(number, "f")
    if isinstance(value, datetime.datetime):
        value = value.isoformat(sep=" ")
    elif isinstance(value, (datetime.date, datetime.time)):
        value = value.isoformat()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise TypeError(f"the parameter `{name}` cannot be {value!r}: give a text, a number, a boolean, a date or a time")
