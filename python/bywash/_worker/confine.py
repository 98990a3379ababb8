"""What binds one call: groups, limits, and an identity without rights. The rest was bound before Python started."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import processes

__all__ = ["confine"]

_SET_DUMPABLE = 4
_SET_KEEP_CAPABILITIES = 8
_AMBIENT_CAPABILITIES = 47
_AMBIENT_RAISE = 2
_READ_EVERYWHERE = 2
_CAPABILITIES_VERSION_3 = 0x20080522

_LANDLOCK_CREATE = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT = 446
_LANDLOCK_RULE_BENEATH = 1
_LANDLOCK_MAKE_DEVICES = 1 << 11
_LANDLOCK_MOVE = 1 << 13
_LANDLOCK_SCOPE_SIGNALS = 2


def confine(job: Mapping[str, Any], doors: Sequence[int]) -> None:
    """Binds this process for good. `doors` let it into the groups that were made for it."""
    for door in doors:
        os.write(door, b"0")
        os.close(door)
    limits = job["limits"]
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, limits["memory"])
    _limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    if limits["cores"]:
        _take_cores(limits["cores"], job["number"])
    if job["identity"] is not None:
        _become(job["identity"])
    if limits["processes"] is not None and os.getuid() != 0:
        _limit(resource.RLIMIT_NPROC, _tasks_of_user() + limits["processes"])
    _stand_apart()
    _settle(job["scratch"], limits["cores"])


def _take_cores(count: int, number: int) -> None:
    """So many cores, others for each call: libraries then start as many threads."""
    with suppress(OSError, AttributeError):
        all_cores = sorted(os.sched_getaffinity(0))
        begin = number * count % len(all_cores)
        os.sched_setaffinity(0, (all_cores[begin:] + all_cores)[:count])


def _limit(which: int, most: int | None) -> None:
    if most is not None:
        with suppress(OSError, ValueError):
            resource.setrlimit(which, (most, most))


def _become(identity: int) -> None:
    """From root to a user that owns nothing. It may read, because files that belong to root must still be found; what it
    may read was bound before.
    """
    processes.call_system("prctl", _SET_KEEP_CAPABILITIES, 1, 0, 0, 0)
    try:
        os.setgroups([])
        os.setresgid(identity, identity, identity)
        os.setresuid(identity, identity, identity)
    except OSError:
        # A container that has no such user: it goes on as its root, who may not do much.
        return
    one = 1 << _READ_EVERYWHERE
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    # Effective, permitted and inheritable, twice: of the first 32 capabilities, and of the others.
    processes.call_system("capset", header, (ctypes.c_uint32 * 6)(one, one, one, 0, 0, 0))
    # Also for programs that it starts.
    processes.call_system("prctl", _AMBIENT_CAPABILITIES, _AMBIENT_RAISE, _READ_EVERYWHERE, 0, 0)
    processes.call_system("prctl", _SET_DUMPABLE, 1, 0, 0, 0)


def _tasks_of_user() -> int:
    """The limit of the system is one of all that a user has."""
    tasks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid():
                tasks += sum(1 for _ in (folder / "task").iterdir())
    return tasks


def _stand_apart() -> None:
    """Nothing here looks into the guard or other calls, and no signal reaches them. Linux before 6.12 has no rule for
    signals; any other, such as one on devices that nobody may make anyway, keeps the looks away. Rules on top of rules
    forbid to move files between folders unless they allow it, which before 5.19 they cannot.
    """
    for rights, scopes in (
        (_LANDLOCK_MAKE_DEVICES | _LANDLOCK_MOVE, _LANDLOCK_SCOPE_SIGNALS),
        (_LANDLOCK_MAKE_DEVICES | _LANDLOCK_MOVE, 0),
        (_LANDLOCK_MAKE_DEVICES, 0),
    ):
        with suppress(OSError):
            _bind(rights, scopes)
            return


def _bind(rights: int, scopes: int) -> None:
    """By a rule of its own, on top of what binds this process already."""
    handled = (ctypes.c_uint64 * 3)(rights, 0, scopes)
    ruleset = processes.call_system("syscall", _LANDLOCK_CREATE, handled, ctypes.sizeof(handled), 0)
    if rights & _LANDLOCK_MOVE:
        everywhere = os.open("/", os.O_PATH)
        allowed = struct.pack("=Qi", _LANDLOCK_MOVE, everywhere)
        processes.call_system("syscall", _LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_BENEATH, allowed, 0)
        os.close(everywhere)
    processes.call_system("syscall", _LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _settle(scratch: str, cores: int | None) -> None:
    """The environment of the function: nothing of the binary's own."""
    os.environ.update(HOME=scratch, TMPDIR=scratch, JOBLIB_TEMP_FOLDER=scratch, USER="bywash", LOGNAME="bywash")
    # Its semaphores lie where functions cannot reach; joblib would say so in every log.
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"
    tempfile.tempdir = None
    if cores:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS"):
            os.environ[name] = str(cores)
