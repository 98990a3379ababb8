"""How rows look in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import pyarrow as pa

__all__ = ["html_page", "html_table", "text_table"]

# A cell is cut here: the whole value is one `to_pylist()` away.
_WIDTH = 60


def text_table(rows: pa.Table, *, more: bool) -> str:
    """Rows in columns of characters; numbers to the right."""
    cells = [[_cell(value) for value in _values(column)] for column in rows.columns]
    widths = [max(map(len, [name, *column])) for name, column in zip(rows.column_names, cells, strict=True)]
    right = [_is_number(field.type) for field in rows.schema]

    def line(values: Iterable[str]) -> str:
        padded = (
            value.rjust(width) if is_right else value.ljust(width)
            for value, width, is_right in zip(values, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    lines = [line(rows.column_names), line("─" * width for width in widths), *map(line, zip(*cells, strict=True))]
    return "\n".join([*lines, _footer(rows, more=more)])


def html_table(rows: pa.Table, *, more: bool) -> str:
    """Rows as a table of HTML, which a notebook shows."""
    right = [_is_number(field.type) for field in rows.schema]
    head = [f"{escape(field.name)}<br><small>{escape(str(field.type))}</small>" for field in rows.schema]
    cells = zip(*([escape(_cell(value)) for value in _values(column)] for column in rows.columns), strict=True)
    return html_page(head, cells, right, _footer(rows, more=more))


def html_page(head: Iterable[str], rows: Iterable[Iterable[str]], right: list[bool], footer: str) -> str:
    """A table of HTML from what is HTML already."""
    align = ["right" if is_right else "left" for is_right in right]

    def line(tag: str, values: Iterable[str]) -> str:
        cells = (
            f'<{tag} style="text-align: {side}">{value}</{tag}>' for side, value in zip(align, values, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table><small>{escape(footer)}</small>"


def _values(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        # Nanoseconds, and years that Python's own types do not have.
        return list(column.cast(pa.string()).to_pylist())


def _cell(value: object) -> str:
    text = "" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _footer(rows: pa.Table, *, more: bool) -> str:
    count = f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}"
    return f"the first {count}" if more else count
