"""Run a model function in plain pytest, on tables that the test gives, as a run of the project would call it.

    from bywash import testing
    from models.marts.risk import delay_risk

    def test_risk_is_a_share():
        flights = [{"carrier": "AA", "dep_delay": 45}, {"carrier": "AA", "dep_delay": None}]
        risk = testing.run(delay_risk, {"flights": flights})
        assert risk.to_pylist() == [{"carrier": "AA", "risk": 1.0}]

The columns and the filter of `bw.table` apply, tables arrive in the annotated form, and what the function returns is
checked against `columns=` by the code that checks it in a run. What a run adds is left out: its packages (the test's
own environment serves), its limits, and the shield around files and network.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from ._columns import batches_of, checked, outputs_of
from ._decorators import ModelSettings, hints_of, inputs_of
from ._errors import BywashError, ColumnsError
from ._forms import form_of, in_form
from ._lake import connect
from ._markers import ParameterInput, TableInput
from ._types import plain_of, schema_of

__all__ = ["run", "run_several"]

Rows = Any
"""What a test gives for a table: a `pyarrow.Table`, a data frame, or a list of dictionaries."""


def run(
    function: Callable[..., Any],
    inputs: Mapping[str, Rows] | None = None,
    params: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Calls a model function and gives the table that a run would publish.

    Args:
        function: The function under `@bw.model`.
        inputs: For each argument that is a `bw.table`, its rows: an Arrow table, a data frame, or a list of
            dictionaries.
        params: Values for arguments that are a `bw.param`; the others have their default.

    Raises:
        ColumnsError: What was returned, or given, has not the columns and types that are declared.
        TypeError: It is no model function, or the arguments are not its own.
    """
    tables = run_several(function, inputs, params)
    if len(tables) != 1:
        raise TypeError(f"`{function.__name__}` makes several tables: use `testing.run_several`")
    return next(iter(tables.values()))


def run_several(
    function: Callable[..., Any],
    inputs: Mapping[str, Rows] | None = None,
    params: Mapping[str, Any] | None = None,
) -> dict[str, pa.Table]:
    """As `run`, for a function that makes several tables: all of them by their names."""
    settings = getattr(function, "__bywash_model__", None)
    if not isinstance(settings, ModelSettings):
        raise TypeError(f"`{getattr(function, '__name__', function)}` has no `@bw.model` above it")
    arguments = _arguments(function, inputs or {}, params or {})
    results = outputs_of(function(**arguments), settings.outputs, settings.several)
    return {name: _published(results[name], columns, name) for name, columns in settings.outputs.items()}


def _published(result: object, columns: Mapping[str, str], table: str) -> pa.Table:
    if not columns:
        # `bywash infer` has not been here: any columns will do.
        return pa.Table.from_batches(batches_of(result, table))
    schema = schema_of(columns)
    return pa.Table.from_batches(checked(result, schema, table), schema)


def _arguments(function: Callable[..., Any], inputs: Mapping[str, Rows], params: Mapping[str, Any]) -> dict[str, Any]:
    markers = inputs_of(function)
    hints = hints_of(function)
    tables = {name for name, marker in markers.items() if isinstance(marker, TableInput)}
    if set(inputs) != tables:
        raise TypeError(f"`{function.__name__}` reads the tables {_listed(tables)}; the test gives {_listed(inputs)}")
    unknown = {name for name in params if name not in markers or name in tables}
    if unknown:
        raise TypeError(f"`{function.__name__}` has no parameter {_listed(unknown)}")
    arguments = {}
    for name, marker in markers.items():
        if isinstance(marker, TableInput):
            rows = _scanned(_table(inputs[name], name), marker, name)
            arguments[name] = in_form(rows, form_of(hints.get(name)))
        else:
            arguments[name] = _value(name, marker, params)
    return arguments


def _value(argument: str, marker: ParameterInput, params: Mapping[str, Any]) -> Any:
    value = params.get(argument, marker.default)
    if value is None and argument not in params:
        raise TypeError(f"the parameter `{argument}` has no default: give it in `params`")
    return value


def _table(rows: Rows, argument: str) -> pa.Table:
    if isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        return pa.Table.from_pylist(cast("list[Mapping[str, Any]]", list(rows)))
    try:
        batches = list(batches_of(rows, argument))
        # The first one may only say which columns there are; a function that counts batches must not see it.
        table = pa.Table.from_batches([batch for batch in batches if batch.num_rows], batches[0].schema)
    except (ColumnsError, IndexError) as problem:
        raise TypeError(
            f"`{argument}` needs a `pyarrow.Table`, a data frame or a list of dictionaries, not {rows!r}"
        ) from problem
    # As the lake keeps them: data frames have texts of other kinds.
    plain = [field.with_type(plain_of(field.type)) for field in table.schema]
    return table.cast(pa.schema(plain))


def _scanned(table: pa.Table, marker: TableInput, argument: str) -> pa.Table:
    """The rows and columns that a scan for this argument would give."""
    missing = [name for name in marker.columns or () if name not in table.column_names]
    if missing:
        raise ColumnsError(
            f"the rows given for `{argument}` lack {_listed(missing)}, which `bw.table('{marker.name}')` reads",
            code="unknown-column",
            hints=["give these columns, or read others"],
        )
    if marker.filter is not None:
        table = _filtered(table, marker.filter, argument)
    return table.select(marker.columns) if marker.columns is not None else table


def _filtered(table: pa.Table, condition: str, argument: str) -> pa.Table:
    """The rows that meet a condition: the engine that reads it in a run reads it here. A row has a number meanwhile, so
    that types and order stay the test's own."""
    import pyarrow.parquet as parquet

    number = "row_number_of_the_test"
    numbered = table.append_column(number, pa.array(range(table.num_rows), pa.int64()))
    with tempfile.TemporaryDirectory() as folder:
        parquet.write_table(numbered, Path(folder) / "rows.parquet")
        try:
            rows = connect(folder).sql(f"select {number} from 'rows.parquet' where (\n{condition}\n) order by {number}")
            return table.take(rows.to_arrow().column(number))
        except BywashError as problem:
            raise BywashError(
                f"the filter of `{argument}`, `{condition}`, fails: {problem.message}",
                code=problem.code,
                hints=problem.hints,
            ) from problem


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
