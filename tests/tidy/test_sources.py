"""Small files stay small because something looks: the rules of CONTRIBUTING.md that a machine can judge.

Clippy judges functions (`make lint`); this judges files and words.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.split("\0")
FILES = [ROOT / name for name in TRACKED if name and (ROOT / name).is_file()]
RUST = [file for file in FILES if file.suffix == ".rs"]
TEXT = [file for file in FILES if file.suffix in {".rs", ".py", ".md", ".toml", ".sql", ".yml", ".sh", ""}]

# Lines of code, without blanks, comments and what stands below `mod tests`.
CODE_LINES_MOST = 500


def code_lines(file: Path) -> int:
    lines = file.read_text().split("#[cfg(test)]\nmod tests {")[0].splitlines()
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("//"))


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_every_rust_file_says_why_it_exists():
    silent = [shown(file) for file in RUST if not file.read_text().lstrip().startswith("//!")]
    assert not silent, silent


def test_no_file_is_too_long():
    sizes = sorted(((code_lines(file), shown(file)) for file in RUST), reverse=True)
    print("largest:", sizes[:5])
    long = [(size, name) for size, name in sizes if size > CODE_LINES_MOST]
    assert not long, f"split them, one concept a file: {long}"


def test_nothing_is_left_for_later():
    # Split, so that this file does not find itself.
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    left = [shown(file) for file in TEXT if words.search(file.read_text(errors="replace"))]
    assert not left, left


def test_no_place_of_one_machine_is_in_the_tree():
    places = re.compile(r"/(root|work/main|work/shared)/")
    found = [shown(file) for file in TEXT if file != Path(__file__) and places.search(file.read_text(errors="replace"))]
    assert not found, found


def test_links_of_the_documents_lead_somewhere():
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(#[^)]*)?\)")
    documents = [file for file in FILES if file.suffix == ".md"]
    dead = [
        f"{shown(document)}: {target}"
        for document in documents
        for target, _ in link.findall(document.read_text())
        if not (document.parent / target).exists()
    ]
    assert not dead, dead


def test_every_test_that_the_architecture_names_exists():
    """docs/ARCHITECTURE.md names tests for the rules; a rule without one would be a wish."""
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    rules = re.findall(r"^- \*\*([TR]\d+)\b", text, re.MULTILINE)
    named = set(re.findall(r"`([tr]\d+_\w+)`", text))
    real = set()
    for file in FILES:
        if file.suffix in {".rs", ".py"}:
            real |= set(re.findall(r"(?:fn|def) (?:test_)?([tr]\d+_\w+)", file.read_text()))
    assert len(rules) == 20, rules
    assert not named - real, f"named, but not there: {sorted(named - real)}"
