"""`pip install` of one wheel: the binary as it was built, nothing compiled for it, in an environment that has nothing."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from places import BINARY, ROOT, TARGET

MOST_BYTES = 100_000_000

# Cargo asks the compiler who it is; it must not ask for more.
NO_COMPILER = """\
#!/bin/sh
case "$*" in
*-vV* | *"--print cfg"* | *--print=cfg* | *--version*) exec "$@" ;;
esac
echo "the wheel would compile: $*" >&2
exit 1
"""


def run(*command: object, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as `make wheel` does, without a compiler."""
    folder = tmp_path_factory.mktemp("wheel")
    compiler = folder / "no_compiler"
    compiler.write_text(NO_COMPILER)
    compiler.chmod(0o755)
    maturin = Path(sys.executable).parent / "maturin"
    target = {"CARGO_TARGET_DIR": str(TARGET), "RUSTC_WRAPPER": str(compiler)}
    run(maturin, "build", "--quiet", "--out", folder, cwd=ROOT, env={**os.environ, **target})
    [wheel] = folder.glob("bywash-*.whl")
    return wheel


def test_the_wheel_carries_the_binary_that_was_built(wheel):
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        [script] = [name for name in archive.namelist() if name.endswith(".data/scripts/bywash")]
        assert archive.read(script) == BINARY.read_bytes()
        assert "bywash/py.typed" in archive.namelist()
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))).decode()
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == ["Requires-Dist: pyarrow>=18"]


def test_it_installs_into_an_empty_environment(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    python = tmp_path / "empty/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    installed = run(python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check").split()
    assert {line.split("==")[0] for line in installed} - {"pip", "setuptools"} == {"bywash", "pyarrow"}
    # Nothing else is on the path, and nobody says where the binary is.
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    assert run(tmp_path / "empty/bin/bywash", "--version", env=clean).startswith("bywash ")
    (tmp_path / "x.csv").write_text("a\n1\n2\n")
    asked = """import bywash as bw; print(bw.connect(".").sql("select sum(a) from 'x.csv'").fetchall())"""
    assert run(python, "-c", asked, cwd=tmp_path, env=clean) == "[(3,)]\n"
