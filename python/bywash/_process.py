"""One command of the binary as a process: started, listened to, ended, and its failure made an exception.

What a command says to people goes to its standard error; it is kept in a file, so that no pipe fills up while nobody
reads. A process never outlives its caller: dropping it, Ctrl-C and an error in the caller all end it.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from ._binary import binary
from ._errors import BywashError, Place

__all__ = ["Finished", "Process"]

# How long a command may take to end after it was asked to: it gives up what it began.
_PATIENCE = 10.0
_INTERRUPTED = 130


class Process:
    """A command at work; its data comes through `output`, or, if `kept`, waits in a file for `finish`."""

    def __init__(self, arguments: Sequence[str], *, kept: bool = False) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()
        self._kept: IO[bytes] | None = tempfile.TemporaryFile() if kept else None
        self._child = subprocess.Popen(
            [binary(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._kept or subprocess.PIPE,
            stderr=self._said,
            # Ctrl-C reaches the caller, who passes it on once.
            start_new_session=True,
        )
        self.output = cast("io.BufferedReader | None", self._child.stdout)
        self._ending = weakref.finalize(self, _end, self._child, self._said, self._kept)

    def said(self) -> str:
        """What the command has told people so far."""
        return _whole(self._said).decode(errors="replace")

    @property
    def ended(self) -> bool:
        """Whether the command is through."""
        return self._child.poll() is not None

    def stop(self) -> None:
        """Ends the command, as Ctrl-C does, and takes what it had begun back."""
        self._ending()

    def finish(self) -> Finished:
        """Waits for the end and gives what came of it; raises what went wrong."""
        try:
            code = self._child.wait()
        except BaseException:
            self.stop()
            raise
        given = _whole(self._kept) if self._kept else b""
        said = self.said()
        self._ending()
        if code:
            raise failure(said, code, given)
        return Finished(given, said)


@dataclass(frozen=True)
class Finished:
    """The data of a command that ended well, if it was kept, and what it said to people."""

    given: bytes
    said: str


def _whole(file: IO[bytes]) -> bytes:
    # Read at a position: both ends share the file's own, and the command writes there.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


def _end(child: subprocess.Popen[bytes], *files: IO[bytes] | None) -> None:
    if child.stdout is not None:
        child.stdout.close()
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for file in files:
        if file is not None:
            file.close()


def failure(said: str, code: int, given: bytes = b"") -> BywashError:
    """The exception for a command that failed: from the line that it writes for programs, or else from its words."""
    lines = said.strip().splitlines()
    last = lines[-1] if lines else ""
    if last.startswith('{"status":"failed"'):
        problems = [_problem(problem) for problem in json.loads(last)["errors"]]
        first = problems[0]
        report = json.loads(given) if given else None
        return BywashError(
            first.message, code=first.code, places=first.places, hints=first.hints, problems=problems, report=report
        )
    title = re.search(r"^error\[([\w-]+)\]: (.*)$", said, re.MULTILINE)
    if title:
        return BywashError(title[2], code=title[1], hints=re.findall(r"^hint: (.*)$", said, re.MULTILINE))
    if code in (_INTERRUPTED, -signal.SIGINT):
        return BywashError("the command was stopped", code="cancelled")
    words = "\n".join(lines) or "it said nothing"
    return BywashError(f"the command ended with code {code}: {words}", code="bug")


def _problem(problem: dict[str, Any]) -> BywashError:
    return BywashError(
        problem["message"],
        code=problem["code"],
        places=[Place(**place) for place in problem["places"]],
        hints=problem["hints"],
    )
