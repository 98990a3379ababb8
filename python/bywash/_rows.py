"""The rows of a query, as they come from the binary: Arrow batches through a pipe, converted to nothing in between.

A query starts when it is written, so its mistakes show there, and a statement that writes has been carried out. Its rows
wait in the pipe until somebody asks: all at once with `to_arrow` and its kin, which keep them; or batch by batch, once,
as any reader of Arrow streams does.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ._display import html_table, text_table
from ._errors import BywashError
from ._process import Process

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Rows"]

# Rows that a notebook or a terminal shows.
_SHOWN = 20


class Rows:
    """The result of a query."""

    def __init__(self, process: Process) -> None:
        self._process: Process | None = process
        self._seen: list[pa.RecordBatch] = []
        self._rest: Iterator[pa.RecordBatch] = iter(())
        self._table: pa.Table | None = None
        assert process.output is not None
        try:
            reader = pa.ipc.open_stream(pa.PythonFile(process.output, mode="r"))
        except pa.ArrowInvalid:
            # No stream: the statement gave no rows, or it failed.
            self.message = process.finish().said.strip()
            self._schema = pa.schema([])
            self._table = self._schema.empty_table()
            return
        self._schema = reader.schema
        self._rest = _batches(reader, process)
        # A query that fails does so before its first rows more often than not.
        self._peek(1)

    message: str = ""
    """What a statement without rows did, and how to take it back."""

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self._schema

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._schema.names)

    def to_arrow(self) -> pa.Table:
        """All rows as a `pyarrow.Table`."""
        if self._table is None:
            self._table = pa.Table.from_batches(self._take(), self._schema)
        return self._table

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """All rows as a data frame of pandas; the options are those of `pyarrow.Table.to_pandas`."""
        return self.to_arrow().to_pandas(**options)

    def to_polars(self) -> polars.DataFrame:
        """All rows as a data frame of polars."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)
        return frame

    def to_pylist(self) -> list[dict[str, Any]]:
        """All rows as dictionaries."""
        rows: list[dict[str, Any]] = _microseconds(self.to_arrow()).to_pylist()
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        columns = [column.to_pylist() for column in _microseconds(self.to_arrow()).columns]
        return list(zip(*columns, strict=True))

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or `None` if there is none."""
        head = _microseconds(self._head(1))
        return tuple(column[0].as_py() for column in head.columns) if head.num_rows else None

    def reader(self) -> pa.RecordBatchReader:
        """The rows batch by batch, without keeping them: for results larger than memory. They are given once."""
        if self._table is not None:
            return self._table.to_reader()
        return pa.RecordBatchReader.from_batches(self._schema, self._take())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as other libraries take them: `polars.DataFrame(rows)`, `duckdb.sql("from rows")`."""
        stream: object = self.reader().__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]
        return stream

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def __len__(self) -> int:
        return int(self.to_arrow().num_rows)

    def close(self) -> None:
        """Stops the query; rows that were not asked for are lost."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def __repr__(self) -> str:
        if not self._schema.names:
            return self.message or "no rows"
        head = self._head(_SHOWN + 1)
        return text_table(head.slice(0, _SHOWN), more=head.num_rows > _SHOWN)

    def _repr_html_(self) -> str:
        if not self._schema.names:
            return f"<pre>{escape(self.message or 'no rows')}</pre>"
        head = self._head(_SHOWN + 1)
        return html_table(head.slice(0, _SHOWN), more=head.num_rows > _SHOWN)

    def _head(self, rows: int) -> pa.Table:
        """The first rows; those that were read for it stay for whoever asks next."""
        if self._table is None:
            self._peek(rows)
            return pa.Table.from_batches(self._seen, self._schema).slice(0, rows)
        return self._table.slice(0, rows)

    def _peek(self, rows: int) -> None:
        self._refuse_taken()
        while sum(batch.num_rows for batch in self._seen) < rows:
            batch = next(self._rest, None)
            if batch is None:
                return
            self._seen.append(batch)

    def _take(self) -> Iterator[pa.RecordBatch]:
        """Hands every row out, and the process with them."""
        self._refuse_taken()
        batches = chain(self._seen, self._rest)
        self._seen, self._rest, self._process = [], iter(()), None
        return batches

    def _refuse_taken(self) -> None:
        if self._process is None:
            raise BywashError(
                "the rows of this query were given away already, batch by batch, or it was closed",
                code="wrong-usage",
                hints=["ask again with `.sql(…)`, or call `.to_arrow()` first: it keeps them"],
            )


def _batches(reader: pa.RecordBatchReader, process: Process) -> Iterator[pa.RecordBatch]:
    """The batches, then the end of the process: a stream that merely stops may be half of one."""
    try:
        yield from reader
        if process.output is not None and process.output.read(1):
            process.stop()
            raise BywashError(
                "there are several queries here, and `.sql` gives the rows of one",
                code="wrong-usage",
                hints=["call `.sql(…)` for each"],
            )
    except pa.ArrowException:
        # The reason is what the process says, if it says anything.
        process.finish()
        raise
    process.finish()


def _microseconds(table: pa.Table) -> pa.Table:
    """Times as Python has them: `now()` counts nanoseconds."""
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields), safe=False)

