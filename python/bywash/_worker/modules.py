"""Modules of the project are compiled from their text at each call; only packages come as they were compiled before.

What Python leaves beside a module is trusted by time and size: an edit that keeps both would go unseen.
"""

from __future__ import annotations

import sys
from importlib import machinery
from pathlib import Path
from types import CodeType

__all__ = ["FromText", "compile_anew"]


class FromText(machinery.SourceFileLoader):
    """Reads a module's text, whatever lies beside it."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def compile_anew(project: str) -> None:
    """From now on, for modules that are found below this folder."""
    root = Path(project).resolve()

    def finder(folder: str) -> machinery.FileFinder:
        if not Path(folder).resolve().is_relative_to(root):
            raise ImportError("it belongs to no project")
        compiled = (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES)
        return machinery.FileFinder(folder, (FromText, machinery.SOURCE_SUFFIXES), compiled)

    sys.dont_write_bytecode = True
    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()
