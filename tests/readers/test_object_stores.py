"""Rule T10 for tables in S3: other readers read them where they lie, by the lines that `table show` prints."""

from __future__ import annotations

import re

from object_store import BUCKET, SECRET, s3_server
from others import connection, fetched
from test_loads_and_statements import evaluated
from truth import assert_same

# A partition whose name needs care in an address.
ROWS = [{"id": number, "place": ["a b", "c/d", "é=%"][number % 3]} for number in range(60)]


def test_t10_tables_in_s3_are_read_by_the_lines_of_table_show(project, tmp_path_factory, monkeypatch):
    with s3_server(tmp_path_factory.mktemp("s3")) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        project.write("bywash.toml", f'[project]\nname = "readers"\n[lake]\nwarehouse = "s3://{BUCKET}/a lake"\n')
        project.write(
            "sources/raw.yml",
            "name: raw\ntype: files\nresources:\n  - name: things\n    path: data/*.jsonl\n    partition_by: [place]\n",
        )
        project.write_rows("data/one.jsonl", ROWS)
        project.bywash("run")
        project.bywash("query", "delete from raw.things where id = 7")
        rows = [row for row in ROWS if row["id"] != 7]

        assert project.metadata_location("raw.things").startswith(f"s3://{BUCKET}/a lake/raw/things-")
        said = project.said("table", "show", "raw.things")
        assert SECRET not in said
        pasted = {line.split()[0]: line.split(maxsplit=1)[1] for line in said.splitlines() if line.startswith("  ")}
        # Where extensions come from is the paster's business; here they are loaded already.
        statement = re.sub(r"(INSTALL|LOAD) \w+; ", "", pasted["DuckDB"])
        assert_same(fetched(connection().execute(statement)), rows, "DuckDB")
        assert_same(evaluated(pasted["PyIceberg"]).to_pylist(), rows, "PyIceberg")
        assert_same(evaluated(pasted["Polars"]).to_dicts(), rows, "Polars")
