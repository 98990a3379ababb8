"""What a cold build costs, from the report of `cargo build --timings`: the sum, and the ten dearest crates."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path


def main() -> None:
    page = Path(sys.argv[1]).read_text()
    units = json.loads(re.search(r"const UNIT_DATA = (\[.*?\]);", page, re.DOTALL)[1])
    for name in ("Total time", "Max concurrency"):
        if found := re.search(rf"<td>{name}:?</td>\s*<td>(.*?)</td>", page, re.DOTALL):
            print(f"{name}: {' '.join(found[1].split())}")
    print(f"processor time: {sum(unit['duration'] for unit in units) / 60:.1f} minutes in {len(units)} units\n")
    costs: dict[str, float] = {}
    for unit in units:
        costs[f"{unit['name']} {unit['version']}"] = costs.get(f"{unit['name']} {unit['version']}", 0) + unit["duration"]
    print("| crate | seconds |\n|---|---:|")
    for name, cost in sorted(costs.items(), key=lambda item: -item[1])[:10]:
        print(f"| {name} | {cost:.0f} |")


if __name__ == "__main__":
    main()
