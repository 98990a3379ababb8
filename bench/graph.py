"""How fast a graph is checked and brought up to date: generated projects of many models, one edit, nothing to do.

dbt-core with dbt-duckdb and SQLMesh do the same jobs in the same run where `--dbt` and `--sqlmesh` name their commands:
each needs an environment of its own. The sizes can be made smaller: `--scale 0.1`.

No peer has a check that is the same as Bywash's, which reads no row and finds unknown names and columns and types that
do not fit. What each peer does in its stead, and whether that is less or more, stands at its `check`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import choice

# Each job is done so often, and the fastest counts: what else the machine does only makes it slower. A job that has
# taken this many seconds is not done again.
TIMES = 3
LONG = 120

# No peer tells its maker about this.
UNOBSERVED = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
    "DO_NOT_TRACK": "1",
}


def main() -> None:
    choices = choice.read(
        __doc__,
        choice.BYWASH,
        scale={"type": float, "default": 1.0},
        dbt={"help": "the command, with dbt-duckdb"},
        sqlmesh={"help": "the command"},
    )
    # The last model of each is a join.
    large, small = (3 * max(int(count * choices.scale), 10) + 1 for count in (333, 33))
    tools = named(Bywash(choices.bywash), Dbt(choices.dbt), SqlMesh(choices.sqlmesh))
    checks = named(Bywash(choices.bywash), Dbt(choices.dbt), DbtParse(choices.dbt), SqlMesh(choices.sqlmesh))
    jobs = {
        f"check of {large:,} models, cold": lambda tool, folder: (tool.forget(folder), tool.check(folder)),
        f"check of {large:,} models after one edit": lambda tool, folder: (edit(folder, tool), tool.check(folder)),
    }
    report(jobs, checks, choices.scratch / "large", large, built=False)
    jobs = {
        f"run of {small:,} nodes, nothing to do": lambda tool, folder: tool.run(folder),
        f"run of {small:,} nodes, one leaf edited": lambda tool, folder: (edit(folder, tool), tool.run(folder)),
    }
    report(jobs, tools, choices.scratch / "small", small, built=True)


def named(*tools: Tool) -> list[Tool]:
    return [tool for tool in tools if tool.binary]


def report(jobs: dict, tools: list, scratch: Path, count: int, *, built: bool) -> None:
    print(f"{'':48}" + "".join(f"{tool.name:>16}" for tool in tools))
    folders = {tool.name: scratch / tool.name for tool in tools}
    for tool in tools:
        tool.make(folders[tool.name], count)
        if built:
            tool.run(folders[tool.name])
    for what, job in jobs.items():
        figures = (f"{fastest(job, tool, folders[tool.name]) * 1_000:>13,.0f} ms" for tool in tools)
        print(f"{what:48}" + "".join(figures), flush=True)


def fastest(job, tool, folder: Path) -> float:
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        job(tool, folder)
        times.append(time.perf_counter() - began)
        if sum(times) > LONG:
            break
    return min(times)


def query(number: int, name) -> str:
    """A tree of models ten wide: every model reads one or two that come before it."""
    if number < 10:
        return f"select n as id, n * {number} as x, 'a' as word from {name('raw', None)}"
    one, two = name("m", number // 10), name("m", (number * 7) // 11)
    if number % 3 == 0:
        return f"select l.id, l.x + r.x as x, r.word from {one} l join {two} r on l.id = r.id where l.x > {number}"
    if number % 3 == 1:
        return f"select id, sum(x) as x, max(word) as word from {one} group by id"
    return f"select id, x, word from {one} union all select id, x * 2, upper(word) from {two}"


def edit(folder: Path, tool) -> None:
    """Changes what the last model computes, which nothing reads: it is a join, whatever the size."""
    path = max((folder / "models").rglob("m[0-9]*.sql"), key=lambda path: int(path.stem[1:]))
    tool.edits += 1
    path.write_text(re.sub(r"l\.x > \d+", f"l.x > {tool.edits}", path.read_text()))


class Tool:
    """A command that works on a folder."""

    name = ""
    edits = 0
    # What is remembered between commands, in the project's folder.
    caches: tuple[str, ...] = ()

    def __init__(self, binary: str | None):
        self.binary = binary and str(Path(binary).absolute())

    def forget(self, folder: Path) -> None:
        """Removes what the tool remembers of earlier commands."""
        for cache in self.caches:
            shutil.rmtree(folder / cache, ignore_errors=True)

    def command(self, words: list[str], folder: Path) -> None:
        words = [self.binary, *words]
        environment = os.environ | UNOBSERVED
        done = subprocess.run(words, cwd=folder, env=environment, text=True, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


class Bywash(Tool):
    name = "bywash"
    caches = (".bywash",)

    def make(self, folder: Path, count: int) -> None:
        write(folder / "bywash.toml", '[project]\nname = "graph"\n')
        write(folder / "sources/raw.yml", "name: raw\ntype: files\nresources:\n  - name: numbers\n    path: numbers.csv\n")
        write(folder / "numbers.csv", "n\n" + "".join(f"{n}\n" for n in range(100)))
        name = lambda kind, number: "raw.numbers" if kind == "raw" else f"marts.m{number}"
        for number in range(count):
            write(folder / f"models/marts/m{number}.sql", query(number, name) + "\n")

    def check(self, folder: Path) -> None:
        self.command(["-q", "check"], folder)

    def run(self, folder: Path) -> None:
        self.command(["-q", "run"], folder)


class Dbt(Tool):
    name = "dbt-duckdb"
    caches = ("target",)

    def make(self, folder: Path, count: int) -> None:
        write(folder / "dbt_project.yml", "name: peer\nprofile: peer\nmodels:\n  +materialized: table\n")
        database = lambda path: f"{{type: duckdb, path: '{path}', threads: 4}}"
        write(folder / "profiles.yml",
              "peer:\n  target: dev\n  outputs:\n"
              f"    dev: {database('graph.duckdb')}\n    check: {database(':memory:')}\n")
        write(folder / "seeds/numbers.csv", "n\n" + "".join(f"{n}\n" for n in range(100)))
        name = lambda kind, number: "{{ ref('numbers') }}" if kind == "raw" else "{{ ref('m%d') }}" % number
        for number in range(count):
            write(folder / f"models/m{number}.sql", query(number, name) + "\n")

    def check(self, folder: Path) -> None:
        """More than a check: every table is made, without rows, for dbt leaves columns and types to the database. In
        one in memory, so that tables with rows stay; nothing shorter finds a wrong column."""
        self.command(["--quiet", "build", "--empty", "--target", "check", "--profiles-dir", "."], folder)

    def run(self, folder: Path) -> None:
        """Every table again, whatever changed."""
        self.command(["--quiet", "build", "--profiles-dir", "."], folder)


class DbtParse(Dbt):
    name = "dbt parse"

    def check(self, folder: Path) -> None:
        """Less than a check: templates and the names in `ref` alone. The SQL between them is not read."""
        self.command(["--quiet", "parse", "--profiles-dir", "."], folder)


class SqlMesh(Tool):
    name = "sqlmesh"
    caches = (".cache",)

    def make(self, folder: Path, count: int) -> None:
        write(folder / "config.yaml",
              "gateways:\n  local:\n    connection:\n      type: duckdb\n      database: graph.duckdb\n"
              "model_defaults:\n  dialect: duckdb\n"
              "linter:\n  enabled: true\n  rules: [ambiguousorinvalidcolumn, invalidselectstarexpansion]\n")
        numbers = "select n from range(100) as t(n)"
        write(folder / "models/numbers.sql", f"MODEL (name raw.numbers, kind FULL);\n{numbers}\n")
        name = lambda kind, number: "raw.numbers" if kind == "raw" else f"marts.m{number}"
        for number in range(count):
            write(folder / f"models/m{number}.sql", f"MODEL (name marts.m{number}, kind FULL);\n{query(number, name)}\n")

    def check(self, folder: Path) -> None:
        """Less than a check: columns are resolved by the rules in `config.yaml`, which `info` does not heed; types that
        do not fit are left to the database, and so are tables that are no model."""
        self.command(["lint"], folder)

    def run(self, folder: Path) -> None:
        self.command(["plan", "--auto-apply", "--no-prompts"], folder)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    main()
