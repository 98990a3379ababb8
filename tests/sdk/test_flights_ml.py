"""What examples/flights-ml adds to examples/flights, on a year of flights: the model, the SQL that reads it, its tests."""

import os
import shutil
import subprocess
import sys

import bywash as bw
import pyarrow.parquet as parquet
import pytest
from bywash import testing
from places import ROOT

ADDED = ROOT / "examples/flights-ml"


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    """The flights of New York after a run, and the risks that the model predicts from them in a file."""
    folder = tmp_path_factory.mktemp("ml") / "flights"
    shutil.copytree(ROOT / "examples/flights", folder, ignore=shutil.ignore_patterns("lake", ".bywash"))
    lake = bw.connect(folder)
    lake.run(progress=False)
    sys.path.insert(0, str(ADDED))
    try:
        from models.ml.delay_risk import delay_risk
    finally:
        sys.path.remove(str(ADDED))
        for name in [name for name in sys.modules if name.partition(".")[0] == "models"]:
            del sys.modules[name]
    risks = testing.run(delay_risk, {"departures": lake.table("marts.departures").to_arrow()})
    parquet.write_table(risks, folder / "risk.parquet")
    return lake


def asked(lake, file):
    """A query of the example, on the predictions in the file."""
    return lake.sql((ADDED / file).read_text().replace("ml.delay_risk", "'risk.parquet'")).to_pylist()


def test_predictions_are_calibrated(flights):
    assert asked(flights, "tests/risks_are_calibrated.sql") == []


def test_every_flight_is_behind_a_prediction(flights):
    predicted = flights.sql("select sum(flights), sum(spoiled) from 'risk.parquet'").fetchone()
    observed = "select count(*), count(*) filter (where spoiled) from marts.departures"
    assert predicted == flights.sql(observed).fetchone()


def test_there_is_a_flight_to_take_and_one_to_avoid(flights):
    choices = asked(flights, "models/ml/choices.sql")
    assert len(choices) > 100
    assert all(choice["take_risk_pct"] < choice["avoid_risk_pct"] for choice in choices)
    [atlanta] = [choice for choice in choices if (choice["origin"], choice["dest"]) == ("EWR", "ATL")]
    # As in the answer of the flights example: Delta in the morning, not ExpressJet in the evening.
    assert (atlanta["take"], atlanta["avoid"]) == ("Delta Air Lines", "ExpressJet Airlines")
    assert atlanta["take_hour"] < 12 < atlanta["avoid_hour"]


def test_the_examples_own_tests_pass():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ADDED, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
