"""Random histories: whatever was done to a table, on whichever branch, other readers read the rows that Bywash reads."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import pytest
from others import duckdb_rows, pyiceberg_rows
from project import Failed
from truth import assert_same

TABLE = "scratch.t"
STEPS = 24
# What two branches may be refused; nothing has changed then.
REFUSALS = ("merge-conflict", "revert-conflict")


class History:
    def __init__(self, project, seed: int):
        self.project = project
        self.chance = random.Random(seed)
        self.number = 0
        project.bywash("query", f"create table {TABLE} (id bigint, part bigint, v double) partition by (part)")
        project.bywash("query", f"insert into {TABLE} select value, value % 3, value / 4.0 from generate_series(1, 40)")
        for branch in ("dev", "fix"):
            project.bywash("branch", "create", branch)

    def step(self) -> None:
        branch = self.chance.choice(["main", "main", "dev", "fix"])
        self.number += 1
        number, identity = 1_000 + self.number, self.chance.randint(1, 60)
        columns = [row["column_name"] for row in self.query(f"describe {TABLE}", branch)]
        added = [name for name in columns if name.startswith("c")]
        statements = [
            f"insert into {TABLE} (id, part, v) values ({number}, {number % 3}, 0.5), ({number}, null, null)",
            f"update {TABLE} set v = {number} where id = {identity}",
            f"delete from {TABLE} where id % 17 = {identity % 17}",
            f"merge into {TABLE} t using (select {identity} as id, 1 as part) s on t.id = s.id "
            "when matched then update set v = -1 when not matched then insert (id, part) values (s.id, s.part)",
            f"insert overwrite {TABLE} (id, part, v) partition (part) values ({number}, 1, 1.5)",
            f"alter table {TABLE} add column c{number} int",
            ]
        if added:
            statements += [
                f"alter table {TABLE} rename column {added[0]} to c{number}",
                f"alter table {TABLE} drop column {added[-1]}",
                f"update {TABLE} set {added[0]} = 7 where id > {identity}",
            ]
        commands = [("query", "--ref", branch, self.chance.choice(statements))] * 6 + [
            ("merge", self.chance.choice([name for name in ("main", "dev", "fix") if name != branch]), "--into", branch),
            ("revert", "HEAD", "--ref", branch),
            ("table", "compact", TABLE, "--ref", branch),
            ("table", "expire", TABLE, "--keep", "2", "--ref", branch),
            ("table", "rewrite-manifests", TABLE, "--ref", branch),
        ]
        try:
            self.project.bywash(*self.chance.choice(commands))
        except Failed as failure:
            if not any(f"error[{code}]" in str(failure) for code in REFUSALS):
                raise

    def query(self, sql: str, branch: str) -> list[dict]:
        return json.loads(self.project.bywash("query", "--ref", branch, sql, "-o", "json"), parse_float=Decimal)

    def everybody_agrees(self, branch: str) -> None:
        ours = self.query(f"from {TABLE}", branch)
        for row in ours:
            row["v"] = None if row["v"] is None else float(row["v"])
        [place] = self.query(f"select metadata_location from bywash.tables where name = '{TABLE}'", branch)
        assert_same(pyiceberg_rows(place["metadata_location"]), ours, f"PyIceberg, {branch}")
        assert_same(duckdb_rows(place["metadata_location"]), ours, f"DuckDB, {branch}")


@pytest.mark.parametrize("seed", range(3))
def test_t10_random_histories(project, seed):
    history = History(project, seed)
    for step in range(STEPS):
        history.step()
        if step % 4 == 3:
            history.everybody_agrees(["main", "dev", "fix"][step // 4 % 3])
    project.bywash("gc", "--all", "--grace", "0s")
    for branch in ("main", "dev", "fix"):
        history.everybody_agrees(branch)
