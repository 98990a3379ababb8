"""A real server of S3 that a test starts: `s3s-fs`, which `tests/need.sh s3` installs beside the binary."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

KEY, SECRET, BUCKET = "sesame", "open-sesame-5fa1", "lakes"


@contextmanager
def s3_server(folder: Path):
    """The environment that its clients need, while it runs."""
    (folder / BUCKET).mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(os.environ["BYWASH_BIN"]).parent.parent / "tools/bin/s3s-fs"
    words = [program, "--host", "127.0.0.1", "--port", str(port), "--access-key", KEY, "--secret-key", SECRET, folder]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
    finally:
        server.kill()
        server.wait()
