"""How the lake grows: many tables, many commits, many files, many rows. `make bench` prints it after the peers.

Nobody else does these jobs in the same way, so there is no ratio. The sizes can be made smaller: `--scale 0.01`.
"""

from __future__ import annotations

import resource
import subprocess
import time
from pathlib import Path

import choice


def main() -> None:
    choices = choice.read(__doc__, choice.BYWASH, scale={"type": float, "default": 1.0})
    lake = Lake(choices.bywash, choices.scratch)
    sized = lambda number: max(int(number * choices.scale), 10)
    for job in (many_tables, many_commits, many_files, many_rows):
        for what, figure in job(lake, sized):
            print(f"{what:64}{figure:>16}", flush=True)


class Lake:
    """Projects in one scratch folder, and the binary."""

    def __init__(self, bywash: str, scratch: Path):
        self.bywash = bywash
        self.scratch = scratch

    def new(self, name: str) -> Path:
        folder = self.scratch / name
        self.run(self.scratch, "init", str(folder), "--template", "empty")
        return folder

    def run(self, folder: Path, *words: str, script: str | None = None) -> float:
        """Seconds from start to end; a script goes to the shell's standard input."""
        began = time.perf_counter()
        done = subprocess.run([self.bywash, "-C", str(folder), "-q", *words], input=script, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise SystemExit(f"bywash {' '.join(words)[:200]}\n{done.stderr}")
        return time.perf_counter() - began


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1_000:,.0f} ms"


def many_tables(lake: Lake, sized):
    count = sized(10_000)
    folder = lake.new("tables")
    lake.run(folder, "query", script="".join(f"create table raw.t{n} as select {n} as id;\n" for n in range(count)))
    idle = lake.run(folder, "--version")
    yield f"branch create, {count:,} tables (start-up {milliseconds(idle)})", milliseconds(
        lake.run(folder, "branch", "create", "dev"))
    lake.run(folder, "query", "--ref", "dev", "insert into raw.t1 values (1)")
    lake.run(folder, "query", "insert into raw.t2 values (2)")
    yield f"merge of one changed table, {count:,} tables", milliseconds(lake.run(folder, "merge", "dev"))
    changed = sized(1_000)
    script = "".join(f"insert into raw.t{n} values (0);\n" for n in range(changed))
    lake.run(folder, "query", "--ref", "dev", script=script)
    yield f"merge of {changed:,} changed tables, {count:,} tables", milliseconds(lake.run(folder, "merge", "dev"))


def many_commits(lake: Lake, sized):
    count = sized(500)
    for tables, processes in ((1, 1), (count, 1), (8, 8)):
        folder = lake.new(f"commits-{tables}-{processes}")
        names = [f"raw.t{n}" for n in range(tables)]
        lake.run(folder, "query", script="".join(f"create table {name} (id bigint);\n" for name in names))
        each = count // processes
        scripts = [folder / f"{n}.sql" for n in range(processes)]
        for number, script in enumerate(scripts):
            script.write_text("".join(f"insert into {names[(number + n) % tables if processes == 1 else number]} "
                                      f"values ({n});\n" for n in range(each)))
        began = time.perf_counter()
        running = [subprocess.Popen([lake.bywash, "-C", str(folder), "-q", "query"], stdin=script.open(),
                                    stdout=subprocess.DEVNULL) for script in scripts]
        if any([process.wait() for process in running]):
            raise SystemExit("a commit failed")
        rate = each * processes / (time.perf_counter() - began)
        yield f"commits a second, {tables:,} table(s), {processes} process(es)", f"{rate:,.0f}"


def many_files(lake: Lake, sized):
    count = sized(100_000)
    folder = lake.new("files")
    lake.run(folder, "query", f"create table raw.t partition by (part) as select value as part, value * 2 as v "
                              f"from generate_series(1, {count})")
    for what, where in (("one of", f"part = {count // 2}"), ("half of", f"part > {count // 2}")):
        seconds = lake.run(folder, "query", f"explain select v from raw.t where {where}")
        yield f"plan a scan of {what} {count:,} data files", milliseconds(seconds)


def many_rows(lake: Lake, sized):
    count = sized(100_000_000)
    folder = lake.new("rows")
    (folder / "bywash.toml").write_text('[project]\nname = "rows"\n\n[engine]\nmemory_limit = "2GB"\n')
    lake.run(folder, "query", f"create table raw.one as select value as id, value * 7 % 1000 as v "
                              f"from generate_series(1, {count})")
    lake.run(folder, "query", "create table raw.two as select id, case when id % 1000000 = 0 then -1 else v end as v "
                              "from raw.one")
    seconds = lake.run(folder, "diff", "raw.one", "raw.two", "--key", "id", "--limit", "5")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1_024 / 1e9
    yield f"diff of {count:,} rows by key under 2 GB", f"{seconds:,.1f} s"
    yield "the most memory that any of these processes took", f"{peak:.1f} GB"


if __name__ == "__main__":
    main()
