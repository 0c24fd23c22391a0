"""The magics in a real kernel, as a notebook's front end sees them: errors, interrupts, and a model there and back."""

from __future__ import annotations

import pytest

# jupyter_client 7.4.9, which Colab pins, is older than its Python; our own code runs in the kernel's process.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

START = "%load_ext colab_save\nimport ipywidgets\n"


def notebook_of(*cells):
    from nbformat.v4 import new_code_cell, new_notebook

    return new_notebook(cells=[new_code_cell(cell) for cell in cells])


def execute(notebook, folder, **options):
    """Run all cells; return the outputs of each."""
    from nbclient import NotebookClient

    resources = {"metadata": {"path": folder}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources, **options).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What cells with wrong words and with a bug put out."""
    cells = (
        START,
        "%savemodel modle cats",
        "out = ipywidgets.Output()\nwith out:\n    %savemodel modle cats",
        "print([(found['ename'], found['traceback']) for found in out.outputs])",
        "%%savemodel net --sampel x\nran = True",
        "%savemodel --sample",
        "%%savemodel net\nraise KeyboardInterrupt",
    )
    return execute(notebook_of(*cells), tmp_path_factory.mktemp("kernel"), allow_errors=True)


MODLE = ["UnknownNameError: MODEL modle: there is no variable 'modle'.", "Hint: Define it first."]


def test_a_wrong_word_is_one_line_and_a_hint(outputs):
    (error,) = outputs[1]
    assert ("error", "UnknownNameError") == (error.output_type, error.ename)
    assert MODLE == error.traceback


def test_in_an_output_widget_it_is_the_same(outputs):
    (printed,) = outputs[3]
    assert str([("UnknownNameError", MODLE)]) == printed.text.strip()


def test_a_wrong_option_of_a_cell_is_the_same(outputs):
    (error,) = outputs[4]
    assert [
        "UnknownNameError: %savemodel has no option '--sampel'.",
        "Hint: Did you mean '--sample'?",
    ] == error.traceback


def test_a_missing_value_is_the_same(outputs):
    (error,) = outputs[5]
    assert 2 == len(error.traceback)


def test_the_cells_own_error_is_shown_beside_that_of_the_save(outputs):
    assert ["KeyboardInterrupt", "UnknownNameError"] == [found.ename for found in outputs[6]]


def test_run_all_stops_at_a_wrong_word(tmp_path):
    from nbclient.exceptions import CellExecutionError

    notebook = notebook_of(START, "%savemodel modle cats", "print('ran on')")
    with pytest.raises(CellExecutionError, match="UnknownNameError"):
        execute(notebook, tmp_path)
    assert [] == notebook.cells[2].outputs


@pytest.mark.tensorflow
def test_a_model_goes_there_and_back(tmp_path):
    outputs = execute(
        notebook_of(
            START,
            "import keras\nnet = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])",
            "%savemodel net cats --tag best",
            "back = %loadmodel cats@best",
            "bool((back.predict([[1., 2.]], verbose=0) == net.predict([[1., 2.]], verbose=0)).all())",
            "%listmodels",
            "import colab_save\ncolab_save.load_model('cats').count_params()",
        ),
        tmp_path,
    )
    texts = ["".join(found.get("data", {}).get("text/plain", "") for found in each) for each in outputs]
    assert ["PASSED", "PASSED"] == [texts[2][:6], texts[3][:6]]
    assert "text/html" in outputs[2][-1].data
    assert ["True", "3"] == [texts[4], texts[6]]
    assert "cats" in texts[5]


@pytest.mark.tensorflow
def test_a_cell_that_fails_is_saved_and_run_all_stops(tmp_path):
    from nbclient.exceptions import CellExecutionError

    notebook = notebook_of(
        START,
        "import keras",
        "%%savemodel net cats\n"
        "net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "raise ValueError('in the third epoch')",
        "print('ran on')",
    )
    with pytest.raises(CellExecutionError, match="in the third epoch"):
        execute(notebook, tmp_path)
    first, *_, last = notebook.cells[2].outputs
    assert ["ValueError", "ValueError"] == [first.ename, last.ename]
    assert ["ValueError in the cell, shown above; the model was saved after it."] == last.traceback
    assert (tmp_path / "models" / "cats").is_dir()
    assert [] == notebook.cells[3].outputs
