"""The process that has imported Arrow and forks one guard for each call. It never runs a line of a project."""

from __future__ import annotations

import gc
import os
import platform
import signal
import warnings

import pyarrow as pa
import pyarrow.compute
import pyarrow.ipc

# Everything that a call needs is imported once, here.
from . import guard, processes, run
from .frames import Channel, Closed

__all__ = ["main"]


def main() -> None:
    """Forks until the binary closes its end."""
    control = Channel(os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    processes.adopt_orphans()
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    # Arrow has a thread that waits for work; it and its allocator know about forks.
    warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
    # Pages that the collector never visits again stay shared with every call.
    gc.collect()
    gc.freeze()
    control.send(python=platform.python_version(), pyarrow=pa.__version__)
    # What went wrong before was read from here by the binary.
    os.dup2(nowhere, 2)
    while True:
        try:
            _, descriptors = control.receive()
        except Closed:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            guard.main(run.main, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap() -> None:
    """Guards end by themselves. What one leaves that was killed itself is ours now, and ends."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process == 0:
            return
        if os.WIFSIGNALED(status):
            processes.kill(processes.strays(guard.NAME))
