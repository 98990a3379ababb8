"""The names of types in `columns=` and `args=`, as Arrow types: the words of source files, and lists and structs of them.

Whoever reads a type on the Rust side knows the same words; a test compares the two lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

__all__ = ["name_of", "plain_of", "same_kind", "schema_of", "type_of"]

OUR_WORDS = (
    "boolean, int, long, float, double, decimal(digits, behind the point), date, time, timestamp, timestamptz, "
    "string, binary, list<…>, struct<name: …>"
)

_WORDS: dict[pa.DataType, str] = {
    pa.bool_(): "boolean bool logical",
    pa.int32(): "int integer int4 int32 int2 int16 smallint tinyint mediumint serial uint8 uint16 utinyint usmallint",
    # PostgreSQL's int8 has 64 bits and Arrow's has 8: the wider holds both.
    pa.int64(): "long bigint int64 int8 bigserial uint32 uinteger",
    pa.float32(): "float real float4 float32",
    pa.float64(): "double double_precision float8 float64",
    pa.decimal128(20, 0): "uint64 ubigint",
    pa.decimal128(38, 0): "hugeint",
    pa.date32(): "date date32",
    pa.time64("us"): "time time64 time_without_time_zone",
    pa.timestamp("us"): "timestamp datetime timestamp_without_time_zone timestamp_ntz timestampntz",
    pa.timestamp("us", "UTC"): "timestamptz timestamp_with_time_zone timestamp_tz timestamp_ltz timestampltz datetimetz",
    pa.string(): "string text str varchar char character character_varying nvarchar nchar bpchar utf8 large_utf8 json "
    "jsonb uuid",
    pa.binary(): "binary bytea blob varbinary bytes large_binary",
}
_TYPES = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_DECIMALS = ("decimal", "numeric", "number", "dec", "decimal128")


def type_of(text: str) -> pa.DataType:
    """The type that a text names, as in `decimal(10, 2)`; a `TypeError` if it names none."""
    kind = _parse(text.strip())
    if kind is None:
        raise TypeError(f"`{text}` is not a type; types are {OUR_WORDS}")
    return kind


def schema_of(columns: Mapping[str, str]) -> pa.Schema:
    """The columns of a declaration."""
    return pa.schema([(name, type_of(text)) for name, text in columns.items()])


def name_of(kind: Any) -> str:
    """A type in our words, as a declaration writes it; what a declaration cannot say, as Arrow calls it."""
    if pa.types.is_dictionary(kind):
        return name_of(kind.value_type)
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if _is_list(kind):
        return f"list<{name_of(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'{field.name}: {name_of(field.type)}' for field in kind)}>"
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz is None else "timestamptz"
    if pa.types.is_time(kind):
        return "time"
    if pa.types.is_date(kind):
        return "date"
    if _is_text(kind):
        return "string"
    if _is_bytes(kind):
        return "binary"
    return _WORDS[kind].split()[0] if kind in _WORDS else str(kind)


def plain_of(kind: Any) -> pa.DataType:
    """A type without what is only layout: dictionaries, views, long offsets. So the lake keeps it."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_of(kind.value_type)
    if _is_text(kind):
        return pa.string()
    if _is_bytes(kind):
        return pa.binary()
    if _is_list(kind):
        return pa.list_(plain_of(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, plain_of(field.type)) for field in kind])
    plain: pa.DataType = kind
    return plain


def _parse(text: str) -> pa.DataType | None:
    nested = re.fullmatch(r"(list|struct)\s*<(.*)>", text, re.IGNORECASE | re.DOTALL)
    if nested and nested[1].lower() == "list":
        element = _parse(nested[2].strip())
        return element and pa.list_(element)
    if nested:
        return _struct(nested[2])
    folded = "_".join(text.lower().split())
    decimal = re.fullmatch(r"(\w+?)_?(?:\(_?(\d+)_?(?:,_?(\d+)_?)?\))?", folded)
    if decimal and decimal[1] in _DECIMALS:
        return _decimal(decimal[2], decimal[3])
    # As in SQL, `varchar(20)` and `timestamp(6) with time zone` say a length that columns do not keep.
    folded = re.sub(r"_?\([\d,_]*\)", "", folded)
    return _TYPES.get(folded)


def _decimal(digits: str | None, scale: str | None) -> pa.DataType | None:
    if digits is None:
        return pa.decimal128(38, 9)
    is_decimal = 1 <= int(digits) <= 38 and int(scale or 0) <= int(digits)
    return pa.decimal128(int(digits), int(scale or 0)) if is_decimal else None


def _struct(inside: str) -> pa.DataType | None:
    fields = []
    for part in _split(inside):
        name, colon, text = part.partition(":")
        kind = _parse(text.strip()) if colon and name.strip() else None
        if kind is None:
            return None
        fields.append((name.strip(), kind))
    return pa.struct(fields) if fields else None


def _split(text: str) -> list[str]:
    """Cut at the commas that stand in no bracket."""
    parts, depth, begin = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and depth == 0:
            parts.append(text[begin:index])
            begin = index + 1
    return [*parts, text[begin:]]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


def same_kind(given: Any, wanted: Any) -> bool:
    """Whether every value of one type is, or can be checked to be, a value of the other, with nothing lost.

    Text is text however long its offsets are, a number may become a wider one of its kind, and moments keep their unit
    or are checked when they are cut to microseconds. Text never becomes a number, and a number never another kind.
    """
    if pa.types.is_null(given) or given == wanted:
        return True
    if pa.types.is_dictionary(given):
        return same_kind(given.value_type, wanted)
    if _is_list(wanted):
        return _is_list(given) and same_kind(given.value_type, wanted.value_type)
    if pa.types.is_struct(wanted):
        return (
            pa.types.is_struct(given)
            and [field.name for field in given] == [field.name for field in wanted]
            and all(same_kind(ours.type, theirs.type) for ours, theirs in zip(given, wanted, strict=True))
        )
    if pa.types.is_timestamp(wanted):
        return pa.types.is_timestamp(given) and (given.tz is None) == (wanted.tz is None)
    if pa.types.is_decimal(wanted):
        return pa.types.is_decimal(given) or (wanted.scale == 0 and pa.types.is_integer(given))
    if pa.types.is_integer(wanted):
        return pa.types.is_integer(given) and _bits(given) <= wanted.bit_width
    if pa.types.is_floating(wanted):
        return pa.types.is_floating(given) and given.bit_width <= wanted.bit_width
    return any(
        test(given) and test(wanted) for test in (_is_text, _is_bytes, pa.types.is_date, pa.types.is_time)
    )


def _bits(kind: pa.DataType) -> int:
    """The bits of a signed number that holds it."""
    return int(kind.bit_width) + bool(pa.types.is_unsigned_integer(kind))
