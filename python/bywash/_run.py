"""What a run did: the nodes, their rows, and the commit, as `bywash run -o json` tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from html import escape
from typing import Any

from ._display import html_page

__all__ = ["Node", "Run"]


@dataclass(frozen=True)
class Node:
    """One node of the graph in a run; `status` is `ran`, `reused`, `skipped` or `failed`."""

    name: str
    kind: str
    status: str
    rows: int
    bytes: int
    ms: int
    reason: str | None
    warnings: tuple[Any, ...]
    error: str | None

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Node:
        """One of the report's `nodes`."""
        known: dict[str, Any] = {field.name: node.get(field.name) for field in fields(cls)}
        return cls(**{**known, "warnings": tuple(known["warnings"] or ())})


@dataclass(frozen=True)
class Run:
    """A run that ended well; `raw` is all that the binary said."""

    id: str
    status: str
    target: str
    commit: str | None
    ms: int
    nodes: tuple[Node, ...]
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> Run:
        """The report of `bywash run -o json`."""
        return cls(
            id=report["run"],
            status=report["status"],
            target=report["target"],
            commit=report.get("commit"),
            ms=report.get("ms", 0),
            nodes=tuple(Node.of(node) for node in report.get("nodes", ())),
            raw=report,
        )

    def __getitem__(self, name: str) -> Node:
        """The node of this name."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __repr__(self) -> str:
        count = {status: sum(node.status == status for node in self.nodes) for status in ("ran", "reused")}
        commit = f", commit {self.commit[:12]}" if self.commit else ""
        return f"<run {self.status} on {self.target}: {count['ran']} ran, {count['reused']} reused{commit}>"

    def _repr_html_(self) -> str:
        rows = (
            [escape(node.status), escape(node.name), f"{node.rows or 0:,}", f"{node.ms:,}", escape(node.reason or "")]
            for node in self.nodes
        )
        head = ["", "node", "rows", "ms", "why"]
        return html_page(head, rows, [False, False, True, True, False], repr(self)[1:-1])
