"""How soon a function begins with its rows, and how: Bywash beside Prefect, Dagster in-process and a plain pickle.

    bench/python.py --handover target/release/examples/handover --scratch /tmp/bench

Each time is that from complete rows to the first line of the function, everything warm, the median of several rounds.
Bywash starts a bound process for every call and hands rows over by memory map; Prefect and Dagster call the function in
their own process, by reference; the pickle goes to a process that waits for it. Sizes are in megabytes.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import choice
import pyarrow as pa

# Beyond this, a round of pickles takes minutes.
MOST_FOR_COPIES = 100


def main() -> None:
    choices = choice.read(
        __doc__,
        ("handover", "the example of crates/python"),
        sizes={"type": int, "nargs": "+", "default": [10, 100, 1_000, 10_000]},
        rounds={"type": int, "default": 7},
    )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("prefect", "dagster", "pyarrow"))
    print(f"from rows to a function's first line, in ms; {versions}\n")
    print(f"{'megabytes':>10}{'Bywash':>10}{'Prefect':>10}{'Dagster':>10}{'pickle':>10}    of Bywash: decode, return, validate")
    peers = [peer(choices.scratch) for peer in (prefect, dagster, pickled)]
    for size in choices.sizes:
        ours = bywash(choices.handover, choices.scratch, size)
        theirs = ["-"] * len(peers)
        if size <= MOST_FOR_COPIES:
            rows = table(size)
            theirs = [f"{statistics.median(peer(rows) for _ in range(choices.rounds)) * 1_000:.1f}" for peer in peers]
        parts = ", ".join(str(ours.get(part, "-")) for part in ("decode_ms", "return_ms", "validate_ms"))
        print(f"{size:>10}{ours['first_line_ms']:>10}" + "".join(f"{each:>10}" for each in theirs) + f"    {parts}", flush=True)


def bywash(program: str, scratch: Path, size: int) -> dict[str, float]:
    words = [program, sys.executable, str(scratch / "bywash"), str(size)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def table(megabytes: int) -> pa.Table:
    column = pa.array(range(16_384), pa.int64())
    batch = pa.record_batch({f"c{n}": column for n in range(8)})
    # Its own memory: batches that share it would be pickled once.
    return pa.Table.from_batches([batch] * megabytes).combine_chunks()


def prefect(scratch: Path) -> Callable[[pa.Table], float]:
    os.environ.update(
        PREFECT_HOME=str(scratch / "prefect"),
        PREFECT_LOGGING_LEVEL="CRITICAL",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="180",
        DO_NOT_TRACK="1",
    )
    from prefect import flow, task
    from prefect.cache_policies import NO_CACHE

    @task(cache_policy=NO_CACHE)
    def first(rows: pa.Table) -> float:
        return time.perf_counter()

    @flow
    def call(rows: pa.Table) -> float:
        first(rows)
        begin = time.perf_counter()
        return first(rows) - begin

    return call


def dagster(scratch: Path) -> Callable[[pa.Table], float]:
    home = scratch / "dagster"
    home.mkdir()
    # There is no variable for it.
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    os.environ["DAGSTER_HOME"] = str(home)
    from dagster import job, op

    given: list[pa.Table] = []
    times: list[float] = []

    @op
    def load():
        times.append(time.perf_counter())
        return given[-1]

    @op
    def first(rows) -> None:
        times.append(time.perf_counter())

    @job
    def graph():
        first(load())

    def call(rows: pa.Table) -> float:
        given[:] = [rows]
        graph.execute_in_process(run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}})
        return times[-1] - times[-2]

    return call


def pickled(scratch: Path) -> Callable[[pa.Table], float]:
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=answer, args=(theirs,), daemon=True).start()

    def call(rows: pa.Table) -> float:
        begin = time.perf_counter()
        ours.send(rows)
        return ours.recv() - begin

    call(pa.table({"warm": [1]}))
    return call


def answer(pipe) -> None:
    with contextlib.suppress(EOFError):
        while True:
            pipe.recv()
            # One clock for every process of the machine.
            pipe.send(time.perf_counter())


if __name__ == "__main__":
    main()
