"""The model on a few flights, in plain pytest: `pip install bywash scikit-learn pytest && python -m pytest`."""

from bywash import testing
from models.ml.delay_risk import delay_risk


def flights(carrier: str, hour: int, spoiled: int, punctual: int) -> list[dict]:
    flight = {"carrier": carrier, "airline": f"{carrier} Air", "origin": "JFK", "dest": "BOS", "scheduled_hour": hour}
    return [{**flight, "spoiled": True}] * spoiled + [{**flight, "spoiled": False}] * punctual


def test_the_later_flight_is_the_riskier_one():
    departures = flights("AA", 6, 5, 95) + flights("AA", 21, 40, 60) + flights("UA", 6, 8, 92) + flights("UA", 21, 1, 1)
    risk = {(row["carrier"], row["scheduled_hour"]): row for row in testing.run(delay_risk, {"departures": departures}).to_pylist()}
    assert risk["AA", 21]["risk"] > risk["AA", 6]["risk"]
    # Two flights say little by themselves: the others' evening counts for them too.
    assert 0.3 < risk["UA", 21]["risk"] < 0.5
    assert (risk["AA", 6]["flights"], risk["AA", 6]["spoiled"]) == (100, 5)
