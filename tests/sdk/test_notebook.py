"""In a notebook, rows and runs show themselves, and a run's progress stands in one place that ends up empty."""

import os

import nbclient
import nbformat
from places import ROOT


def test_a_notebook_shows_rows_runs_and_progress(folder, tmp_path):
    cells = [
        f"import sys; sys.path.insert(0, {str(ROOT / 'python')!r})\nimport bywash as bw\nlake = bw.connect({str(folder)!r})",
        "lake.run()",
        "lake.sql('from marts.customers order by customer')",
        "lake.sql('select nope from raw.orders')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    # The kernel's own files stay with the test.
    os.environ.setdefault("IPYTHONDIR", str(tmp_path))
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    _, run, rows, wrong = [cell.outputs for cell in notebook.cells]
    progress, result = run
    assert progress.output_type == "display_data" and progress.data["text/html"] == "", "nothing is left of it"
    assert "<td" in result.data["text/html"] and "marts.customers" in result.data["text/html"]
    assert "2 ran" in result.data["text/plain"]
    [table] = rows
    assert "<table>" in table.data["text/html"] and "ann" in table.data["text/html"]
    assert wrong[0].ename == "BywashError" and "unknown-column" in wrong[0].evalue
