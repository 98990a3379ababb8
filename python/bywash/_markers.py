"""What stands in a function's signature: which table, or which parameter, an argument is.

The values are markers only. Bywash reads them from the source text without importing the module, so they must be
written as literals; whoever runs the function puts a table, or a value, in their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ParameterInput", "TableInput", "param", "table"]


@dataclass(frozen=True)
class TableInput:
    """That an argument is a table of the graph; `bw.table` makes it."""

    name: str
    columns: tuple[str, ...] | None = None
    filter: str | None = None


@dataclass(frozen=True)
class ParameterInput:
    """That an argument is a parameter of the run; `bw.param` makes it."""

    name: str
    default: bool | int | float | str | None = None


def table(name: str, *, columns: Sequence[str] | None = None, filter: str | None = None) -> Any:
    """The argument is this table: `def late(flights=bw.table("raw.flights", columns=["carrier"]))`.

    Or beside the type, which type checkers like better: `flights: Annotated[pa.Table, bw.table("raw.flights")]`.

    Args:
        name: A table of the project as SQL names it: `namespace.table`, or `table` alone if that is unique.
        columns: The columns that the function reads, in their order; all of them when left out. Only these are read
            from the lake, and only changes of these make the function run again.
        filter: An SQL condition on the table's columns; only the rows that meet it are read.
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"bw.table takes the name of a table, as in bw.table('raw.flights'), not {name!r}")
    if columns is not None:
        columns = texts("the columns of bw.table", columns)
    if filter is not None and not isinstance(filter, str):
        raise TypeError(f"the filter of bw.table({name!r}) is SQL in a string, as in 'delay > 30', not {filter!r}")
    return TableInput(name, columns, filter)


def param(name: str, default: bool | int | float | str | None = None) -> Any:
    """The argument is this parameter of the run: `bywash run --param year=2013` gives `bw.param("year", 2012)` 2013.

    Args:
        name: The parameter, without `$`: the same one that SQL calls `$name`.
        default: The value when a run gives none. The value of a run is read as the type of the default; without one
            the run must give a value, and it arrives as text.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError(f"bw.param takes the name of a parameter, as in bw.param('year', 2013), not {name!r}")
    if default is not None and not isinstance(default, (bool, int, float, str)):
        raise TypeError(f"the default of bw.param({name!r}) is a text, a number or a boolean, not {default!r}")
    return ParameterInput(name, default)


def texts(what: str, values: object) -> tuple[str, ...]:
    """A list of texts, or a `TypeError` that says what should have been one. A lone text is not taken for its letters."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not all(isinstance(v, str) for v in values):
        raise TypeError(f"{what} must be a list of strings, not {values!r}")
    return tuple(values)
