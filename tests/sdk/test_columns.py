"""What a function may return, and what it may not: the rules that a run and a test share."""

import datetime
import re
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from bywash import ColumnsError
from bywash._columns import checked, outputs_of
from bywash._types import _DECIMALS, _TYPES, name_of, schema_of, type_of
from places import ROOT

SCHEMA = schema_of({"name": "string", "count": "int64"})


def published(result: object, schema: pa.Schema = SCHEMA) -> pa.Table:
    return pa.Table.from_batches(checked(result, schema, "marts.x"), schema)


def refused(result: object, schema: pa.Schema = SCHEMA) -> str:
    with pytest.raises(ColumnsError) as raised:
        published(result, schema)
    assert raised.value.code == "python-columns"
    return raised.value.message


ROWS = {"name": ["a", None], "count": [1, 2]}
EXPECTED = pa.table(ROWS, schema=SCHEMA)


def batches():
    yield pa.record_batch({"name": ["a"], "count": [1]})
    yield pa.record_batch({"name": pa.array([None], pa.string()), "count": [2]})


@pytest.mark.parametrize(
    "result",
    [
        lambda: EXPECTED,
        lambda: EXPECTED.to_reader(),
        lambda: EXPECTED.to_batches()[0],
        lambda: batches(),
        lambda: (pa.table(batch) for batch in [pa.table({"name": ["a"], "count": [1]}), EXPECTED.slice(1)]),
        lambda: pd.DataFrame(ROWS, index=[7, 8]),
        lambda: pl.DataFrame(ROWS),
        lambda: EXPECTED.select(["count", "name"]),
        lambda: pa.table({"name": pa.array(ROWS["name"], pa.large_string()), "count": pa.array([1, 2], pa.int8())}),
        lambda: pa.table({"name": pa.array(ROWS["name"], pa.string_view()), "count": pa.array([1, 2], pa.uint32())}),
        lambda: pa.table({"name": pa.array(ROWS["name"]).dictionary_encode(), "count": [1, 2]}),
    ],
)
def test_tables_in_any_form_are_published_as_declared(result):
    assert published(result()).equals(EXPECTED)


def test_no_rows_still_have_columns():
    assert published(EXPECTED.slice(0, 0)).equals(EXPECTED.slice(0, 0))
    assert published(iter([])).num_rows == 0
    assert "lacks `count`" in refused(pa.table({"name": pa.array([], pa.string())}))


def test_a_column_of_nulls_has_any_type():
    assert published(pa.table({"name": pa.nulls(2), "count": [1, 2]})).column("name").null_count == 2


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda: None, "returned nothing, which is no table"),
        (lambda: [{"name": "a", "count": 1}], "returned a `list`, which is no table"),
        (lambda: pa.chunked_array([[1]]), "that Arrow cannot read"),
        (lambda: pl.LazyFrame(ROWS), "which is no table"),
        (lambda: pd.DataFrame({"name": ["a", 1], "count": [1, 2]}), "that Arrow cannot read"),
        (lambda: EXPECTED.append_column("more", [[1, 2]]), "has `more` besides"),
        (lambda: EXPECTED.drop(["count"]), "lacks `count`"),
        (lambda: EXPECTED.rename_columns(["name", "name"]), "has `name` more than once"),
        (lambda: pa.table({"name": [1], "count": ["x"]}), "`name` is long, not string; `count` is string, not long"),
        (lambda: pa.table({"name": ["a"], "count": [1.0]}), "`count` is double, not long"),
        (lambda: iter([EXPECTED, pa.table({"name": ["a"]})]), "lacks `count`"),
        (lambda: iter([1]), "returned a `int`, which is no table"),
    ],
)
def test_what_is_not_declared_is_refused(result, said):
    assert said in refused(result())


def test_a_value_that_does_not_fit_is_named_with_its_row():
    schema = schema_of({"at": "timestamp", "price": "decimal(4, 2)"})
    good = {"at": pa.array([1000, 2000, 3000], pa.timestamp("ns")), "price": [Decimal("1.5")] * 3}
    assert published(pa.table(good), schema).column("at")[0].as_py() == datetime.datetime(1970, 1, 1, 0, 0, 0, 1)
    message = refused(pa.table({**good, "at": pa.array([1000, 2000, 3001], pa.timestamp("ns"))}), schema)
    assert "a value of `at` in row 3 of `marts.x` does not fit timestamp" in message
    message = refused(pa.table({**good, "price": [Decimal("1.5"), Decimal("123.4"), None]}), schema)
    assert "a value of `price` in row 2" in message


def test_a_reader_that_fails_half_way_raises_its_own_error():
    def half():
        yield EXPECTED
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        published(half())


def test_several_tables_come_in_a_dictionary_of_their_names():
    assert outputs_of({"b": 2, "a": 1}, ["a", "b"], several=True) == {"a": 1, "b": 2}
    assert outputs_of(7, ["a"], several=False) == {"a": 7}
    for wrong in (7, {"a": 1}, {"a": 1, "b": 2, "c": 3}):
        with pytest.raises(ColumnsError):
            outputs_of(wrong, ["a", "b"], several=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("string", pa.string()),
        ("VARCHAR(20)", pa.string()),
        ("int64", pa.int64()),
        ("decimal(10,2)", pa.decimal128(10, 2)),
        ("numeric( 5 )", pa.decimal128(5, 0)),
        ("decimal", pa.decimal128(38, 9)),
        ("double precision", pa.float64()),
        ("timestamp(6) with time zone", pa.timestamp("us", "UTC")),
        ("list<decimal(3, 1)>", pa.list_(pa.decimal128(3, 1))),
        ("struct<a: int64, b: list<struct<c: string>>>",
         pa.struct([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.string())])))])),
    ],
)
def test_types_are_read_and_written_back(text, kind):
    assert type_of(text) == kind
    assert type_of(name_of(kind)) == kind


@pytest.mark.parametrize("text", ["", "strin", "decimal(39)", "decimal(2, 3)", "list<>", "struct<a>", "list<int64"])
def test_what_is_no_type_is_refused(text):
    with pytest.raises(TypeError, match="is not a type"):
        type_of(text)


def test_both_sides_know_the_same_words():
    """The list of the binary, from its source: a word that only one side knows would pass a test and fail a run."""
    source = next(ROOT.glob("crates/*/src/**/type_name.rs")).read_text()
    body = source[source.index("fn plain(") : source.index("_ => return None")]
    words = {word.replace(" ", "_") for word in re.findall(r'"([a-z0-9_ ]+)"', body)}
    assert words == set(_TYPES)
    assert set(re.findall(r'"(\w+)"', re.search(r'\n +((?:"\w+" \| )+"\w+") => Self::decimal', source)[1])) == set(_DECIMALS)
