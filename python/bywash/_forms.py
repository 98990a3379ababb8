"""The form in which a table reaches a function: as its annotation says.

`pyarrow.Table` unless something else is written; `pyarrow.RecordBatchReader` for what is larger than memory; the data
frames of pandas and polars, which are imported only where a function asks for them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

import pyarrow as pa

__all__ = ["Form", "form_of", "in_form"]

Form = Literal["table", "reader", "pandas", "polars"]

_BY_NAME: dict[tuple[str, str], Form] = {
    ("pyarrow", "Table"): "table",
    ("pyarrow", "RecordBatchReader"): "reader",
    ("pandas", "DataFrame"): "pandas",
    ("polars", "DataFrame"): "polars",
}
_SHORT = {"pa": "pyarrow", "pd": "pandas", "pl": "polars"}


def form_of(annotation: object) -> Form:
    """The form that an annotation asks for; a `TypeError` if it is none. No annotation asks for a `pyarrow.Table`."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if annotation is None or annotation is Any or annotation is object:
        return "table"
    if isinstance(annotation, str):
        text = annotation.removeprefix("Annotated[").partition(",")[0].strip()
        module, _, name = text.rpartition(".")
        module = _SHORT.get(module, module)
    else:
        module = getattr(annotation, "__module__", "").partition(".")[0]
        name = getattr(annotation, "__name__", "")
    form = _BY_NAME.get((module, name))
    if form is None:
        raise TypeError(
            f"a table cannot arrive as `{annotation}`: write `pyarrow.Table`, `pyarrow.RecordBatchReader`, "
            "`pandas.DataFrame` or `polars.DataFrame`"
        )
    return form


def in_form(rows: pa.Table | pa.RecordBatchReader, form: Form) -> Any:
    """The rows in a form. Only a reader stays one; every other form holds all rows."""
    if form == "reader":
        return rows if isinstance(rows, pa.RecordBatchReader) else rows.to_reader()
    table = rows.read_all() if isinstance(rows, pa.RecordBatchReader) else rows
    if form == "pandas":
        return table.to_pandas()
    if form == "polars":
        import polars

        return polars.from_arrow(table)
    return table
