"""The process between the warm one and a run. It runs no foreign code, and whatever the run leaves becomes its child.

It waits for the end of the run, or for the binary to ask for it; ends every process that is left; and says how the run
ended. It outlives the warm process: when the binary is killed, their channel closes, and nobody else is left who could end
what the run has started.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from . import processes
from .frames import Channel

__all__ = ["NAME", "main"]

NAME = "bywash-guard"

# How long a run that takes too long has to say where it is.
_SECONDS_TO_SAY_WHERE = 0.2


def main(run: Callable[[int, int, int, int], None], guard: int, call: int, stdout: int, stderr: int) -> None:
    """Never returns."""
    processes.name(NAME)
    processes.adopt_orphans()
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    this = os.getpid()
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (guard, woken, waker):
            os.close(descriptor)
        run(this, call, stdout, stderr)
        os._exit(0)
    for descriptor in (call, stdout, stderr):
        os.close(descriptor)
    channel = Channel(guard)
    status = _wait(channel, woken, child)
    _end_the_rest()
    with suppress(OSError):
        if os.WIFSIGNALED(status):
            channel.send(signal=os.WTERMSIG(status))
        else:
            channel.send(code=os.WEXITSTATUS(status))
    os._exit(0)


def _wait(channel: Channel, woken: int, child: int) -> int:
    """How the run ended; its end comes by itself, or when the binary says a word or closes its end."""
    while True:
        ready, _, _ = select.select([channel.socket.fileno(), woken], [], [])
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            return status
        if channel.socket.fileno() in ready:
            if channel.socket.recv(1) == b"w":
                # The run writes to standard error where it is.
                os.kill(child, signal.SIGUSR1)
                time.sleep(_SECONDS_TO_SAY_WHERE)
            processes.kill(processes.descendants())
            return os.waitpid(child, 0)[1]
        os.read(woken, 4096)


def _end_the_rest() -> None:
    """Every process that the run started is a child of this one by now, or a child's child."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        processes.kill(processes.descendants())
        time.sleep(0.001)
