"""What examples/flights asks of an engine: its files, and its models in an order in which they can be built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "flights"
NAMESPACES = "raw|seeds|staging|marts"


@dataclass(frozen=True)
class Model:
    """A model's table, its SQL as it stands in the file, whether it is a view, and what it reads."""

    name: str
    sql: str
    is_view: bool
    reads: frozenset[str]


def raw_files() -> dict[str, Path]:
    return {f"raw.{file.name.split('.')[0]}": file for file in sorted(EXAMPLE.glob("data/*.csv.zst"))}


def seed_files() -> dict[str, Path]:
    return {f"seeds.{file.stem}": file for file in sorted(EXAMPLE.glob("seeds/*.csv"))}


def models() -> list[Model]:
    """Every model after those that it reads."""
    found = {}
    for file in EXAMPLE.glob("models/*/**/*.sql"):
        name = f"{file.relative_to(EXAMPLE / 'models').parts[0]}.{file.stem}"
        sql = file.read_text()
        reads = set(re.findall(rf"\b((?:{NAMESPACES})\.\w+)", re.sub(r"--.*", "", sql))) - {name}
        found[name] = Model(name, sql, "kind: view" in sql, frozenset(reads))
    order = TopologicalSorter({name: sorted(model.reads & found.keys()) for name, model in sorted(found.items())})
    return [found[name] for name in order.static_order()]
