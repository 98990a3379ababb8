"""Rule T10 for partitioned tables: every transform on every type it takes, with nulls.

PyIceberg computes each transform itself, so it also judges where our writer put a row, and its bounds say whether ours
hold (rule T8).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

import pyarrow.parquet
import pytest
import truth
from others import duckdb_rows, pyiceberg_rows, pyiceberg_table
from project import Project
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import EqualTo, GreaterThanOrEqual, IsNull, LessThan
from pyiceberg.table import StaticTable
from pyiceberg.types import PrimitiveType
from truth import COLUMNS, assert_same

TRANSFORMS = {
    "{}": ["flag", "small", "day", "price"],
    "bucket(5, {})": ["id", "small", "price", "amount", "day", "clock", "moment", "instant", "name"],
    # 8 divides the least int: what engines do where truncating would overflow differs.
    "truncate(8, {})": ["id", "small", "price", "name"],
    "year({})": ["day", "moment", "instant"],
    "month({})": ["day", "moment", "instant"],
    "day({})": ["day", "moment", "instant"],
    "hour({})": ["moment", "instant"],
}
CASES = [(transform.format(column), column) for transform, columns in TRANSFORMS.items() for column in columns]
# Some pile rows into few partitions, others give nearly every row one of its own.
ROWS = 200


def model_name(transform: str) -> str:
    return "by_" + "".join(letter if letter.isalnum() else "_" for letter in transform)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Every partitioned table, built by one run; returns the project and the rows."""
    project = Project(tmp_path_factory.mktemp("partitions"))
    rows = truth.rows(ROWS, seed=11)
    declared = "".join(f"      {name}: {kind}\n" for name, (kind, _) in COLUMNS.items())
    project.write(
        "sources/raw.yml",
        f"name: raw\ntype: files\nresources:\n  - name: things\n    path: data/*.jsonl\n    columns:\n{declared}",
    )
    project.write_rows("data/things.jsonl", rows, as_json=truth.line)
    for transform, _ in CASES:
        front = f'-- ---\n-- partition_by: ["{transform}"]\n-- ---\n'
        project.write(f"models/cut/{model_name(transform)}.sql", front + "select * from raw.things\n")
    project.bywash("run")
    return project, rows


@pytest.fixture(params=CASES, ids=[transform for transform, _ in CASES])
def case(built, request):
    """A transform's table: its location, the column it cuts, and the rows."""
    project, rows = built
    transform, column = request.param
    return project.metadata_location(f"cut.{model_name(transform)}"), column, rows


def test_t10_every_reader_gives_the_rows(case):
    location, _, rows = case
    assert_same(pyiceberg_rows(location), rows, "PyIceberg")
    assert_same(duckdb_rows(location), rows, "DuckDB")


def test_t10_filters_on_the_partition_column(case):
    location, column, rows = case
    values = sorted({row[column] for row in rows if row[column] is not None})
    middle = values[len(values) // 2]
    known = [row for row in rows if row[column] is not None]
    for row_filter, expected in [
        (EqualTo(column, middle), [row for row in known if row[column] == middle]),
        (GreaterThanOrEqual(column, middle), [row for row in known if row[column] >= middle]),
        (LessThan(column, middle), [row for row in known if row[column] < middle]),
        (IsNull(column), [row for row in rows if row[column] is None]),
    ]:
        assert_same(pyiceberg_rows(location, row_filter=row_filter), expected, f"PyIceberg, {row_filter}")
    assert_same(duckdb_rows(location, f"{column} is null"), [row for row in rows if row[column] is None], "DuckDB")


def test_t10_rows_lie_in_the_partition_pyiceberg_computes(case):
    location, column, _ = case
    table = pyiceberg_table(location)
    [field] = table.spec().fields
    source = table.schema().find_field(column)
    assert field.source_id == source.field_id
    of_value = field.transform.transform(source.field_type)
    for task in table.scan().plan_files():
        recorded = as_stored(task.file.partition[0])
        for value in read_rows(table, task.file.file_path, [column]).column(0).to_pylist():
            assert as_stored(of_value(as_stored(value))) == recorded, f"{value!r} in {task.file.file_path}"


def test_t8_bounds_hold_and_nulls_are_counted(case):
    location, _, _ = case
    table = pyiceberg_table(location)
    bounded = 0
    for task in table.scan().plan_files():
        file = task.file
        rows = read_rows(table, file.file_path)
        for field in table.schema().fields:
            values = rows.column(field.name).to_pylist()
            present = [as_stored(value) for value in values if value is not None]
            assert file.null_value_counts[field.field_id] == len(values) - len(present)
            if isinstance(field.field_type, PrimitiveType) and field.field_id in file.lower_bounds:
                bounded += 1
                lower = as_stored(from_bytes(field.field_type, file.lower_bounds[field.field_id]))
                assert lower <= min(present), f"{field.name} of {file.file_path}"
            if isinstance(field.field_type, PrimitiveType) and field.field_id in file.upper_bounds:
                upper = as_stored(from_bytes(field.field_type, file.upper_bounds[field.field_id]))
                assert max(present) <= upper, f"{field.name} of {file.file_path}"
    assert bounded, "no file has a bound"


def read_rows(table: StaticTable, location: str, columns: list[str] | None = None) -> pyarrow.Table:
    with table.io.new_input(location).open() as file:
        return pyarrow.parquet.ParquetFile(file).read(columns=columns)


def as_stored(value):
    """Days since 1970 for a date, microseconds for a time: what Iceberg's transforms and bounds speak of."""
    match value:
        case datetime():
            start = datetime(1970, 1, 1, tzinfo=timezone.utc if value.tzinfo else None)
            return (value - start) // timedelta(microseconds=1)
        case date():
            return (value - date(1970, 1, 1)).days
        case time():
            return (datetime.combine(date(1970, 1, 1), value) - datetime(1970, 1, 1)) // timedelta(microseconds=1)
        case _:
            return value
