"""The template `flights-ml` from `init` to its answer: scikit-learn in an environment of its own, between models in SQL."""

import os
import subprocess
import sys

import bywash as bw
import pytest
from places import BINARY, ROOT, TARGET


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A project of the template after its first run, which fetches packages unless they were kept."""
    folder = tmp_path_factory.mktemp("template") / "ml"
    subprocess.run([str(BINARY), "init", str(folder), "--template", "flights-ml"], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BYWASH_PYTHON__CACHE", str(TARGET / "tmp/python"))
        lake = bw.connect(folder)
        assert lake.run(progress=False).status == "published"
        yield lake


def test_every_flight_is_behind_a_prediction(lake):
    predicted = lake.sql("select sum(flights), sum(spoiled) from ml.delay_risk").fetchone()
    assert predicted == lake.sql("select count(*), count(*) filter (where spoiled) from marts.departures").fetchone()


def test_there_is_a_flight_to_take_and_one_to_avoid(lake):
    choices = lake.table("ml.choices").to_pylist()
    assert len(choices) > 100
    assert all(choice["take_risk_pct"] < choice["avoid_risk_pct"] for choice in choices)
    [atlanta] = [choice for choice in choices if (choice["origin"], choice["dest"]) == ("EWR", "ATL")]
    # As in the answer of the flights example: Delta in the morning, not ExpressJet in the evening.
    assert (atlanta["take"], atlanta["avoid"]) == ("Delta Air Lines", "ExpressJet Airlines")
    assert atlanta["take_hour"] < 12 < atlanta["avoid_hour"]


def test_packages_are_locked_beside_the_project(lake):
    lock = (lake.folder / "bywash.lock").read_text()
    assert "scikit-learn==1.7.2 \\\n    --hash=sha256:" in lock


def test_nothing_warns_of_the_shield_around_functions(lake):
    assert [log.read_text() for log in (lake.folder / ".bywash").glob("logs/*")] == []


def test_only_edits_and_parameters_make_the_model_run_again(lake):
    assert {node.status for node in lake.run(progress=False)} == {"reused"}
    file = lake.folder / "models/ml/delay_risk.py"
    file.write_text(file.read_text().replace("import numpy\n", "import numpy  # arrays\n"))
    assert {node.status for node in lake.run(progress=False)} == {"reused"}
    ran = [node.name for node in lake.run(parameters={"caution": 10}, progress=False) if node.status == "ran"]
    assert ran == ["ml.delay_risk", "ml.choices"]


def test_the_examples_own_tests_pass():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    folder = ROOT / "examples/flights-ml"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
