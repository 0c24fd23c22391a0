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


def run(notebook, folder):
    """The text that each code cell puts out, in a kernel of its own."""
    from nbclient import NotebookClient

    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return {cell["id"]: "\n".join(map(text_of, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    return run(read(NOTEBOOKS / "quickstart.ipynb"), tmp_path_factory.mktemp("quickstart"))


@pytest.fixture(scope="module")
def runtimes(tmp_path_factory):
    """What the cells of custom_code.ipynb put out in a first kernel, and those of the new runtime in a second one."""
    folder = tmp_path_factory.mktemp("custom_code")
    parts = read(NOTEBOOKS / "custom_code.ipynb"), read(NOTEBOOKS / "custom_code.ipynb")
    for notebook, is_new in zip(parts, (False, True), strict=True):
        tagged = [cell for cell in notebook.cells if ("new-runtime" in cell.metadata.get("tags", ())) is is_new]
        notebook.cells = tagged
    return [run(notebook, folder) for notebook in parts]


def text_of(output):
    return output.get("text") or output.get("data", {}).get("text/plain", "")


@pytest.mark.tensorflow
@pytest.mark.parametrize("cell", ["save", "save-again", "load", "save-service", "load-service", "train-and-save"])
def test_the_quickstart_proves_each_save_and_each_load(quickstart, cell):
    assert re.search("^PASSED ", quickstart[cell], re.MULTILINE)


@pytest.mark.tensorflow
def test_the_quickstart_has_the_same_accuracy_before_and_after(quickstart):
    before, after = (re.search(r"accuracy ([\d.]+)", quickstart[cell])[1] for cell in ("save-again", "accuracy"))
    assert before == after


@pytest.mark.tensorflow
def test_the_quickstart_lists_what_it_saved(quickstart):
    assert "digits" in quickstart["list"]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("part", "cell"), [(0, "save"), (1, "load")])
def test_classes_of_cells_are_proven_with_their_code(runtimes, part, cell):
    shown = runtimes[part][cell]
    assert re.search("^PASSED ", shown, re.MULTILINE)
    assert "code PASSED" in shown


@pytest.mark.tensorflow
def test_a_new_runtime_without_the_classes_predicts_the_same(runtimes):
    before, after = (
        re.search(r"sequences ([\d.]+)", text)[1] for text in (runtimes[0]["before"], runtimes[1]["after"])
    )
    assert before == after
    assert float(after) > 0.5, "the model has learnt nothing"


@pytest.mark.tensorflow
def test_a_new_runtime_trains_on_where_the_first_one_stood(runtimes):
    expected, actual = (
        [float(loss) for loss in re.findall(r"(?:step|epoch) ([\d.]+)", text)]
        for text in (runtimes[0]["next-step"], runtimes[1]["train-on"])
    )
    assert expected == pytest.approx(actual, rel=1e-5)
    assert actual[1] < actual[0]


@pytest.mark.tensorflow
def test_a_new_runtime_can_read_what_was_captured(runtimes):
    assert "class Attention(keras.layers.Layer):" in runtimes[1]["show"]


@pytest.mark.tensorflow
def test_the_panels_notebook_shows_a_panel_and_does_the_same_without_it(tmp_path):
    shown = run(read(NOTEBOOKS / "panel.ipynb"), tmp_path)
    assert "digits — Sequential, 4,810 parameters" in shown["panel"]
    assert re.search("^PASSED ", shown["save"], re.MULTILINE)
    assert shown["train"].strip() == shown["back"].strip().splitlines()[-1]
