"""What a model function returned, made batches of exactly the columns that it declares, or an error that says why not.

The same code runs in the worker and in `bywash.testing`, so a test fails where a run would. Rows pass through one batch
at a time: a result may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa

from ._errors import ColumnsError
from ._types import name_of, same_kind

__all__ = ["CODE", "batches_of", "checked", "outputs_of"]

CODE = "python-columns"


def outputs_of(result: object, names: Iterable[str], several: bool) -> Mapping[str, object]:
    """What was returned for each table; several come in a dictionary with exactly their names."""
    names = list(names)
    if not several:
        return {names[0]: result}
    if not isinstance(result, Mapping):
        raise _error(
            f"the function makes several tables, and returned {_shown(result)} instead of a dictionary",
            f"return {{{', '.join(f'{name!r}: …' for name in names)}}}",
        )
    if set(result) != set(names):
        raise _error(
            f"the function returned the tables {_listed(map(str, result))}, and declares {_listed(names)}",
            "`columns=` and the dictionary name the same tables",
        )
    return result


def checked(result: object, columns: pa.Schema, table: str) -> Iterator[pa.RecordBatch]:
    """The batches of a result, with the declared columns in their order and types.

    Raises:
        ColumnsError: It is no table, or its columns or types are not the declared ones, or a value does not fit.
    """
    known: pa.Schema | None = None
    row = 0
    for batch in batches_of(result, table):
        if known is None or not batch.schema.equals(known):
            _compare(batch.schema, columns, table)
            known = batch.schema
        yield from _cast(batch.select(columns.names), columns, table, row)
        row += batch.num_rows


def batches_of(result: object, table: str) -> Iterator[pa.RecordBatch]:
    """The batches of whatever a function may return.

    The schema of an empty table is kept in a batch without rows.
    """
    if isinstance(result, pa.RecordBatch):
        return iter([result])
    if isinstance(result, pa.RecordBatchReader):
        return _with_schema(result)
    if isinstance(result, pa.Table):
        return _with_schema(result.to_reader())
    try:
        if _is_pandas(result):
            # Its own stream would bring the index as a column.
            return _with_schema(pa.Table.from_pandas(result, preserve_index=False).to_reader())
        if hasattr(result, "__arrow_c_stream__"):
            return _with_schema(pa.RecordBatchReader.from_stream(result))
        if hasattr(result, "__arrow_c_array__"):
            return iter([pa.record_batch(result)])
    except (pa.ArrowException, TypeError, ValueError) as problem:
        raise _error(f"`{table}` returned {_shown(result)} that Arrow cannot read: {problem}", _RETURN) from problem
    if isinstance(result, Iterator):
        return chain.from_iterable(_piece(piece, table) for piece in result)
    raise _error(f"`{table}` returned {_shown(result)}, which is no table", _RETURN)


_RETURN = (
    "return a `pyarrow.Table`, a data frame, a `RecordBatchReader`, a generator of batches, or anything else with "
    "`__arrow_c_stream__`"
)


def _piece(piece: object, table: str) -> Iterator[pa.RecordBatch]:
    if isinstance(piece, Iterator):
        raise _error(f"`{table}` gave an iterator among its batches", "a generator gives batches, or tables")
    return batches_of(piece, table)


def _with_schema(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pylist([], schema=reader.schema)
    yield from reader


def _compare(given: pa.Schema, wanted: pa.Schema, table: str) -> None:
    doubled = [name for name in dict.fromkeys(given.names) if given.names.count(name) > 1]
    if doubled:
        raise _error(f"`{table}` has {_listed(doubled)} more than once", "give every column a name of its own")
    missing = [name for name in wanted.names if name not in given.names]
    extra = [name for name in given.names if name not in wanted.names]
    if missing or extra:
        said = [f"lacks {_listed(missing)}"] * bool(missing) + [f"has {_listed(extra)} besides"] * bool(extra)
        raise _error(
            f"the columns of `{table}` are not those that `columns=` declares: it {' and '.join(said)}",
            f"it declares {_listed(wanted.names)}; return these, or change `columns=`",
        )
    wrong = [field.name for field in wanted if not same_kind(given.field(field.name).type, field.type)]
    if wrong:
        said = [f"`{name}` is {name_of(given.field(name).type)}, not {name_of(wanted.field(name).type)}" for name in wrong]
        raise _error(
            f"the types of `{table}` are not those that `columns=` declares: {'; '.join(said)}",
            "convert the column in the function, or change `columns=`",
        )


def _cast(batch: pa.RecordBatch, columns: pa.Schema, table: str, row: int) -> Iterator[pa.RecordBatch]:
    """One batch in the declared types; in halves where it is too large for them, down to the row that does not fit."""
    if batch.schema.equals(columns):
        yield batch
        return
    arrays: list[Any] | None
    try:
        arrays = [_array(batch.column(field.name), field.type) for field in columns]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowCapacityError) as problem:
        if batch.num_rows < 2:
            raise _unfit(batch, columns, table, row) from problem
        arrays = None
    if arrays is not None:
        yield pa.RecordBatch.from_arrays(arrays, schema=columns)
        return
    half = batch.num_rows // 2
    yield from _cast(_copy(batch.slice(0, half)), columns, table, row)
    yield from _cast(_copy(batch.slice(half)), columns, table, row + half)


def _copy(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows by themselves: text in a slice is counted from the beginning of the whole."""
    arrays = [pa.concat_arrays([column, column.slice(0, 0)]) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _array(array: Any, wanted: pa.DataType) -> Any:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type.equals(wanted) else array.cast(wanted, safe=True)


def _unfit(batch: pa.RecordBatch, columns: pa.Schema, table: str, row: int) -> ColumnsError:
    for field in columns:
        try:
            _array(batch.column(field.name), field.type)
        except pa.ArrowException as problem:
            return _error(
                f"a value of `{field.name}` in row {row + 1} of `{table}` does not fit {name_of(field.type)}: "
                f"{_text(batch.column(field.name))} ({problem})",
                "change the value in the function, or the type in `columns=`",
            )
    return _error(f"row {row + 1} of `{table}` does not fit its columns", "look at the values of that row")


def _text(array: Any) -> str:
    try:
        return str(array.cast(pa.string())[0])
    except pa.ArrowException:
        return name_of(array.type)


def _is_pandas(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == "DataFrame"


def _shown(value: object) -> str:
    return "nothing" if value is None else f"a `{type(value).__module__}.{type(value).__qualname__}`".replace(
        "builtins.", ""
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _error(message: str, hint: str) -> ColumnsError:
    return ColumnsError(message, code=CODE, hints=[hint])
