"""A Bywash project in a temporary folder, driven through the real binary as its user would drive it."""

from __future__ import annotations

import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path


class Failed(AssertionError):
    """The binary said no."""


class Project:
    """`root` is the project's folder; everything happens through `bywash -C root …`."""

    def __init__(self, root: Path):
        self.root = root
        self.binary = os.environ["BYWASH_BIN"]
        self.write("bywash.toml", '[project]\nname = "readers"\n')

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def write_rows(self, path: str, rows: list[dict], *, as_json=json.dumps) -> Path:
        """One JSON object a line."""
        return self.write(path, "".join(as_json(row) + "\n" for row in rows))

    def bywash(self, *arguments: str) -> str:
        """The data that the command prints."""
        return self.run(*arguments).stdout

    def said(self, *arguments: str) -> str:
        """What the command says beside its data."""
        return self.run(*arguments).stderr

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """A failure shows what the command said."""
        done = subprocess.run(
            [self.binary, "-C", str(self.root), *arguments], capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise Failed(f"bywash {' '.join(arguments)}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def query(self, sql: str) -> list[dict]:
        """Rows as JSON has them, with every digit."""
        return json.loads(self.bywash("query", sql, "-o", "json"), parse_float=Decimal)

    def metadata_location(self, table: str) -> str:
        [row] = self.query(f"select metadata_location from bywash.tables where name = '{table}'")
        return row["metadata_location"]
