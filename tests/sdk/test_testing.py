"""`bywash.testing` gives what a run would: columns, filters, forms, parameters and the declared types."""

from typing import Annotated

import bywash as bw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from bywash import testing

FLIGHTS = [
    {"carrier": "AA", "delay": 45, "year": 2013},
    {"carrier": "AA", "delay": None, "year": 2013},
    {"carrier": "UA", "delay": 3, "year": 2013},
    {"carrier": "UA", "delay": 90, "year": 2012},
]


@bw.model(columns={"carrier": "string", "late": "float64"})
def lateness(
    flights=bw.table("raw.flights", columns=["carrier", "delay"], filter="delay is not null and year = 2013"),
    least=bw.param("least", 30),
):
    assert flights.column_names == ["carrier", "delay"]
    late = [float(delay >= least) for delay in flights["delay"].to_pylist()]
    return pa.table({"carrier": flights["carrier"], "late": late})


@pytest.mark.parametrize(
    "given", [FLIGHTS, pa.Table.from_pylist(FLIGHTS), pl.DataFrame(FLIGHTS), pd.DataFrame(FLIGHTS)], ids=type
)
def test_columns_filter_and_parameters_apply(given):
    late = testing.run(lateness, {"flights": given})
    assert late.to_pylist() == [{"carrier": "AA", "late": 1.0}, {"carrier": "UA", "late": 0.0}]
    assert testing.run(lateness, {"flights": given}, {"least": 50})["late"].to_pylist() == [0.0, 0.0]


def test_a_filter_changes_neither_order_nor_types():
    kinds = pa.schema([("n", pa.int8()), ("s", pa.string()), ("t", pa.timestamp("ns"))])
    rows = pa.table({"n": range(100), "s": ["a", "b"] * 50, "t": range(100)}, schema=kinds)

    @bw.model()
    def same(rows=bw.table("raw.rows", filter="n % 3 = 0 -- every third")):
        return rows

    kept = testing.run(same, {"rows": rows})
    assert kept.schema == kinds
    assert kept["n"].to_pylist() == list(range(0, 100, 3))


def test_inputs_arrive_as_annotated():
    seen = []

    @bw.model(columns={"n": "int64"})
    def counted(
        b: Annotated[pa.RecordBatchReader, bw.table("raw.b")],
        a: pa.Table = bw.table("raw.a"),
        c: pd.DataFrame = bw.table("raw.c"),
        d: pl.DataFrame = bw.table("raw.d"),
    ):
        seen.extend([a, b, c, d])
        yield pa.record_batch({"n": [len(list(b))]})

    testing.run(counted, {name: [{"x": 1}] for name in "abcd"})
    assert [type(value) for value in seen] == [pa.Table, pa.RecordBatchReader, pd.DataFrame, pl.DataFrame]


def test_a_result_is_checked_as_in_a_run():
    @bw.model(columns={"n": "int64"})
    def wrong(rows=bw.table("raw.a")):
        return rows

    with pytest.raises(bw.ColumnsError, match="`n` is string, not long"):
        testing.run(wrong, {"rows": [{"n": "1"}]})


def test_several_tables():
    @bw.model(columns={"even": {"n": "int64"}, "odd": {"n": "int64"}})
    def split(rows=bw.table("raw.a")):
        numbers = rows["n"].to_pylist()
        return {name: pa.table({"n": [n for n in numbers if n % 2 == rest]}) for rest, name in enumerate(["even", "odd"])}

    tables = testing.run_several(split, {"rows": [{"n": n} for n in range(5)]})
    assert {name: table["n"].to_pylist() for name, table in tables.items()} == {"even": [0, 2, 4], "odd": [1, 3]}
    with pytest.raises(TypeError, match="run_several"):
        testing.run(split, {"rows": [{"n": 1}]})


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: testing.run(print), TypeError, "has no `@bw.model`"),
        (lambda: testing.run(lateness), TypeError, "reads the tables `flights`; the test gives none"),
        (lambda: testing.run(lateness, {"flight": []}), TypeError, "the test gives `flight`"),
        (lambda: testing.run(lateness, {"flights": FLIGHTS}, {"most": 1}), TypeError, "no parameter `most`"),
        (lambda: testing.run(lateness, {"flights": 7}), TypeError, "a list of dictionaries, not 7"),
        (lambda: testing.run(lateness, {"flights": [{"carrier": "AA"}]}), bw.ColumnsError, "lack `delay`"),
        (lambda: testing.run(lateness, {"flights": [{"carrier": "AA", "delay": 1}]}), bw.BywashError, "no column `year`"),
    ],
)
def test_wrong_tests_say_so(call, error, said):
    with pytest.raises(error) as raised:
        call()
    assert said in str(raised.value)
