#!/usr/bin/env python3
"""Writes the dependencies of crates/features, so that every selection of packages builds third-party crates once.

Cargo unifies features only over the packages it is asked for: `cargo check -p bywash-engine`, `cargo build` and
`cargo nextest run` would each compile DataFusion anew. Every crate of the workspace depends on `bywash-features`,
which asks for the union of features of each third-party crate whose features differ between selections.

    python3 scripts/unify_features.py          # rewrite crates/features/Cargo.toml
    python3 scripts/unify_features.py --check  # fail if it would change
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "crates/features/Cargo.toml"
# Crates that proc macros use: Cargo keeps their features apart from those of the same crate in the binary.
HOST = {"syn", "quote", "proc-macro2"}
MARK = "# Below: written by scripts/unify_features.py.\n"
# Crates that exist for one system alone; their features follow from those of what uses them.
SYSTEM = re.compile(r"^(linux-raw-sys|windows.*|wasm.*|js-sys|web-.*|core-foundation.*|security-framework.*|mio|"
                    r"signal-hook-registry|errno|inotify.*|bywash.*)$")


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def features(selection, edges):
    """(crate, version) -> features that Cargo turns on for this selection."""
    found = {}
    lines = cargo("tree", *selection, "-e", edges, "--prefix", "none", "-f", "{p}|{f}").splitlines()
    for line in filter(None, lines):
        package, _, turned_on = line.replace(" (*)", "").partition("|")
        name, version, *rest = package.split(" ")
        if "(proc-macro)" in rest or "(/" in package:
            continue
        found.setdefault((name, version.lstrip("v")), set()).update(filter(None, turned_on.split(",")))
    return found


def main():
    members = [package["name"] for package in json.loads(cargo("metadata", "--format-version=1", "--no-deps"))["packages"]]
    union = features(["--workspace"], "normal,build,dev")
    differing = set()
    for edges in ("normal,build", "normal,build,dev"):
        for selection in [["--workspace"], *(["-p", member] for member in members if member != "bywash-features")]:
            for crate, turned_on in features(selection, edges).items():
                if turned_on != union.get(crate, turned_on) and not SYSTEM.match(crate[0]):
                    differing.add(crate)
    old = MANIFEST.read_text()
    head = old.split(MARK)[0]
    kept = set(re.findall(r'package = "([^"]+)", version = "=([^"]+)"', old)) if "--fresh" not in sys.argv else set()
    lines, host_lines = [], []
    for name, version in sorted(differing | {crate for crate in kept if crate in union}):
        plain = sorted(feature for feature in union[(name, version)] if feature != "default")
        key = f"{name}-{version.split('+')[0].replace('.', '_')}"
        default = "true" if "default" in union[(name, version)] else "false"
        chosen = host_lines if name in HOST else lines
        chosen.append(f'{key} = {{ package = "{name}", version = "={version.split("+")[0]}", default-features = {default}, '
                     f'features = {json.dumps(plain)} }}')
    new = head + MARK + "\n".join(lines) + "\n\n[build-dependencies]\n" + "\n".join(host_lines) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if new == old else "crates/features/Cargo.toml is stale: run python3 scripts/unify_features.py")
    MANIFEST.write_text(new)
    print(f"{len(lines)} crates unified, {len(differing)} differed")


main()
