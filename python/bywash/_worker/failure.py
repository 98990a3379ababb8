"""An exception as the binary tells it: what, where in the project's own files, and what to do."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from .._errors import ColumnsError

__all__ = ["describe"]


def describe(problem: BaseException, project: str, network: bool) -> dict[str, Any]:
    """A message for the binary. Frames stand from the outermost to the one that raised."""
    if isinstance(problem, ColumnsError):
        return {"kind": "columns", "message": problem.message, "hints": list(problem.hints), "frames": []}
    if any(isinstance(each, MemoryError) for each in _chain(problem)):
        return {"kind": "memory", "message": _text(problem), "hints": [], "frames": _frames(problem, project)}
    return {
        "kind": "exception",
        "message": _text(problem),
        "hints": [hint for hint in [_hint(problem, project, network)] if hint],
        "frames": _frames(problem, project),
    }


def _text(problem: BaseException) -> str:
    """`ValueError: no such carrier`, with the notes that were added to it."""
    lines = [line.strip() for line in traceback.format_exception_only(type(problem), problem)]
    if isinstance(problem, SyntaxError):
        lines = [f"{type(problem).__name__}: {problem.msg}"]
    return "\n".join(line for line in lines if line)


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """The exception, and those that led to it."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or problem.__context__


def _frames(problem: BaseException, project: str) -> list[dict[str, Any]]:
    """Frames in the project's own files; of an exception raised elsewhere, those that led there."""
    frames: list[dict[str, Any]] = []
    for each in _chain(problem):
        frames = [frame for frame in _of_project(each.__traceback__, project)]
        if isinstance(each, SyntaxError) and each.filename and _relative(each.filename, project):
            frames.append(_frame(_relative(each.filename, project), each.lineno or 1, each.offset, None, ""))
        if frames:
            break
    return frames


def _of_project(trace: TracebackType | None, project: str) -> Iterator[dict[str, Any]]:
    for frame in traceback.extract_tb(trace):
        path = _relative(frame.filename, project)
        if path:
            begin, end = getattr(frame, "colno", None), getattr(frame, "end_colno", None)
            is_one_line = getattr(frame, "end_lineno", frame.lineno) == frame.lineno
            length = end - begin if begin is not None and end is not None and is_one_line else None
            yield _frame(path, frame.lineno or 1, None if begin is None else begin + 1, length, frame.name)


def _frame(path: str | None, line: int, column: int | None, length: int | None, name: str) -> dict[str, Any]:
    return {"path": path, "line": line, "column": column, "length": length, "name": name}


def _relative(filename: str, project: str) -> str | None:
    """The path of one of the project's own files; packages that lie below the project are not its own."""
    try:
        path = Path(filename).resolve().relative_to(Path(project).resolve())
    except ValueError:
        return None
    return None if "site-packages" in path.parts or path.parts[0].startswith(".") else str(path)


def _hint(problem: BaseException, project: str, network: bool) -> str | None:
    for each in _chain(problem):
        if isinstance(each, ModuleNotFoundError) and each.name:
            package = each.name.partition(".")[0]
            return (
                f"name the package that has it in `pip=` of the decorator: `pip={{\"{package}\": \"\"}}`; modules of the "
                "project are imported from its root"
            )
        if isinstance(each, OSError) and not network and _is_network(each):
            return "functions have no network; write `network=True` in the decorator of one that needs it"
        if isinstance(each, OSError) and each.errno in (errno.EACCES, errno.EPERM) and each.filename is not None:
            return "functions read their inputs and the project, and write to their temporary folder: `tempfile` gives it"
    return None


def _is_network(problem: OSError) -> bool:
    socket = sys.modules.get("socket")
    if socket is not None and isinstance(problem, socket.gaierror):
        return True
    names = (Path(frame.filename).name for frame in traceback.extract_tb(problem.__traceback__))
    return problem.filename is None and problem.errno in (errno.EACCES, errno.EPERM) and "socket.py" in names
