"""Bywash beside DuckDB and Polars: the same files, one machine, one run. `make bench` prints the table.

Every figure is the median of several rounds; in a round everybody does the job once, in turn, so that a slow minute
of the machine is shared. A ratio is Bywash's time through the peer's: below 1 Bywash is faster.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import choice
import example

HERE = Path(__file__).resolve().parent


def main() -> None:
    choices = choice.read(__doc__, choice.BYWASH, rounds={"type": int, "default": 5})
    bench = Bench(choices.bywash, choices.scratch, choices.rounds)
    print(bench.heading())
    print(f"{'seconds':44}{'Bywash':>9}{'DuckDB':>9}{'ratio':>8}{'Polars':>9}{'ratio':>8}")
    notes: list[str] = []
    for job in bench.jobs():
        print(bench.row(job, notes), flush=True)
    print("\n" + "\n".join(dict.fromkeys(notes)))


class Bench:
    """The jobs, each a name, what Bywash does, and what each peer does (`None`: it has nothing like it)."""

    def __init__(self, bywash: str, scratch: Path, rounds: int):
        self.bywash = bywash
        self.scratch = scratch
        self.rounds = rounds
        self.plain_csv = scratch / "flights.csv"
        self.packed_csv = example.raw_files()["raw.flights"]
        self.project = scratch / "project"
        self.database = scratch / "models.duckdb"

    def heading(self) -> str:
        version = subprocess.run([self.bywash, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        peers = ", ".join(f"{name} {importlib.metadata.version(name.lower())}" for name in ("DuckDB", "Polars"))
        machine = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
        return f"{version}, {peers}; {machine}; medians of {self.rounds} rounds\n"

    def jobs(self):
        self.prepare()
        script = lambda text: [sys.executable, "-c", text]
        duckdb_start = script("import duckdb; duckdb.sql('select 1').fetchall()")
        polars_start = script("import polars; polars.select(1)")
        yield ("start-up (`bywash --version`) ¹", self.whole([self.bywash, "--version"]),
               self.whole(duckdb_start), self.whole(polars_start))
        yield ('start-up and one query (`select 1`) ¹', self.whole([self.bywash, "query", "select 1"]),
               self.whole(duckdb_start), self.whole(polars_start))
        for name, file in [("flights.csv, 31 MB", self.plain_csv), ("flights.csv.zst, 5 MB", self.packed_csv)]:
            yield (f"load {name} ²", lambda file=file: self.bywash_load(file),
                   self.peer("duckdb", "load", file, self.scratch / "load.duckdb"),
                   self.peer("polars", "load", file, self.scratch / "load.parquet"))
        yield ("the example's models ³", self.bywash_models,
               self.peer("duckdb", "models", self.database), self.peer("polars", "models", self.scratch))
        yield ("a run with nothing to do ⁴", self.whole([self.bywash, "-C", str(self.project), "run"]), None, None)

    def prepare(self) -> None:
        self.peer("duckdb", "unpack", self.packed_csv, self.plain_csv)()
        self.peer("duckdb", "prepare", self.database)()
        self.run([self.bywash, "init", str(self.project), "--template", "flights"])
        self.run([self.bywash, "-C", str(self.project), "run"])

    def row(self, job, notes: list[str]) -> str:
        name, *contestants = job
        samples: list[list[float]] = [[] for _ in contestants]
        refusals: list[str | None] = [None for _ in contestants]
        # The first round only warms caches.
        for round_number in range(self.rounds + 1):
            for index, work in enumerate(contestants):
                if work is None or refusals[index]:
                    continue
                result = work()
                refusals[index] = result.get("note")
                if round_number and "seconds" in result:
                    samples[index].append(result["seconds"])
        ours, *theirs = [statistics.median(times) if times else None for times in samples]
        cells = [f"{name:44}", f"{ours:9.3f}"]
        for peer, refusal, figure in zip(("DuckDB", "Polars"), refusals[1:], theirs):
            if refusal:
                notes.append(f"n/a: {peer}: {refusal}")
            cells.append(f"{figure:9.3f}{ours / figure:8.2f}" if figure else f"{'n/a':>9}{'':8}")
        notes.extend(note for mark, note in NOTES.items() if mark in name)
        return "".join(cells).rstrip()

    def whole(self, command: list[str]):
        """A whole process, from its start to its end."""
        return lambda: {"seconds": self.run(command)}

    def peer(self, engine: str, job: str, *arguments):
        command = [sys.executable, str(HERE / "peers.py"), engine, job, *map(str, arguments)]

        def work() -> dict:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{engine} {job} failed:\n{done.stderr}")
            return json.loads(done.stdout)

        return work

    def bywash_load(self, file: Path) -> dict:
        """A load into a new lake: every file durable, one commit."""
        project = self.scratch / "load"
        shutil.rmtree(project, ignore_errors=True)
        (project / "sources").mkdir(parents=True)
        (project / "bywash.toml").write_text('[project]\nname = "load"\n')
        (project / "sources" / "raw.yml").write_text(
            f'name: raw\ntype: files\nresources:\n  - name: flights\n    path: {file}\n    null_values: ["", "NA"]\n'
        )
        return {"seconds": self.run([self.bywash, "-C", str(project), "load"])}

    def bywash_models(self) -> dict:
        """Every model anew, tested and published; loads and seeds are there already."""
        return {"seconds": self.run([self.bywash, "-C", str(self.project), "run", "--full-refresh", "-s", "path:models"])}

    def run(self, command: list[str]) -> float:
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        spent = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}")
        return spent


NOTES = {
    "¹": "¹ whole processes; a peer's is Python that imports it and runs `select 1`, as its scripts do",
    "²": "² into a new lake, table or Parquet file, types found by each; from here on a peer's clock starts when it is up,\n"
         "  Bywash's at the start of its process, and Bywash's time holds fsync, statistics and the commit",
    "³": "³ the same SQL for everybody; Bywash also runs the project's tests and publishes in one commit",
    "⁴": "⁴ the peers have nothing like it: their script would build everything again",
}


if __name__ == "__main__":
    main()
