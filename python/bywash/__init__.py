"""Bywash: versioned tables, SQL and Python models, in one binary; this is what Python sees of it.

    import bywash as bw

    @bw.model(columns={"carrier": "string", "risk": "float64"})
    def delay_risk(flights=bw.table("raw.flights", columns=["carrier", "dep_delay"])):
        ...

makes a node of the graph, in `models/<namespace>/<file>.py`;

    lake = bw.connect("flights")
    lake.sql("from marts.answer").to_pandas()

asks a project. `bywash.testing` runs a model function in a test.
"""

from ._decorators import ModelSettings, UdfSettings, model, udf
from ._errors import BywashError, ColumnsError, Place
from ._lake import Lake, connect
from ._markers import ParameterInput, TableInput, param, table
from ._rows import Rows
from ._run import Node, Run

__all__ = [
    "BywashError",
    "ColumnsError",
    "Lake",
    "ModelSettings",
    "Node",
    "ParameterInput",
    "Place",
    "Rows",
    "Run",
    "TableInput",
    "UdfSettings",
    "connect",
    "model",
    "param",
    "table",
    "udf",
]
