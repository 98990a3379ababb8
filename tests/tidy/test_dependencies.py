"""The policy of deny.toml, checked without cargo-deny: licences, fences and sources of what `bywash` is built from.

cargo-deny also asks for advisories, which needs the network; `make lint` runs it where it is installed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POLICY = tomllib.loads((ROOT / "deny.toml").read_text())
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


@pytest.fixture(scope="module")
def graph() -> dict:
    """What cargo would build for this machine."""
    cargo = os.environ.get("CARGO", "cargo")
    host = re.search(r"^host: (\S+)$", run([cargo, "--version", "--verbose"]), re.MULTILINE)[1]
    command = [cargo, "metadata", "--format-version", "1", "--locked", "--filter-platform", host]
    return json.loads(run(command))


def run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def allowed(expression: str) -> bool:
    """Whether a licence expression can be met with the licences we allow: `and` needs all, `or` needs one."""
    words = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    python = []
    for index, word in enumerate(words):
        if word in "()":
            python.append(word)
        elif word in ("OR", "/"):
            python.append("or")
        elif word == "AND":
            python.append("and")
        elif word == "WITH" or (index and words[index - 1] == "WITH"):
            continue
        else:
            exception = f" WITH {words[index + 2]}" if words[index + 1 : index + 2] == ["WITH"] else ""
            python.append(str(word + exception in POLICY["licenses"]["allow"]))
    return eval(" ".join(python), {"__builtins__": {}})  # Only brackets, and, or, True and False are left.


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT/Apache-2.0", True),
        ("(MIT OR GPL-3.0-only) AND GPL-2.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
    ],
)
def test_licence_expressions_are_read(expression, expected):
    assert allowed(expression) is expected


def test_every_licence_is_allowed(graph):
    wrong = [(p["name"], p["license"]) for p in graph["packages"] if not allowed(p["license"] or "unknown")]
    assert not wrong, wrong


def test_everything_comes_from_the_registry_or_from_here(graph):
    wrong = [(p["name"], p["source"]) for p in graph["packages"] if p["source"] not in (REGISTRY, None)]
    assert not wrong, wrong


def test_fences_hold(graph):
    packages = {package["id"]: package for package in graph["packages"]}
    wrong = []
    for ban in POLICY["bans"]["deny"]:
        name, _, major = ban["crate"].partition("@")
        for node in graph["resolve"]["nodes"]:
            user = packages[node["id"]]["name"]
            for dependency in node["deps"]:
                used = packages[dependency["pkg"]]
                is_banned = used["name"] == name and used["version"].split(".")[0] == (major or used["version"].split(".")[0])
                if is_banned and user not in ban.get("wrappers", []):
                    wrong.append(f"{user} must not use {ban['crate']}")
    assert not wrong, wrong


def test_the_results_epoch_names_the_locked_engine() -> None:
    """Another version of the engine may give other results: outputs of the one before must not be taken for its own."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    [version] = [package["version"] for package in lock["package"] if package["name"] == "datafusion"]
    keys = (ROOT / "crates/pipeline/src/run/keys.rs").read_text()
    [epoch] = re.findall(r'RESULTS_EPOCH: &str = "(.*)"', keys)
    assert f"datafusion {version}" in epoch
