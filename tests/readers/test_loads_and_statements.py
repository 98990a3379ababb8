"""Rule T10: any Iceberg reader can read any table of ours, whatever made it: loads, statements, nested values."""

from __future__ import annotations

from decimal import Decimal

import pytest
import truth
from others import connection, duckdb_rows, fetched, pyiceberg_rows, pyiceberg_table
from truth import COLUMNS, assert_same

DECLARED = "".join(f"      {name}: {kind}\n" for name, (kind, _) in COLUMNS.items())
SOURCE = f"""\
name: raw
type: files
resources:
  - name: things
    path: data/*.jsonl
    columns:
{DECLARED}"""


def assert_all_agree(project, table: str, expected: list[dict]) -> None:
    """The binary and both other readers give the expected rows."""
    location = project.metadata_location(table)
    ours = [truth.from_json(row) for row in project.query(f"from {table}")]
    assert_same(ours, expected, "bywash query")
    assert_same(pyiceberg_rows(location), expected, "PyIceberg")
    assert_same(duckdb_rows(location), expected, "DuckDB")


@pytest.fixture
def loaded(project):
    """A project whose `raw.things` holds one file; returns it with the rows of the file."""
    rows = truth.rows(2_000, seed=7)
    project.write("sources/raw.yml", SOURCE)
    project.write_rows("data/one.jsonl", rows, as_json=truth.line)
    project.bywash("run")
    return project, rows


def test_t10_a_load_of_every_type(loaded):
    project, rows = loaded
    assert_all_agree(project, "raw.things", rows)


def test_t10_appended_files(loaded):
    project, rows = loaded
    more = truth.rows(500, seed=8, first_id=10_000)
    project.write_rows("data/two.jsonl", more, as_json=truth.line)
    project.bywash("run")
    assert_all_agree(project, "raw.things", rows + more)
    summary = pyiceberg_table(project.metadata_location("raw.things")).current_snapshot().summary
    assert summary["total-records"] == "2500", summary


def test_t10_a_changed_file(loaded):
    project, rows = loaded
    kept = rows[:1_000] + truth.rows(10, seed=9, first_id=20_000)
    project.write_rows("data/one.jsonl", kept, as_json=truth.line)
    project.bywash("run")
    assert_all_agree(project, "raw.things", kept)


def test_t10_create_insert_and_overwrite(loaded):
    project, rows = loaded
    with_id = lambda wanted: [row for row in rows if wanted(row["id"])]
    middle = rows[1_000]["id"]

    project.bywash("query", f"create table sandbox.half as select * from raw.things where id < {middle}")
    assert_all_agree(project, "sandbox.half", with_id(lambda id: id < middle))

    project.bywash("query", f"insert into sandbox.half select * from raw.things where id >= {middle}")
    assert_all_agree(project, "sandbox.half", rows)

    project.bywash("query", f"insert overwrite sandbox.half select * from raw.things where id = {middle}")
    assert_all_agree(project, "sandbox.half", [rows[1_000]])

    project.bywash("query", "insert overwrite sandbox.half select * from raw.things where false")
    assert_all_agree(project, "sandbox.half", [])


def test_t10_statements_into_a_partitioned_table(loaded):
    project, rows = loaded
    project.bywash(
        "query",
        "create table sandbox.cut partition by (month(moment), bucket(3, id)) as select * from raw.things where id < 1000",
    )
    project.bywash("query", "insert into sandbox.cut select * from raw.things where id >= 1000")
    assert_all_agree(project, "sandbox.cut", rows)
    spec = pyiceberg_table(project.metadata_location("sandbox.cut")).spec()
    assert [str(field.transform) for field in spec.fields] == ["month", "bucket[3]"]


NESTED_ROWS = [
    {
        "id": 1,
        "place": {"city": "Zürich", "at": {"lat": 47.5, "lon": -8.25}, "codes": ["a", None, ""]},
        "readings": [{"hour": 1, "value": 1.5}, {"hour": 2, "value": None}],
        "grid": [[1, 2], [], [3]],
    },
    {"id": 2, "place": None, "readings": [], "grid": None},
    {"id": 3, "place": {"city": None, "at": None, "codes": None}, "readings": None, "grid": [[None], None]},
    {"id": 4, "place": {"city": "", "at": {"lat": None, "lon": 0.5}, "codes": []}, "readings": [None], "grid": []},
]


def test_t10_deleted_updated_and_merged_rows(loaded):
    project, rows = loaded
    project.bywash("query", "create table sandbox.changed partition by (bucket(4, id)) as select * from raw.things")
    ids = sorted(row["id"] for row in rows)
    first, second, third = ids[300], ids[600], ids[900]

    project.bywash("query", f"delete from sandbox.changed where id < {first}")
    left = [row for row in rows if row["id"] >= first]
    assert_all_agree(project, "sandbox.changed", left)

    project.bywash("query", f"update sandbox.changed set id = id + 1000000 where id < {second}")
    left = [{**row, "id": row["id"] + 1_000_000} if row["id"] < second else row for row in left]
    assert_all_agree(project, "sandbox.changed", left)

    project.bywash(
        "query",
        f"merge into sandbox.changed c using (select * from raw.things where id < {third}) as t on c.id = t.id "
        "when matched then delete when not matched then insert row",
    )
    added = [row for row in rows if row["id"] < second]
    kept = [row for row in left if not second <= row["id"] < third]
    assert_all_agree(project, "sandbox.changed", kept + added)


def test_t10_nested_json(project):
    project.write("sources/raw.yml", "name: raw\ntype: files\nresources:\n  - name: nested\n    path: data/*.jsonl\n")
    project.write_rows("data/nested.jsonl", NESTED_ROWS)
    project.bywash("run")
    location = project.metadata_location("raw.nested")
    assert_same([plain(row) for row in project.query("from raw.nested")], NESTED_ROWS, "bywash query")
    assert_same(duckdb_rows(location), NESTED_ROWS, "DuckDB")
    # PyIceberg 0.12 loses the nulls of a list of structs when it puts it together again: ArrowProjectionVisitor.list.
    empty = [{**row, "readings": row["readings"] or []} for row in NESTED_ROWS]
    assert_same(pyiceberg_rows(location), empty, "PyIceberg")


def plain(value):
    """Nested JSON as it is, but for decimals, which stand for floats here."""
    match value:
        case dict():
            return {name: plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case Decimal():
            return float(value)
        case _:
            return value


def test_t10_a_filtered_scan(loaded):
    project, rows = loaded
    location = project.metadata_location("raw.things")
    expected = [row for row in rows if row["small"] is not None and row["small"] > 0 and row["name"] is not None]
    found = pyiceberg_rows(location, row_filter="small > 0 and name is not null")
    assert_same(found, expected, "PyIceberg")
    assert_same(duckdb_rows(location, "small > 0 and name is not null"), expected, "DuckDB")
    narrow = pyiceberg_rows(location, row_filter="small > 0 and name is not null", selected_fields=("id", "name"))
    assert_same(narrow, [{"id": row["id"], "name": row["name"]} for row in expected], "PyIceberg, two columns")


def test_t10_the_lines_of_table_show_can_be_pasted(loaded):
    project, rows = loaded
    said = project.said("table", "show", "raw.things").splitlines()
    pasted = {line.split()[0]: line.split(maxsplit=1)[1] for line in said if line.startswith("  ")}

    # What the extension is called, and where it comes from, is the paster's business; here it is loaded already.
    statement = pasted["DuckDB"].removeprefix("INSTALL iceberg; LOAD iceberg; ")
    assert_same(fetched(connection().execute(statement)), rows, "DuckDB")
    assert_same(evaluated(pasted["PyIceberg"]).to_pylist(), rows, "PyIceberg")
    assert_same(evaluated(pasted["Polars"]).to_dicts(), rows, "Polars")


def evaluated(line: str):
    """The value of the last statement of a line of Python."""
    *statements, last = line.split("; ")
    names: dict = {}
    exec("; ".join(statements), names)
    return eval(last, names)


def test_t10_evolved_columns_and_layouts(project):
    sql = lambda text: project.bywash("query", text)
    sql(
        "create table raw.t as select value as id, value::int as small, 'n' || value as name, 1.5::float as x, "
        "1.25::decimal(6, 2) as price, {street: 's' || value, no: 1::int} as home from generate_series(1, 20)"
    )
    rows = [
        {"id": i, "small": i, "name": f"n{i}", "x": 1.5, "price": Decimal("1.25"), "home": {"street": f"s{i}", "no": 1}}
        for i in range(1, 21)
    ]
    agree = lambda: assert_agree_plainly(project, "raw.t", rows)
    agree()

    sql("alter table raw.t drop column name, rename column small to name, add column small text after id")
    rows = [
        {"id": row["id"], "small": None, "name": row["small"], **{key: row[key] for key in ("x", "price", "home")}}
        for row in rows
    ]
    agree()

    sql("alter table raw.t alter column name type bigint, alter column x type double, alter column price type decimal(12, 2)")
    sql("alter table raw.t rename column home.street to road, add column home.zip text")
    sql("insert into raw.t values (21, 's', 5000000000, 0.1, 1234567890.25, {road: 'r', no: 2, zip: 'z'})")
    for row in rows:
        row["home"] = {"road": row["home"]["street"], "no": 1, "zip": None}
    new = {"id": 21, "small": "s", "name": 5_000_000_000, "x": 0.1, "price": Decimal("1234567890.25")}
    rows.append({**new, "home": {"road": "r", "no": 2, "zip": "z"}})
    agree()
    location = project.metadata_location("raw.t")
    assert [row["id"] for row in pyiceberg_rows(location, row_filter="name > 4000000000")] == [21]
    assert sorted(row["id"] for row in pyiceberg_rows(location, row_filter="name <= 2")) == [1, 2]

    sql("alter table raw.t set partitioned by (bucket(3, id)), set clustered by (small)")
    sql("update raw.t set small = 'u' where id > 18")
    for row in rows[18:]:
        row["small"] = "u"
    agree()
    table = pyiceberg_table(project.metadata_location("raw.t"))
    assert [str(field.transform) for field in table.spec().fields] == ["bucket[3]"]
    assert [field.source_id for field in table.sort_order().fields] == [table.schema().find_field("small").field_id]

    sql("alter table raw.t reset partitioned by, reset clustered by, drop column small")
    sql("delete from raw.t where id between 5 and 19")
    rows = [{key: row[key] for key in row if key != "small"} for row in rows if not 5 <= row["id"] <= 19]
    agree()


def assert_agree_plainly(project, table: str, expected: list[dict]) -> None:
    """As `assert_all_agree`, for columns that the truth does not know."""
    location = project.metadata_location(table)
    numbers = lambda row: {key: float(value) if key == "x" else value for key, value in row.items()}
    texts = lambda rows: [{**numbers(row), "price": str(row["price"])} for row in rows]
    assert_same(texts(project.query(f"from {table}")), texts(expected), "bywash query")
    assert_same(texts(pyiceberg_rows(location)), texts(expected), "PyIceberg")
    assert_same(texts(duckdb_rows(location)), texts(expected), "DuckDB")
