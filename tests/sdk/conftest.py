"""The SDK as it stands in the tree, the binary that `BYWASH_BIN` names, and a small project."""

import sys

import pytest
from places import ROOT

# The binary and the wheel carry these folders: nothing is left in them.
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "python"))

ORDERS = """\
id,customer,amount,day
1,ann,10.5,2026-01-01
2,bob,20,2026-01-02
3,ann,,2026-01-03
"""


@pytest.fixture
def folder(tmp_path):
    """A project with one source and one model, which has not run yet."""
    files = {
        "bywash.toml": '[project]\nname = "shop"\n',
        "data/orders.csv": ORDERS,
        "sources/raw.yml": "name: raw\ntype: files\nresources:\n  - name: orders\n    path: data/orders*.csv\n",
        "models/marts/customers.sql": "select customer, count(*) as orders from raw.orders group by customer\n",
    }
    for name, text in files.items():
        place = tmp_path / "shop" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tmp_path / "shop"


@pytest.fixture
def lake(folder):
    """The project after its first run."""
    import bywash as bw

    lake = bw.connect(folder)
    lake.run(progress=False)
    return lake
