"""`@bw.model` and `@bw.udf`: what makes a plain function a node of the graph, or a function of SQL.

A decorator changes nothing about its function: it checks what was written, notes it on the function, and returns it,
so that the function can be called and tested like any other. Bywash itself reads the source text and runs no decorator
to know the graph; the checks here are for the reader of a stack trace, and for tests.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, TypeVar, get_type_hints, overload

from ._markers import ParameterInput, TableInput, texts

__all__ = ["Columns", "ModelSettings", "UdfSettings", "hints_of", "inputs_of", "model", "udf"]

Function = TypeVar("Function", bound=Callable[..., Any])
Columns = Mapping[str, str]
Packages = Mapping[str, str] | Sequence[str]
Kind = Literal["table", "incremental"]


@dataclass(frozen=True)
class ModelSettings:
    """What `@bw.model` was told, as it stands on the function under `__bywash_model__`.

    `outputs` maps the name of each table that the function makes to its columns; `several` says whether the function
    returns a dictionary of them, or the one table itself. A table without columns awaits `bywash infer`.
    """

    name: str
    outputs: Mapping[str, Columns]
    several: bool
    pip: Mapping[str, str]
    python: str | None
    memory: str | None
    cpus: float | None
    timeout: str | None
    network: bool
    kind: Kind
    partition_by: tuple[str, ...]
    unique_key: tuple[str, ...]
    order_by: tuple[str, ...]
    incremental_from: tuple[str, ...]
    static: tuple[str, ...]
    lineage: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]
    description: str | None
    stable_for: str | None
    volatile: bool


@dataclass(frozen=True)
class UdfSettings:
    """What `@bw.udf` was told, as it stands on the function under `__bywash_udf__`."""

    name: str
    args: tuple[str, ...]
    returns: str
    pip: Mapping[str, str]
    python: str | None
    volatile: bool


@overload
def model(bare: Function, /) -> Function: ...


@overload
def model(
    *,
    columns: Columns | Mapping[str, Columns] | None = None,
    pip: Packages | None = None,
    python: str | None = None,
    memory: str | None = None,
    cpus: float | None = None,
    timeout: str | None = None,
    network: bool = False,
    kind: Kind = "table",
    partition_by: str | Sequence[str] | None = None,
    unique_key: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] | None = None,
    incremental_from: str | Sequence[str] | None = None,
    static: str | Sequence[str] | None = None,
    lineage: Mapping[str, str | Sequence[str]] | None = None,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    description: str | None = None,
    stable_for: str | None = None,
    volatile: bool = False,
) -> Callable[[Function], Function]: ...


def model(
    bare: Function | None = None,
    /,
    *,
    columns: Columns | Mapping[str, Columns] | None = None,
    pip: Packages | None = None,
    python: str | None = None,
    memory: str | None = None,
    cpus: float | None = None,
    timeout: str | None = None,
    network: bool = False,
    kind: Kind = "table",
    partition_by: str | Sequence[str] | None = None,
    unique_key: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] | None = None,
    incremental_from: str | Sequence[str] | None = None,
    static: str | Sequence[str] | None = None,
    lineage: Mapping[str, str | Sequence[str]] | None = None,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    description: str | None = None,
    stable_for: str | None = None,
    volatile: bool = False,
) -> Function | Callable[[Function], Function]:
    """The function makes a table of the graph, and its name is the table's name.

    Every argument of the function is a `bw.table` or a `bw.param`, as its default value or in `Annotated[…]`. It
    returns a `pyarrow.Table`, anything else with `__arrow_c_stream__`, a `RecordBatchReader`, or a generator of
    record batches. All values below are literals: Bywash reads them without running the module.

    Args:
        columns: The columns of the table and their types, as in `{"carrier": "string", "risk": "float64"}`; or, for a
            function that returns a dictionary of tables, such a mapping for the name of each. A run needs them;
            `bywash infer NODE` writes them for you.
        pip: Packages that the function needs and their versions: `{"scikit-learn": "1.7.2", "polars": ">=1,<2"}`,
            or a list of requirements as pip writes them.
        python: The version of Python, as in `"3.12"`; else that of the machine.
        memory: How much memory the function may take, as in `"2GB"`.
        cpus: How many processors it may keep busy.
        timeout: How long it may take, as in `"10m"`.
        network: Whether it may use the network. Its result is then never taken over from an earlier run, unless
            `stable_for` says so.
        kind: `"table"`, written anew when something changed; or `"incremental"`, which adds what the function returns
            for new rows alone, and calls it with all rows where anything else changed.
        partition_by: How files are laid out, as in `["month(time_hour)"]`.
        unique_key: The columns that tell rows of an incremental model apart.
        order_by: Which row of a key stays: the last one.
        incremental_from: The tables whose new rows suffice, as in `["raw.flights"]`; an incremental model needs it.
            This is a promise: called with only the new rows of these tables, and all rows of the others, the function
            returns just the rows that belong to them. Functions that compare rows of these tables with each other, as
            for a sum or a rank, cannot promise it.
        static: Tables that the function reads and whose changes do not count.
        lineage: What columns are made of, as in `{"risk": ["flights.delay"]}`: each a column of an argument. Without it,
            `bywash lineage` takes every column to be made of all that the function reads.
        name: The name of the table, if it is not the function's.
        tags: Words to select the node by: `bywash run -s tag:nightly`.
        description: What the table is; else the function's first line of documentation.
        stable_for: How long a result that may differ each time is good enough, as in `"1d"`.
        volatile: That the function may return something else each time, from the clock or by chance.
    """
    what = "@bw.model"
    outputs, several = _outputs(columns)
    for key, text in {"python": python, "memory": memory, "timeout": timeout, "name": name,
                      "description": description, "stable_for": stable_for}.items():
        _check(text is None or isinstance(text, str), f"{key}= of {what} must be a string, not {text!r}")
    for key, flag in {"network": network, "volatile": volatile}.items():
        _check(isinstance(flag, bool), f"{key}= of {what} must be True or False, not {flag!r}")
    number = isinstance(cpus, (int, float)) and not isinstance(cpus, bool) and cpus > 0
    _check(cpus is None or number, f"cpus= of {what} must be a positive number, not {cpus!r}")
    _check(kind in ("table", "incremental"), f"kind= of {what} must be 'table' or 'incremental', not {kind!r}")
    _check(kind == "table" or bool(incremental_from), f"kind='incremental' of {what} needs incremental_from=, the tables that grow")
    _check(not (several and name), f"name= of {what} is for one table; columns= names several")

    def decorate(function: Function) -> Function:
        _check_function(what, function)
        inputs_of(function)
        settings = ModelSettings(
            name=name or function.__name__,
            outputs=outputs if several else {name or function.__name__: outputs.get("", {})},
            several=several,
            pip=_packages(what, pip),
            python=python,
            memory=memory,
            cpus=cpus,
            timeout=timeout,
            network=network,
            kind=kind,
            partition_by=_one_or_more(f"partition_by= of {what}", partition_by),
            unique_key=_one_or_more(f"unique_key= of {what}", unique_key),
            order_by=_one_or_more(f"order_by= of {what}", order_by),
            incremental_from=_one_or_more(f"incremental_from= of {what}", incremental_from),
            static=_one_or_more(f"static= of {what}", static),
            lineage={column: _one_or_more(f"lineage= of {what}", made_of) for column, made_of in (lineage or {}).items()},
            tags=texts(f"tags= of {what}", tags or ()),
            description=description,
            stable_for=stable_for,
            volatile=volatile,
        )
        function.__bywash_model__ = settings  # type: ignore[attr-defined]
        return function

    # `@bw.model` alone declares nothing yet: `bywash infer` adds the brackets.
    return decorate if bare is None else decorate(bare)


def udf(
    *,
    args: Sequence[str],
    returns: str,
    pip: Packages | None = None,
    python: str | None = None,
    volatile: bool = False,
) -> Callable[[Function], Function]:
    """The function, in `functions/*.py`, is a function of SQL: it takes arrays and returns one of the same length.

    Args:
        args: The types of its arguments, as in `["float64", "string"]`; each arrives as a `pyarrow.Array`.
        returns: The type of its result.
        pip: Packages that the function needs and their versions: `{"scikit-learn": "1.7.2", "polars": ">=1,<2"}`,
            or a list of requirements as pip writes them.
        python: The version of Python, as in `"3.12"`; else that of the machine.
        volatile: That it may return something else for the same arguments.
    """
    what = "@bw.udf"
    types = texts(f"args= of {what}", args)
    _check(bool(types), f"args= of {what} names no column, so the function cannot know how many values to give")
    _check(isinstance(returns, str), f"returns= of {what} must be a type in a string, not {returns!r}")
    _check(python is None or isinstance(python, str), f"python= of {what} must be a string, not {python!r}")
    _check(isinstance(volatile, bool), f"volatile= of {what} must be True or False, not {volatile!r}")

    def decorate(function: Function) -> Function:
        _check_function(what, function)
        takes = len(inspect.signature(function).parameters)
        _check(takes == len(types), f"`{function.__name__}` takes {takes} arguments, and args= has {len(types)} types")
        settings = UdfSettings(function.__name__, types, returns, _packages(what, pip), python, volatile)
        function.__bywash_udf__ = settings  # type: ignore[attr-defined]
        return function

    return decorate


def inputs_of(function: Callable[..., Any]) -> dict[str, TableInput | ParameterInput]:
    """What each argument of a model function is, by its name; a `TypeError` if one is neither table nor parameter."""
    hints = hints_of(function)
    inputs = {}
    for parameter in inspect.signature(function).parameters.values():
        place = f"argument `{parameter.name}` of `{getattr(function, '__name__', function)}`"
        _check(
            parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY),
            f"{place} must be passed by its name: write it without `*` and before no `/`",
        )
        markers = [
            marker
            for marker in (parameter.default, *getattr(hints.get(parameter.name), "__metadata__", ()))
            if isinstance(marker, (TableInput, ParameterInput))
        ]
        _check(len(markers) < 2, f"{place} has two inputs: leave one out")
        _check(
            bool(markers),
            f"{place} says nothing about where it comes from: "
            f"write `{parameter.name}=bw.table('namespace.name')` or `{parameter.name}=bw.param('name')`",
        )
        inputs[parameter.name] = markers[0]
    return inputs


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations as objects, or what can be had of them: names that only type checkers import stay unknown."""
    try:
        return get_type_hints(function, include_extras=True)
    except Exception:
        return dict(getattr(function, "__annotations__", {}))


def _outputs(columns: object) -> tuple[dict[str, dict[str, str]], bool]:
    """The columns of each table by its name, and whether there are several; the only table is called `""` here."""
    wrong = "columns= of @bw.model must map columns to types, as in {'carrier': 'string', 'risk': 'float64'}"
    if columns is None:
        return {}, False
    if _is_columns(columns):
        return {"": dict(columns)}, False
    _check(isinstance(columns, Mapping) and bool(columns), f"{wrong}, not {columns!r}")
    assert isinstance(columns, Mapping)
    for name, one in columns.items():
        _check(isinstance(name, str) and _is_columns(one), f"{wrong}, or tables to such mappings; {name!r} has {one!r}")
    return {name: dict(one) for name, one in columns.items()}, True


def _is_columns(value: object) -> TypeGuard[Columns]:
    return isinstance(value, Mapping) and bool(value) and all(
        isinstance(column, str) and isinstance(kind, str) for column, kind in value.items()
    )


def _packages(what: str, pip: object) -> dict[str, str]:
    """Packages and their versions; a list has them in one text, as pip does."""
    wrong = f"pip= of {what} must map packages to versions, as in {{'scikit-learn': '1.7.2'}}, not {pip!r}"
    if pip is None:
        return {}
    if isinstance(pip, Sequence) and not isinstance(pip, str):
        _check(all(isinstance(requirement, str) for requirement in pip), wrong)
        parts = [re.split(r"(?=[=<>!~])", requirement, maxsplit=1) for requirement in pip]
        return {name.strip(): version[0].strip() if version else "" for name, *version in parts}
    _check(isinstance(pip, Mapping), wrong)
    assert isinstance(pip, Mapping)
    _check(all(isinstance(text, str) for item in pip.items() for text in item), wrong)
    return dict(pip)


def _one_or_more(what: str, value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else texts(what, value or ())


def _check_function(what: str, function: object) -> None:
    _check(
        inspect.isfunction(function),
        f"{what} stands above a function, written with `def`; {function!r} is none",
    )
    _check(
        not inspect.iscoroutinefunction(function) and not inspect.isasyncgenfunction(function),
        f"`{getattr(function, '__name__', function)}` is asynchronous: {what} takes a plain function",
    )


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise TypeError(otherwise)
