"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("BYWASH_BIN", "bywash")).resolve()
TARGET = BINARY.parents[1]
