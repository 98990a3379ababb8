"""Processes and their descendants, as Linux shows them; other systems show less, and get less."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["adopt_orphans", "call_system", "descendants", "die_with_parent", "kill", "name", "strays"]

_SET_PARENT_DEATH_SIGNAL = 1
_SET_NAME = 15
_SET_CHILD_SUBREAPER = 36

_library = ctypes.CDLL(None, use_errno=True)


def call_system(function: str, *arguments: object) -> int:
    """A function of the C library; an `OSError` when it fails, or does not exist on this system."""
    if not hasattr(_library, function):
        raise OSError(f"{function} does not exist")
    result = getattr(_library, function)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{function} failed")
    return int(result)


def adopt_orphans() -> None:
    """Children of children that end become ours."""
    with suppress(OSError):
        call_system("prctl", _SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """The kernel ends this process with `parent`, even if that is killed."""
    with suppress(OSError):
        call_system("prctl", _SET_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def name(text: str) -> None:
    """What this process is called in lists of processes."""
    with suppress(OSError):
        call_system("prctl", _SET_NAME, text.encode(), 0, 0, 0)


def descendants() -> list[int]:
    """Every process below this one."""
    children: dict[int, list[int]] = {}
    for process, parent, _ in _all():
        children.setdefault(parent, []).append(process)
    found = children.get(os.getpid(), [])
    for process in found:
        found.extend(children.get(process, ()))
    return found


def strays(known: str) -> list[int]:
    """Children of this process that are not called `known`."""
    return [process for process, parent, called in _all() if parent == os.getpid() and called != known]


def kill(victims: Iterable[int]) -> None:
    """Ends them at once."""
    for victim in victims:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(victim, signal.SIGKILL)


def _all() -> Iterable[tuple[int, int, str]]:
    """Process, parent and name."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            before, after = (folder / "stat").read_text(errors="replace").rsplit(")", 1)
            yield int(folder.name), int(after.split()[1]), before.split("(", 1)[1]
