"""Started by its path, with the socket to the binary as standard input."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Instead of this folder, whose modules are nobody's.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from bywash._worker import warm

    warm.main()
