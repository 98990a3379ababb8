"""Tables after maintenance: other readers read the same rows from fewer files and less metadata."""

from __future__ import annotations

import json

from others import duckdb_rows, pyiceberg_rows, pyiceberg_table
from truth import assert_same


def test_t10_compacted_expired_and_rewritten_tables(project):
    project.bywash("query", "create table scratch.t (id bigint, part bigint) partition by (part)")
    rows = []
    for number in range(15):
        rows += [{"id": number, "part": 1}, {"id": 100 + number, "part": 2}]
        project.bywash("query", f"insert into scratch.t values ({number}, 1), ({100 + number}, 2)")
    project.bywash("query", "delete from scratch.t where id = 3")
    rows = [row for row in rows if row["id"] != 3]

    def everybody_reads(expected: list[dict]) -> None:
        location = project.metadata_location("scratch.t")
        assert_same(pyiceberg_rows(location), expected, "PyIceberg")
        assert_same(duckdb_rows(location), expected, "DuckDB")
        assert_same(pyiceberg_rows(location, row_filter="part = 2"), [row for row in expected if row["part"] == 2], "part")

    [gain] = json.loads(project.bywash("table", "rewrite-manifests", "scratch.t", "-o", "json"))
    assert gain["after"] < gain["before"]
    everybody_reads(rows)
    [gain] = json.loads(project.bywash("table", "compact", "scratch.t", "-o", "json"))
    assert (gain["before"], gain["after"]) == (29, 2)
    everybody_reads(rows)
    [gain] = json.loads(project.bywash("table", "expire", "scratch.t", "--keep", "2", "-o", "json"))
    assert gain["after"] == 2 and gain["bytes_after"] < gain["bytes_before"] / 2
    everybody_reads(rows)
    project.bywash("gc", "--all", "--grace", "0s")
    everybody_reads(rows)
    table = pyiceberg_table(project.metadata_location("scratch.t"))
    assert [snapshot.summary.operation.value for snapshot in table.snapshots()] == ["replace", "replace"]

    project.bywash("query", "insert into scratch.t values (200, 2)")
    everybody_reads([*rows, {"id": 200, "part": 2}])
