"""The notebooks run from top to bottom, in a real kernel, and prove what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def read(path):
    import nbformat  # which validates what it reads

    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_carries_no_output(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert [] == [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """The text that each code cell of the quickstart put out."""
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("quickstart")
    notebook = read(NOTEBOOKS / "quickstart.ipynb")
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return {cell["id"]: "\n".join(map(text_of, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"}


def text_of(output):
    return output.get("text") or output.get("data", {}).get("text/plain", "")


@pytest.mark.tensorflow
@pytest.mark.parametrize("cell", ["save", "load", "save-service", "load-service", "train-and-save"])
def test_the_quickstart_proves_each_save_and_each_load(quickstart, cell):
    assert re.search("^PASSED ", quickstart[cell], re.MULTILINE)


@pytest.mark.tensorflow
def test_the_quickstart_has_the_same_accuracy_before_and_after(quickstart):
    before, after = (re.search(r"accuracy ([\d.]+)", quickstart[cell])[1] for cell in ("train", "accuracy"))
    assert before == after


@pytest.mark.tensorflow
def test_the_quickstart_lists_what_it_saved(quickstart):
    assert "digits" in quickstart["list"]
