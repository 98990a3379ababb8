"""Tables with row-level deletes of other engines, named by their metadata: we read what other readers read."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deletes import Deleter
from others import duckdb_rows, pyiceberg_rows
from project import Failed
from pyiceberg.typedef import Record
from truth import assert_same

ROWS = [{"id": number, "note": None if number % 7 == 0 else f"n{number % 5}"} for number in range(100)]


def table_of(project, rows=ROWS, partition_by: str = "") -> Deleter:
    project.write_rows("data/one.jsonl", rows)
    layout = f"    partition_by: [{partition_by}]\n" if partition_by else ""
    project.write(
        "sources/raw.yml", f"name: raw\ntype: files\nresources:\n  - name: t\n    path: data/*.jsonl\n{layout}"
    )
    project.bywash("load")
    return Deleter(project.metadata_location("raw.t"))


def ours(project, location: str, sql: str = "select *") -> list[dict]:
    return project.query(f"{sql} from '{location}'")


def test_rows_deleted_by_position(project):
    deleter = table_of(project)
    [file] = deleter.data_files()
    deleter.positions([(file.file_path, at) for at in (0, 1, 50, 99)])
    deleter.positions([(file.file_path, at) for at in (1, 2)])
    expected = [row for at, row in enumerate(ROWS) if at not in (0, 1, 2, 50, 99)]
    assert_same(pyiceberg_rows(deleter.location), expected, "PyIceberg")
    assert_same(duckdb_rows(deleter.location), expected, "DuckDB")
    assert_same(ours(project, deleter.location), expected, "Bywash")
    # Counts and extremes come from statistics where they are exact, and here they are not.
    [facts] = ours(project, deleter.location, "select count(*) as n, min(id) as low, max(id) as high")
    assert facts == {"n": 95, "low": 3, "high": 98}
    [some] = ours(project, deleter.location, "select count(*) as n") and project.query(
        f"select count(*) as n from '{deleter.location}' where id > 97 or id < 4"
    )
    assert some == {"n": 2}


def test_rows_deleted_by_values_with_nulls(project):
    deleter = table_of(project)
    deleter.equality(pa.table({"note": pa.array(["n3", None], pa.string())}))
    deleter.equality(pa.table({"id": pa.array([1, 2, 1000], pa.int64()), "note": pa.array(["n1", "other", None])}))
    expected = [row for row in ROWS if row["note"] not in ("n3", None) and row["id"] != 1]
    assert_same(duckdb_rows(deleter.location), expected, "DuckDB")
    assert_same(ours(project, deleter.location), expected, "Bywash")


def test_deletes_of_a_partition_leave_the_others(project):
    rows = [{"id": number, "part": number % 2} for number in range(40)]
    deleter = table_of(project, rows, "part")
    deleter.equality(pa.table({"id": pa.array([3, 4, 5], pa.int64())}), Record(1))
    # The specification says so; DuckDB 1.5 takes such a delete for one of all partitions.
    expected = [row for row in rows if row["id"] not in (3, 5)]
    assert_same(ours(project, deleter.location), expected, "Bywash")


def test_rows_added_later_stay(project):
    """A delete by values concerns earlier rows only: the same row, added afterwards, is there."""
    deleter = table_of(project)
    [file] = deleter.data_files()
    deleter.equality(pa.table({"id": pa.array([5, 6], pa.int64())}))
    before = {row["id"] for row in ours(project, deleter.location)}
    assert before == set(range(100)) - {5, 6}
    deleter.append_again(file)
    again = sorted(row["id"] for row in ours(project, deleter.location))
    assert again == sorted([*before, *range(100)])
    assert_same(duckdb_rows(deleter.location), ours(project, deleter.location), "DuckDB")


def test_what_is_refused_is_said(project):
    deleter = table_of(project)
    newer = deleter.folder / "00099-v3.metadata.json"
    newer.write_text((deleter.folder / deleter.location.split("/")[-1]).read_text().replace(
        '"format-version":2', '"format-version":3'))
    with pytest.raises(Failed, match="format version 3"):
        ours(project, str(newer))
    elsewhere = project.root / "x.metadata.json"
    elsewhere.write_text(newer.read_text())
    with pytest.raises(Failed, match="does not lie where an Iceberg table has its metadata"):
        ours(project, str(elsewhere))
    with pytest.raises(Failed, match="x.metadata.json"):
        ours(project, str(project.root / "no/such/x.metadata.json"))
