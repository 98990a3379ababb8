"""One job of one peer in a process of its own: `peers.py ENGINE JOB ARGUMENTS…` prints {"seconds": …, "note": …}.

The clock runs inside, after Python and the engine have started, so a peer's start is not held against it; the figures
of Bywash are whole processes.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import example


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# The one function of the example's models that DuckDB lacks.
INITCAP = """create macro initcap(text) as array_to_string(
    list_transform(string_split(lower(text), ' '), lambda word: upper(word[1]) || word[2:]), ' ')"""


class DuckDB:
    """Tables in a database file, as its users keep them."""

    def __init__(self):
        import duckdb

        self.duckdb = duckdb

    def unpack(self, packed: str, plain: str) -> dict:
        """The lines of a compressed file as they are."""
        columns = "columns={'line': 'varchar'}, delim='\\x01', quote='', escape='', header=false, auto_detect=false"
        written = "(format csv, header false, quote '', escape '', delimiter '\x01')"
        self.duckdb.sql(f"copy (select line from read_csv('{packed}', {columns})) to '{plain}' {written}")
        return {"seconds": 0.0}

    def load(self, file: str, database: str) -> dict:
        Path(database).unlink(missing_ok=True)

        def work():
            with self.duckdb.connect(database) as connection:
                connection.execute(f"create table flights as from read_csv('{file}', nullstr=['', 'NA'])")

        return {"seconds": seconds(work)}

    def prepare(self, database: str) -> dict:
        """The inputs of the models, which nobody times."""
        Path(database).unlink(missing_ok=True)
        with self.duckdb.connect(database) as connection:
            connection.execute(INITCAP)
            for namespace in example.NAMESPACES.split("|"):
                connection.execute(f"create schema {namespace}")
            for name, file in (example.raw_files() | example.seed_files()).items():
                connection.execute(f"create table {name} as from read_csv('{file}', nullstr=['', 'NA'])")
        return {"seconds": 0.0}

    def models(self, database: str) -> dict:
        models = example.models()

        def work():
            with self.duckdb.connect(database) as connection:
                connection.execute("set timezone = 'UTC'")
                for model in models:
                    kind = "view" if model.is_view else "table"
                    connection.execute(f"create or replace {kind} {model.name} as {model.sql}")

        return {"seconds": seconds(work)}


class Polars:
    """Frames in memory, written as Parquet, as its users keep them."""

    def __init__(self):
        import polars

        self.polars = polars

    def read(self, file: str | Path, **options):
        return self.polars.read_csv(file, null_values=["", "NA"], try_parse_dates=True, **options)

    def load(self, file: str, target: str) -> dict:
        """Types from the first 100 rows, which is what it does unless told; the others look at more."""
        return {"seconds": seconds(lambda: self.read(file).write_parquet(target))}

    def models(self, folder: str) -> dict:
        """Builds what its SQL takes; the time counts only if that is everything."""
        flat = lambda text: re.sub(rf"\b({example.NAMESPACES})\.(\w+)", r"\1__\2", text)
        context = self.polars.SQLContext(eager=True)
        for name, file in (example.raw_files() | example.seed_files()).items():
            context.register(flat(name), self.read(file, infer_schema_length=10_000))
        models = example.models()
        refused = []

        def work():
            for model in models:
                try:
                    frame = context.execute(flat(re.sub(r"--.*", "", model.sql)))
                    frame.write_parquet(Path(folder) / f"{model.name}.parquet")
                    context.register(flat(model.name), frame)
                except Exception as refusal:  # Whatever it says, it is the answer.
                    refused.append((model.name, str(refusal).splitlines()[0]))

        spent = seconds(work)
        if not refused:
            return {"seconds": spent}
        name, why = refused[0]
        return {"note": f"its SQL refuses {len(refused)} of {len(models)} models, first {name}: {why[:60]}"}


def main() -> None:
    engine, job, *arguments = sys.argv[1:]
    peer = {"duckdb": DuckDB, "polars": Polars}[engine]()
    print(json.dumps(getattr(peer, job)(*arguments)))


if __name__ == "__main__":
    main()
