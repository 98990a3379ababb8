"""A project from Python: queries as Arrow, runs, branches, and errors with their code, places and hints."""

import datetime
import os
import signal
import subprocess
import sys
import textwrap
import time
from decimal import Decimal
from pathlib import Path

import bywash as bw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest


def test_rows_come_in_every_form(lake):
    rows = lake.sql("from raw.orders order by id")
    assert rows.columns == ["id", "customer", "amount", "day"]
    table = rows.to_arrow()
    assert table.schema.field("id").type == pa.int64()
    assert table.schema.field("day").type == pa.date32()
    assert rows.to_arrow() is table, "rows are kept"
    assert rows.fetchall()[0] == (1, "ann", 10.5, datetime.date(2026, 1, 1))
    assert rows.fetchone() == rows.fetchall()[0]
    assert rows.to_pylist()[2] == {"id": 3, "customer": "ann", "amount": None, "day": datetime.date(2026, 1, 3)}
    assert isinstance(rows.to_pandas(), pd.DataFrame) and len(rows.to_pandas()) == 3
    assert isinstance(rows.to_polars(), pl.DataFrame) and rows.to_polars()["amount"].sum() == 30.5
    assert [row[0] for row in rows] == [1, 2, 3]
    assert len(rows) == 3


def test_no_rows_have_columns(lake):
    rows = lake.sql("select id, customer from raw.orders where id > 5")
    assert rows.fetchone() is None
    assert rows.to_arrow().schema.names == ["id", "customer"]
    assert len(rows) == 0


def test_other_libraries_take_the_stream(lake):
    assert pl.DataFrame(lake.sql("from raw.orders")).height == 3
    assert pa.table(lake.sql("from raw.orders")).num_rows == 3
    assert sum(batch.num_rows for batch in lake.sql("from raw.orders").reader()) == 3


def test_a_stream_is_given_once(lake):
    rows = lake.sql("from raw.orders")
    repr(rows)
    assert rows.reader().read_all().num_rows == 3, "rows that were shown are still given"
    with pytest.raises(bw.BywashError, match="given away already"):
        rows.to_arrow()
    kept = lake.sql("from raw.orders")
    kept.to_arrow()
    assert kept.reader().read_all().num_rows == kept.reader().read_all().num_rows == 3


def test_parameters_keep_their_type(lake):
    given = {
        "text": "007",
        "quote": "it's",
        "digits": "3",
        "word": "null",
        "whole": 3,
        "small": 1e-7,
        "exact": Decimal("1.50"),
        "yes": True,
        "none": None,
        "day": datetime.date(2026, 1, 2),
    }
    query = ", ".join(f"${name} as {name}" for name in given)
    [row] = lake.sql(f"select {query}", **given).to_pylist()
    texts = {name: row[name] for name in ("text", "quote", "digits", "word")}
    assert texts == {"text": "007", "quote": "it's", "digits": "3", "word": "null"}
    assert (row["whole"], row["yes"], row["none"], row["day"]) == (3, True, None, "2026-01-02")
    assert float(row["small"]) == 1e-7 and float(row["exact"]) == 1.5
    assert lake.sql("select id from raw.orders where day = $day", day=given["day"]).fetchall() == [(2,)]
    with pytest.raises(TypeError, match="the parameter `x` cannot be"):
        lake.sql("select $x", x=[1])


def test_a_statement_is_carried_out_at_once_and_says_what_it_did(lake):
    done = lake.sql("create table notes.x as select 1 as a")
    assert "created `notes.x` with 1 row" in repr(done)
    assert done.to_arrow().num_rows == 0
    assert lake.sql("from notes.x").fetchall() == [(1,)]


def test_errors_tell_code_place_and_hint(lake):
    with pytest.raises(bw.BywashError) as raised:
        lake.sql("select id,\n  custmer from raw.orders")
    error = raised.value
    assert error.code == "unknown-column"
    assert (error.places[0].line, error.places[0].column) == (2, 3)
    assert error.hints
    assert str(error).startswith("[unknown-column] there is no column `custmer`\n  at <query>:2:3")


def test_an_error_between_rows_is_raised_when_rows_are_read(lake):
    # Rows of the first batches are good.
    query = "select 10 / (a.value - 900000) as x from generate_series(1, 1000000) as a"
    with pytest.raises(bw.BywashError) as raised:
        lake.sql(query).to_arrow()
    assert raised.value.code == "query-failed"
    with pytest.raises(Exception, match="divided by zero"):
        pl.DataFrame(lake.sql(query))


def test_two_queries_in_one_are_refused(lake):
    with pytest.raises(bw.BywashError, match="several queries"):
        lake.sql("select 1; select 2").to_arrow()


def test_a_run_reports_its_nodes(folder):
    lake = bw.connect(folder)
    run = lake.run(progress=False)
    assert (run.status, run.target) == ("published", "main")
    assert {node.name: node.status for node in run} == {"raw.orders": "ran", "marts.customers": "ran"}
    assert run["marts.customers"].rows == 2
    assert repr(run).startswith("<run published on main: 2 ran, 0 reused, commit ")
    again = lake.run("marts.customers", progress=False)
    assert again["marts.customers"].status == "reused"
    assert lake.run(full_refresh=True, progress=False)["marts.customers"].status == "ran"


def test_a_run_that_fails_raises_with_its_report(folder):
    (folder / "models/marts/broken.sql").write_text("select 1 / 0 as a\n")
    with pytest.raises(bw.BywashError) as raised:
        bw.connect(folder).run(progress=False)
    assert raised.value.code == "query-failed"
    assert raised.value.places[0].path.endswith("models/marts/broken.sql")
    statuses = {node["name"]: node["status"] for node in raised.value.report["nodes"]}
    assert statuses["marts.broken"] == "failed"


def test_several_problems_are_told_together(folder):
    (folder / "models/marts/one.sql").write_text("from raw.none\n")
    (folder / "models/marts/two.sql").write_text("from raw.nothing\n")
    with pytest.raises(bw.BywashError) as raised:
        bw.connect(folder).run(progress=False)
    assert [problem.places[0].path[-7:] for problem in raised.value.problems] == ["one.sql", "two.sql"]
    assert "raw.none" in str(raised.value) and "raw.nothing" in str(raised.value)


def test_a_run_shows_what_it_does(folder, capsys):
    bw.connect(folder).run()
    shown = capsys.readouterr()
    assert "marts.customers" in shown.err and not shown.out


def test_branches_are_lakes(lake):
    dev = lake.branch("dev")
    assert lake.branches() == ["dev", "main"]
    assert lake.branch("dev").ref == "dev", "one that exists is taken as it is"
    dev.sql("create table notes.x as select 1 as a")
    assert dev.sql("from notes.x").fetchall() == [(1,)]
    with pytest.raises(bw.BywashError, match="no table `notes.x`"):
        lake.sql("from notes.x")
    assert [row["table"] for row in lake.diff(dev).to_pylist()] == ["notes.x"]
    deeper = dev.branch("deeper")
    assert deeper.table("notes.x").fetchall() == [(1,)], "a branch begins where it was made"
    merged = lake.merge(dev, progress=False)
    assert merged is not None and merged.target == "main"
    assert lake.merge("dev", progress=False) is None
    assert "notes.x" in [row["name"] for row in lake.tables().to_pylist()]
    assert lake.log().to_pylist()[0]["message"] == "merge dev into main"
    with pytest.raises(bw.BywashError) as raised:
        lake.branch("no good")
    assert raised.value.code == "invalid-name"


def test_files_are_asked_without_a_project(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,x\n2,y\n")
    assert bw.connect(tmp_path).sql("from 'x.csv' where a > 1").fetchall() == [(2, "y")]
    with pytest.raises(bw.BywashError, match="there is no folder"):
        bw.connect(tmp_path / "nowhere")


def test_rows_are_shown(lake):
    rows = lake.sql("select id, customer, amount from raw.orders order by id")
    assert repr(rows).splitlines() == [
        "id  customer  amount",
        "──  ────────  ──────",
        " 1  ann         10.5",
        " 2  bob         20.0",
        " 3  ann",
        "3 rows",
    ]
    html = lake.sql("select '<b>' as tag, 1 as n")._repr_html_()
    assert "&lt;b&gt;" in html and "1 row<" in html
    many = lake.sql("select * from generate_series(1, 1000)")
    assert repr(many).endswith("the first 20 rows")
    assert len(many) == 1000


ENDLESS = "select a.value from generate_series(1, 1000000000) a, generate_series(1, 1000) b where a.value % 7 = b.value"


def children(process: int) -> list[str]:
    """The processes that one has started and not yet seen end."""
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def test_rows_that_nobody_wants_end_their_process(lake):
    before = children(os.getpid())
    rows = lake.sql("select * from generate_series(1, 1000000000)")
    assert rows.fetchone() is not None
    assert len(children(os.getpid())) == len(before) + 1
    rows.close()
    rows = lake.sql("select * from generate_series(1, 1000000000)")
    del rows
    assert children(os.getpid()) == before


def test_ctrl_c_ends_the_query(lake):
    script = f"""
        import sys
        sys.path[:0] = {sys.path!r}
        import bywash as bw
        lake = bw.connect({str(lake.folder)!r})
        print("begun", flush=True)
        try:
            lake.sql({ENDLESS.replace("select a.value", "select count(*)")!r})
        except KeyboardInterrupt:
            print("stopped", flush=True)
    """
    caller = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout.readline() == "begun\n"
    while not (started := children(caller.pid)):
        time.sleep(0.05)
    time.sleep(0.5)
    caller.send_signal(signal.SIGINT)
    assert caller.stdout.read() == "stopped\n"
    caller.wait()
    assert not any(Path(f"/proc/{child}").exists() for child in started)


def test_the_binary_is_found_or_missed_clearly(monkeypatch, tmp_path):
    from bywash._binary import binary

    monkeypatch.setenv("BYWASH_BIN", str(tmp_path / "none"))
    with pytest.raises(bw.BywashError, match="which is no program"):
        binary()
    monkeypatch.delenv("BYWASH_BIN")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bw.BywashError, match="neither beside this package nor on the path"):
        binary()
    program = tmp_path / "bywash"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert binary() == str(program)
