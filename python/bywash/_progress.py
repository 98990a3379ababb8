"""How a long command shows that it works: its own words, line by line; in a notebook, in one place that changes."""

from __future__ import annotations

import sys
import time
from html import escape
from typing import Any

from ._process import Process

__all__ = ["follow"]

_SECONDS_BETWEEN_LOOKS = 0.1
# Lines that a notebook shows while a command works.
_LINES = 12


def follow(process: Process) -> None:
    """Shows what a command says until it ends."""
    show = _notebook() or _Terminal()
    try:
        while not process.ended:
            show.update(process.said())
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        show.update(process.said())
    except BaseException:
        process.stop()
        raise
    finally:
        show.close()


class _Terminal:
    """Whole lines to standard error, each once."""

    def __init__(self) -> None:
        self._shown = 0

    def update(self, said: str) -> None:
        whole = said[: said.rfind("\n") + 1]
        new = whole[self._shown :]
        # The object for programs is nobody's reading.
        lines = [line for line in new.splitlines(keepends=True) if not line.startswith('{"status":')]
        sys.stderr.write("".join(lines))
        self._shown = len(whole)

    def close(self) -> None:
        sys.stderr.flush()


class _Notebook:
    """The last lines in one output that is written over, and disappears at the end: the result shows itself."""

    def __init__(self, display: Any) -> None:
        self._handle = display({"text/html": "", "text/plain": ""}, raw=True, display_id=True)
        self._before = ""

    def update(self, said: str) -> None:
        if said != self._before:
            self._before = said
            lines = said.rstrip().splitlines()
            text = "\n".join(lines[-_LINES:])
            head = f"{len(lines)} lines, the last:\n" if len(lines) > _LINES else ""
            self._show(f"<pre>{escape(head + text)}</pre>", text)

    def close(self) -> None:
        self._show("", "")

    def _show(self, html: str, text: str) -> None:
        self._handle.update({"text/html": html, "text/plain": text}, raw=True)


def _notebook() -> _Notebook | None:
    """The display of the notebook that runs this, if one does; IPython is there then."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    return _Notebook(display)
