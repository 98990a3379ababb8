"""Functions in a project, run by the binary: what a run gives is what `bywash.testing` gave before."""

import importlib.util
import os
import py_compile
import sys

import bywash as bw
import pytest
from bywash import testing

SPENDING = '''\
import bywash as bw
import pyarrow as pa
import pyarrow.compute as pc


@bw.model(columns={"customer": "string", "spent": "float64", "note": "string"})
def spending(
    orders: pa.Table = bw.table("raw.orders", columns=["customer", "amount"], filter="amount > 0"),
    rate: float = bw.param("rate", 1.0),
    note: str = bw.param("note", "007"),
) -> pa.Table:
    """What customers spend."""
    print("customers are", *sorted(set(orders["customer"].to_pylist())))
    sums = orders.group_by("customer").aggregate([("amount", "sum")]).sort_by("customer")
    notes = pa.array([note] * sums.num_rows, pa.string())
    return pa.table({"note": notes, "customer": sums["customer"], "spent": pc.multiply(sums["amount_sum"], rate)})
'''


FORMS = '''\
from collections.abc import Iterator
from typing import Annotated

import bywash as bw
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc


@bw.model(columns={"id": "int64", "half": "double", "tags": "list<string>", "at": "struct<x: int64, y: string>"})
def with_pandas(orders: pd.DataFrame = bw.table("raw.orders")) -> pd.DataFrame:
    orders["half"] = orders["amount"] / 2
    orders["tags"] = [["a", None]] * len(orders)
    orders["at"] = [{"x": 1, "y": "z"}] * len(orders)
    return orders[["half", "id", "tags", "at"]]


@bw.model(columns={"customer": "string", "price": "decimal(10, 2)", "at": "timestamptz"})
def with_polars(orders: pl.DataFrame = bw.table("raw.orders", columns=["customer"], filter="id < 3")) -> pl.DataFrame:
    price = pl.lit("1.25").cast(pl.Decimal(10, 2)).alias("price")
    return orders.with_columns(price, pl.lit("2026-01-01T00:00:00").str.to_datetime(time_zone="UTC").alias("at"))


@bw.model(columns={"even": {"id": "int64"}, "odd": {"id": "int64"}})
def in_two(orders: Annotated[pa.RecordBatchReader, bw.table("raw.orders", columns=["id"])]) -> dict[str, object]:
    table = orders.read_all()
    odd = pc.equal(pc.bit_wise_and(table["id"], 1), 1)
    return {"odd": table.filter(odd).to_reader(), "even": table.filter(pc.invert(odd))}


@bw.model(columns={"n": "int"})
def batches(orders: Annotated[pa.RecordBatchReader, bw.table("raw.orders")]) -> Iterator[pa.RecordBatch]:
    for batch in orders:
        yield pa.record_batch({"n": pa.array([batch.num_rows], pa.int8())})


@bw.model(columns={"id": "int64"})
def nothing(orders: pa.Table = bw.table("raw.orders", columns=["id"], filter="id > 100")) -> pa.Table:
    return orders
'''


@pytest.fixture
def project(folder, monkeypatch):
    """A function between two models in SQL. Functions that ask for no packages run in this environment."""
    monkeypatch.setenv("BYWASH_PYTHON__INTERPRETER", sys.executable)
    (folder / "models/marts/spending.py").write_text(SPENDING)
    (folder / "models/marts/most.sql").write_text("select max(spent) as most from marts.spending\n")
    return folder


def imported(file):
    spec = importlib.util.spec_from_file_location("under_test", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_run_gives_what_a_test_gave(project, capsys):
    lake = bw.connect(project)
    run = lake.run()
    assert run["marts.spending"].rows == 2
    assert "customers are ann bob" in capsys.readouterr().err
    ran = lake.table("marts.spending").to_arrow()
    orders = lake.table("raw.orders").to_arrow()
    tested = testing.run(imported(project / "models/marts/spending.py").spending, {"orders": orders})
    assert ran.sort_by("customer").to_pylist() == tested.to_pylist()
    assert lake.sql("from marts.most").fetchall() == [(20.0,)]
    assert lake.run(progress=False)["marts.spending"].status == "reused"


def test_every_form_gives_in_a_run_what_it_gives_in_a_test(project):
    file = project / "models/forms/all.py"
    file.parent.mkdir()
    file.write_text(FORMS)
    lake = bw.connect(project)
    lake.run(progress=False)
    orders = lake.table("raw.orders").to_arrow()
    functions = [value for value in vars(imported(file)).values() if hasattr(value, "__bywash_model__")]
    tables = [table for function in functions for table in testing.run_several(function, {"orders": orders}).items()]
    assert [name for name, _ in tables] == ["with_pandas", "with_polars", "even", "odd", "batches", "nothing"]
    for name, tested in tables:
        ran = lake.table(f"forms.{name}").to_arrow()
        assert ran.to_pylist() == tested.to_pylist(), name
        assert ran.schema.types == tested.schema.types, name


def test_parameters_reach_functions_as_they_are(project):
    lake = bw.connect(project)
    lake.run(parameters={"rate": 2.0, "note": "it's 3"}, progress=False)
    assert lake.sql("select distinct spent, note from marts.spending where customer = 'ann'").fetchall() == [(21.0, "it's 3")]
    lake.run(parameters={"note": "8"}, progress=False)
    assert lake.sql("select distinct note from marts.spending").fetchall() == [("8",)]


def test_an_exception_in_a_function_shows_its_line(project):
    (project / "models/marts/spending.py").write_text(SPENDING.replace("    notes =", "    1 / 0\n    notes ="))
    with pytest.raises(bw.BywashError) as raised:
        bw.connect(project).run(progress=False)
    assert raised.value.code == "python-exception"
    assert "ZeroDivisionError" in raised.value.message
    [place] = [place for place in raised.value.places if place.path.endswith("models/marts/spending.py")]
    assert SPENDING.splitlines()[place.line - 1].strip().startswith("notes =")


def test_wrong_columns_fail_a_run_as_they_fail_a_test(project):
    file = project / "models/marts/spending.py"
    file.write_text(SPENDING.replace('"spent": "float64"', '"spent": "int64"'))
    with pytest.raises(bw.BywashError) as run:
        bw.connect(project).run(progress=False)
    with pytest.raises(bw.ColumnsError) as test:
        testing.run(imported(file).spending, {"orders": [{"customer": "ann", "amount": 1.5}]})
    assert run.value.code == test.value.code == "python-columns"
    assert "`spent` is double, not long" in test.value.message and "`spent` is double, not long" in run.value.message


def test_a_helper_is_read_as_it_is_written(project):
    """Python would take what it compiled before for the same, by its time and size."""
    helper = project / "rates.py"
    helper.write_text("RATE = 2.0\n")
    file = project / "models/marts/spending.py"
    file.write_text(SPENDING.replace("import bywash as bw\n", "import bywash as bw\nimport rates\n").replace(", rate)", ", rates.RATE)"))
    py_compile.compile(str(helper))
    before = helper.stat()
    helper.write_text("RATE = 3.0\n")
    os.utime(helper, ns=(before.st_atime_ns, before.st_mtime_ns))
    lake = bw.connect(project)
    lake.run(progress=False)
    assert lake.sql("select spent from marts.spending where customer = 'ann'").fetchall() == [(31.5,)]
