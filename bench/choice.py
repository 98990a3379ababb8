"""What every measurement is told: the program to measure, and a folder of its own."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

BYWASH = ("bywash", "the binary")


def read(purpose: str | None, program: tuple[str, str], **others: dict) -> argparse.Namespace:
    """The choices of the command line, with an emptied scratch folder.

    `program` is the name and the help of the option for what is measured; `others` are further options by name, each
    with what `add_argument` takes.
    """
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(f"--{program[0]}", required=True, help=program[1])
    parser.add_argument("--scratch", required=True, type=Path, help="a folder that is emptied first")
    for name, settings in others.items():
        parser.add_argument(f"--{name}", **settings)
    chosen = parser.parse_args()
    shutil.rmtree(chosen.scratch, ignore_errors=True)
    chosen.scratch.mkdir(parents=True)
    return chosen
