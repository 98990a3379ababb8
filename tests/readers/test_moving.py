"""Rule T9: after a lake was moved, a relocation makes other readers find its tables, with their history."""

from __future__ import annotations

import pytest
from others import duckdb_rows, pyiceberg_rows, pyiceberg_table
from truth import assert_same

FIRST = [{"id": number, "day": f"2026-0{number % 3 + 1}-01"} for number in range(50)]
SECOND = [{"id": number, "day": f"2026-0{number % 3 + 1}-01"} for number in range(50, 60)]


def as_read(rows: list[dict]) -> list[dict]:
    return [{"id": row["id"]} for row in rows]


def test_t9_other_readers_read_a_relocated_lake(project, tmp_path_factory):
    project.write(
        "sources/raw.yml",
        "name: raw\ntype: files\nresources:\n  - name: things\n    path: data/*.jsonl\n    partition_by: [day]\n",
    )
    project.write("models/cut/ids.sql", "select id from raw.things\n")
    project.write_rows("data/one.jsonl", FIRST)
    project.bywash("run")
    project.bywash("tag", "create", "v1")
    [first] = project.query("select snapshot_id from bywash.tables where name = 'cut.ids'")
    project.write_rows("data/two.jsonl", SECOND)
    project.bywash("run")

    new = tmp_path_factory.mktemp("moved") / "project"
    project.root.rename(new)
    project.root = new
    location = project.metadata_location("cut.ids")
    with pytest.raises(Exception):
        pyiceberg_rows(location)
    assert "bywash doctor --relocate" in project.said("table", "show", "cut.ids")

    project.bywash("doctor", "--relocate")
    for table in ("cut.ids", "raw.things"):
        location = project.metadata_location(table)
        columns = ("id",)
        assert_same(pyiceberg_rows(location, selected_fields=columns), as_read(FIRST + SECOND), "PyIceberg")
        found = [{"id": row["id"]} for row in duckdb_rows(location)]
        assert_same(found, as_read(FIRST + SECOND), "DuckDB")
    earlier = pyiceberg_table(project.metadata_location("cut.ids")).scan(snapshot_id=first["snapshot_id"])
    assert_same(earlier.to_arrow().to_pylist(), as_read(FIRST), "PyIceberg, an earlier snapshot")

    project.write_rows("data/three.jsonl", [{"id": 60, "day": "2026-01-01"}])
    project.bywash("run")
    rows = as_read([*FIRST, *SECOND, {"id": 60}])
    assert_same(pyiceberg_rows(project.metadata_location("cut.ids")), rows, "PyIceberg, after the next run")
