"""Where the program is that does the work: beside this package if a wheel brought both, else on the path."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path

from ._errors import BywashError

__all__ = ["binary"]

_NAME = "bywash.exe" if os.name == "nt" else "bywash"


def binary() -> str:
    """The program `bywash`: the one that `BYWASH_BIN` names, the wheel's own, or the first one on the path."""
    named = os.environ.get("BYWASH_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise _missing(f"`BYWASH_BIN` names `{named}`, which is no program")
        return named
    found = _own() or shutil.which("bywash")
    if found is None:
        raise _missing("the program `bywash` is neither beside this package nor on the path")
    return found


def _own() -> str | None:
    """The script that was installed together with this package, wherever the installer put it."""
    try:
        files = metadata.files("bywash") or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == _NAME and file.parent.name in ("bin", "Scripts"):
            place = Path(str(file.locate())).resolve()
            if place.is_file():
                return str(place)
    return None


def _missing(message: str) -> BywashError:
    return BywashError(
        message,
        code="missing-file",
        hints=["`pip install bywash` brings both; or put the program's folder on `PATH`, or its path into `BYWASH_BIN`"],
    )
