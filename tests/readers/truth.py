"""What is loaded, computed here: rows of every type with nulls, and the same rows as the binary's JSON gives them.

A row is equal to another when each value has the same type and content, whichever reader it came from; a table is
equal to another when it has the same rows as often, in any order.
"""

from __future__ import annotations

import json
import random
import struct
from collections import Counter
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal


def single(value) -> float:
    """The nearest number of 32 bits: JSON has the fewest digits that name it."""
    return struct.unpack("f", struct.pack("f", value))[0]


# A column's name, the type its source declares, and how to read it from JSON.
COLUMNS = {
    "id": ("long", int),
    "flag": ("boolean", bool),
    "small": ("int", int),
    "ratio": ("float", single),
    "score": ("double", float),
    "price": ("decimal(12,3)", Decimal),
    "amount": ("decimal(38,10)", Decimal),
    "day": ("date", date.fromisoformat),
    "moment": ("timestamp", datetime.fromisoformat),
    "instant": ("timestamptz", datetime.fromisoformat),
    "clock": ("time", time.fromisoformat),
    "name": ("string", str),
}

WORDS = ["", "a", "Ä", "日本語", "it's", 'say "hi"', "two\nlines", "null", "NA", "percent%_", "naïve café", "🛫🛬", "/", "a=b"]
LONG = "the same sixteen letters and then "


def rows(count: int, seed: int, first_id: int = 0) -> list[dict]:
    """Rows of every type; about one value in eight is null, but an id never is."""
    chance = random.Random(seed)
    return [one_row(chance, first_id + index) for index in range(count)]


def one_row(chance: random.Random, identity: int) -> dict:
    seconds = chance.randint(-40 * 365 * 86400, 60 * 365 * 86400)
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds, microseconds=chance.choice([0, 1, 500_000, 999_999]))
    row = {
        "flag": chance.random() < 0.5,
        "small": chance.choice([-(2**31), 2**31 - 1, 0, -1, chance.randint(-100, 100)]),
        "ratio": single(chance.uniform(-1e6, 1e6)),
        "score": chance.choice([0.1, -1e300, 5e-324, chance.gauss(0, 1e3)]),
        "price": Decimal(f"{chance.randint(-(10**9), 10**9)}e-3"),
        "amount": Decimal(f"{chance.randint(-(10**36), 10**36)}e-10"),
        "day": moment.date(),
        "moment": moment,
        "instant": moment.replace(tzinfo=timezone.utc),
        "clock": moment.time(),
        "name": chance.choice(WORDS) + chance.choice(["", LONG + chance.choice(WORDS) * chance.randint(0, 3)]),
    }
    for name in row:
        if chance.random() < 0.125:
            row[name] = None
    return {"id": identity * 1_000_003, **row}


def line(row: dict) -> str:
    """A row as a line of JSON; exact numbers are written as numbers, with all their digits."""
    fields = (f"{json.dumps(name)}: {written(value)}" for name, value in row.items())
    return "{" + ", ".join(fields) + "}"


def written(value) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (date, datetime, time)):
        return json.dumps(value.isoformat())
    return json.dumps(value)


def from_json(row: dict) -> dict:
    """A row of the binary's JSON with the types that the columns declare."""
    return {name: None if value is None else COLUMNS[name][1](value) for name, value in row.items()}


def frozen(value):
    """A value that can be counted, with its type beside it."""
    match value:
        case dict():
            return ("struct", tuple((name, frozen(inner)) for name, inner in value.items()))
        case list() | tuple():
            return ("list", tuple(frozen(inner) for inner in value))
        case datetime() if value.tzinfo:
            return ("instant", value.astimezone(timezone.utc).isoformat())
        case memoryview() | bytearray():
            return ("bytes", bytes(value))
        case float():
            return ("float", repr(value))
        case _:
            return (type(value).__name__, value)


def assert_same(found: list[dict], expected: list[dict], who: str) -> None:
    """The same rows as often; says which are missing and which are too many."""
    ours, theirs = Counter(map(frozen, found)), Counter(map(frozen, expected))
    missing, extra = theirs - ours, ours - theirs
    if missing or extra:
        show = lambda rows: "\n".join(f"    {count} × {row}" for row, count in list(rows.items())[:3])
        raise AssertionError(
            f"{who}: {len(found)} rows instead of {len(expected)}\n"
            f"  {missing.total()} missing:\n{show(missing)}\n  {extra.total()} too many:\n{show(extra)}"
        )
