"""The readers that nobody here wrote: PyIceberg and DuckDB (and Polars, through PyIceberg).

Each is given the location of a metadata file and no more.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from pathlib import Path

import duckdb
from pyiceberg.table import StaticTable

# Polars asks PyIceberg which files to read, and says so once a scan unless told that this is known.
os.environ["POLARS_ICEBERG_PLANNER"] = "pyiceberg"


def pyiceberg_table(location: str) -> StaticTable:
    return StaticTable.from_metadata(location)


def pyiceberg_rows(location: str, **scan) -> list[dict]:
    """`scan` takes what PyIceberg's `scan` takes: `row_filter`, `selected_fields`."""
    return pyiceberg_table(location).scan(**scan).to_arrow().to_pylist()


@functools.cache
def connection() -> duckdb.DuckDBPyConnection:
    """DuckDB with its extensions for Iceberg and S3 as the Python package index has it: nothing is downloaded at run time."""
    refused = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    connection = duckdb.connect(config=refused)
    for name in ("avro", "httpfs", "aws", "iceberg"):
        package = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        [file] = package.rglob("*.duckdb_extension")
        connection.load_extension(str(file))
    connection.execute("set timezone = 'UTC'")
    return connection


def duckdb_rows(location: str, where: str = "true") -> list[dict]:
    cursor = connection().cursor()
    cursor.execute("set timezone = 'UTC'")
    return fetched(cursor.execute(f"select * from iceberg_scan('{location}') where {where}"))


def fetched(cursor: duckdb.DuckDBPyConnection) -> list[dict]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
