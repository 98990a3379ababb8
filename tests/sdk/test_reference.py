"""The examples of docs/reference/python.md, from first to last, in a project of their own."""

import re
import sys

from places import ROOT

PAGE = ROOT / "docs/reference/python.md"


def test_the_examples_of_the_reference_run(folder, tmp_path, monkeypatch):
    # Functions are called by `bywash.testing` here, not by a run.
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(folder)
    known = set(sys.modules)
    names = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        file = re.match(r"# (\S+\.py)\n", block)
        if file:
            place = tmp_path / file[1]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block)
        exec(compile(block, str(PAGE), "exec"), names)
    assert names["run"].status == "published"
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()
    for name in set(sys.modules) - known:
        if name.partition(".")[0] == "models":
            del sys.modules[name]
