"""Rows in and out: Arrow files that are mapped into memory, never copied.

What arrives is sealed by the binary; what leaves is written batch by batch, so neither has to fit into memory.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from .._columns import CODE, batches_of, checked
from .._errors import ColumnsError
from .._forms import Form, in_form
from .._types import plain_of

__all__ = ["argument", "one_column", "open_sealed", "write"]

# The binary maps batch by batch, so a batch is as much as it holds at once.
_MOST_ROWS = 65_536


def argument(descriptor: int, form: Form) -> Any:
    """The rows of a sealed file, in the form that the function asks for. No row is looked at for tables and readers."""
    file = open_sealed(descriptor)
    if form == "reader":
        batches = (file.get_batch(index) for index in range(file.num_record_batches))
        return pa.RecordBatchReader.from_batches(file.schema, batches)
    return in_form(file.read_all(), form)


def open_sealed(descriptor: int) -> pa.ipc.RecordBatchFileReader:
    """A file as it lies in memory; the map lives as long as anything that was read from it."""
    mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    os.close(descriptor)
    return pa.ipc.open_file(pa.py_buffer(mapped))


def write(descriptor: int, result: object, columns: pa.Schema | None, name: str) -> int:
    """Writes what was returned with exactly these columns, or with the ones it has; how many rows it was."""
    batches = _found(result, name) if columns is None else checked(result, columns, name)
    if columns is None:
        first = next(iter(batches), None)
        if first is None:
            raise ColumnsError(f"`{name}` gave no batch, so its columns are not known", code=CODE)
        columns = first.schema
        batches = _chain(first, batches)
    rows = 0
    with os.fdopen(descriptor, "wb") as file, pa.ipc.new_file(pa.PythonFile(file, "w"), columns) as writer:
        for batch in batches:
            _refuse_nulls(batch, columns, name)
            for begin in range(0, batch.num_rows, _MOST_ROWS):
                writer.write_batch(batch.slice(begin, _MOST_ROWS))
            rows += batch.num_rows
    return rows


def _chain(first: pa.RecordBatch, rest: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _found(result: object, name: str) -> Iterator[pa.RecordBatch]:
    """The batches as they are, in the columns of the first, each type in its plainest layout."""
    columns: pa.Schema | None = None
    for batch in batches_of(result, name):
        if columns is None:
            columns = pa.schema([(field.name, plain_of(field.type)) for field in batch.schema])
            doubled = sorted({field for field in columns.names if columns.names.count(field) > 1})
            if doubled:
                raise ColumnsError(f"`{name}` has the column `{doubled[0]}` more than once", code=CODE)
        yield from checked(batch, columns, name)


def _refuse_nulls(batch: pa.RecordBatch, columns: pa.Schema, name: str) -> None:
    for field in columns:
        if not field.nullable and batch.column(field.name).null_count:
            raise ColumnsError(
                f"`{field.name}` of `{name}` has nulls, and is declared without",
                code=CODE,
                hints=["leave out the rows that have none, or let the column be null"],
            )


def one_column(values: Any, column: str, name: str, length: int) -> pa.Table:
    """The values that a function of SQL gave, as a table of one column."""
    if hasattr(values, "to_arrow") and not isinstance(values, (pa.Array, pa.ChunkedArray)):
        values = values.to_arrow()
    if not isinstance(values, (pa.Array, pa.ChunkedArray)):
        try:
            values = pa.array(values)
        except (pa.ArrowException, TypeError, ValueError) as problem:
            raise ColumnsError(
                f"`{name}` returned a `{type(values).__name__}`, which is no array: {problem}",
                code=CODE,
                hints=["return a `pyarrow.Array` with one value for each row"],
            ) from problem
    if len(values) != length:
        raise ColumnsError(
            f"`{name}` returned {len(values)} values for {length} rows",
            code=CODE,
            hints=["return one value for each row, in their order"],
        )
    return pa.table({column: values})
