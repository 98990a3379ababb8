"""How likely a flight is spoiled, by carrier, route and hour: learned from all flights of the year together.

A share alone would say nothing about the many choices that were flown a few times only. A logistic regression knows the
carrier, the route and the hour of every flight, so that a rare choice borrows from the flights that resemble it.
"""

import bywash as bw
import numpy
import pyarrow as pa
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

CHOICE = ["carrier", "airline", "origin", "dest", "scheduled_hour"]


@bw.model(
    columns={
        "carrier": "string",
        "airline": "string",
        "origin": "string",
        "dest": "string",
        "scheduled_hour": "int64",
        "flights": "int64",
        "spoiled": "int64",
        "risk": "float64",
    },
    pip={"scikit-learn": "1.7.2"},
    memory="2GB",
    timeout="5m",
    tags=["ml"],
)
def delay_risk(
    departures: pa.Table = bw.table(
        "marts.departures",
        columns=["carrier", "airline", "origin", "dest", "scheduled_hour", "spoiled"],
        filter="airline is not null",
    ),
    caution: float = bw.param("caution", 1.0),
) -> pa.Table:
    """The predicted share of spoiled flights for every choice of carrier, route and hour that was flown."""
    choices = (
        departures.group_by(CHOICE)
        .aggregate([("spoiled", "count"), ("spoiled", "sum")])
        .rename_columns([*CHOICE, "flights", "spoiled"])
        .sort_by([(name, "ascending") for name in CHOICE])
    )
    flights = choices["flights"].to_numpy()
    spoiled = choices["spoiled"].to_numpy()
    features = features_of(choices)
    # Each choice twice: once for its spoiled flights, once for the others, each as often as it was flown.
    model = make_pipeline(OneHotEncoder(), LogisticRegression(C=1 / caution, max_iter=1000))
    model.fit(
        numpy.concatenate([features, features]),
        numpy.repeat([1, 0], len(flights)),
        logisticregression__sample_weight=numpy.concatenate([spoiled, flights - spoiled]),
    )
    # Digits that another machine might compute otherwise are no news to whoever reads this table.
    risk = model.predict_proba(features)[:, 1].round(4)
    return choices.set_column(6, "spoiled", pa.array(spoiled, pa.int64())).append_column("risk", pa.array(risk))


def features_of(choices: pa.Table) -> numpy.ndarray:
    """The carrier, the route and the hour of each choice, as words: no hour is more than another."""
    route = [f"{origin}-{dest}" for origin, dest in zip(choices["origin"].to_pylist(), choices["dest"].to_pylist())]
    return numpy.array([choices["carrier"].to_pylist(), route, choices["scheduled_hour"].to_pylist()], dtype=object).T
