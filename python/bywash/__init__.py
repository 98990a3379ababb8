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
from ._markers import ParameterInput, TableInput, param, table

__all__ = [
    "BywashError",
    "ColumnsError",
    "ModelSettings",
    "ParameterInput",
    "Place",
    "TableInput",
    "UdfSettings",
    "model",
    "param",
    "table",
    "udf",
]
