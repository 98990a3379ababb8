"""Type checkers read the package as its users do."""

import re
import subprocess
import sys

from places import ROOT

USER = '''\
from typing import Annotated

import bywash as bw
import pyarrow as pa
from bywash import testing


@bw.model(columns={"carrier": "string", "risk": "float64"}, pip={"scikit-learn": "1.7.2"}, memory="2GB")
def delay_risk(flights: pa.Table = bw.table("raw.flights", columns=["carrier"]), least: int = bw.param("least", 3)) -> pa.Table:
    return flights.slice(least)


@bw.model(columns={"a": "int64"})
def counted(rows: Annotated[pa.Table, bw.table("raw.a")]) -> pa.Table:
    return rows


@bw.udf(args=["float64"], returns="float64")
def doubled(values: pa.DoubleArray) -> pa.DoubleArray:
    return values


def rows() -> pa.Table:
    lake = bw.connect("shop", ref="dev")
    run: bw.Run = lake.branch("dev").run(select="+marts.x", full_refresh=True)
    return lake.sql("from x where a > $a", a=len(run.nodes)).to_arrow()


reveal_type(delay_risk)
result: pa.Table = testing.run(delay_risk, {"flights": [{"carrier": "AA"}]}, {"least": 1})
wrong: int = bw.connect().sql("select 1").to_arrow()
bw.connect(3)
'''


def mypy(*arguments: object) -> str:
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_the_package_is_typed_strictly():
    assert mypy("--cache-dir=/dev/null") == ""


def test_a_users_file_is_checked_against_it(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    lines = mypy("--cache-dir=/dev/null", "--strict", tmp_path / "user.py").splitlines()
    said = [re.sub(r"pyarrow[\w.]*\.Table", "Table", line.partition(": ")[2]) for line in lines]
    assert said == [
        'note: Revealed type is "def (flights: Table =, least: int =) -> Table"',
        'error: Incompatible types in assignment (expression has type "Table", variable has type "int")  [assignment]',
        'error: Argument 1 to "connect" has incompatible type "int"; expected "str | PathLike[str] | None"  [arg-type]',
    ]
