"""The magics in a real kernel, as a notebook's front end sees them: errors, interrupts, and a model there and back."""

from __future__ import annotations

import contextlib

import pytest

# jupyter_client 7.4.9, which Colab pins, is older than its Python; our own code runs in the kernel's process.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

START = "%load_ext colab_save\nimport ipywidgets\n"


def notebook_of(*cells):
    from nbformat.v4 import new_code_cell, new_notebook

    return new_notebook(cells=[new_code_cell(cell) for cell in cells])


def execute(notebook, folder, **options):
    """Run all cells; return the outputs of each.

    A kernel on a busy machine now and then loses the message that its client waits for; then a fresh one is asked.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    settings = {"timeout": 120, "kernel_name": "python3", "resources": {"metadata": {"path": folder}}, **options}
    with contextlib.suppress(CellTimeoutError, DeadKernelError):
        NotebookClient(notebook, **settings).execute()
        return [cell.outputs for cell in notebook.cells]
    NotebookClient(notebook, **settings).execute()
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
    # nbclient may miss the end of a cell that writes into an Output widget; it goes on when the time is up.
    return execute(notebook_of(*cells), tmp_path_factory.mktemp("kernel"), allow_errors=True, timeout=20)


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
        execute(notebook, tmp_path, timeout=20)
    assert [] == notebook.cells[2].outputs


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A notebook with a model that goes there and back, and ends in a cell that fails; its cells and its folder."""
    from nbclient.exceptions import CellExecutionError

    folder = tmp_path_factory.mktemp("session")
    notebook = notebook_of(
        START,
        "import keras, numpy, colab_save\nnet = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])",
        "%savemodel net cats --tag best",
        "back = %loadmodel cats@best",
        "x = numpy.ones((2, 2))\nbool((back.predict(x, verbose=0) == net.predict(x, verbose=0)).all())",
        "%listmodels",
        "colab_save.load_model('cats').count_params()",
        "import warnings\nnet.save('plain.keras')\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    colab_save.load_model('./plain.keras')\n"
        "    colab_save.load_model('./plain.keras', check=False)\n"
        "['functions.py' in each.filename for each in told if each.category is colab_save.UnprovenWarning]",
        "%%savemodel back dogs --format weights\nraise ValueError('in the third epoch')",
        "print('ran on')",
    )
    with pytest.raises(CellExecutionError, match="in the third epoch"):
        execute(notebook, folder)
    return notebook.cells, folder


def text_of(cell):
    """What a cell shows last; a progress bar may stand before it."""
    return cell.outputs[-1].data["text/plain"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("number", [2, 3])
def test_saving_and_loading_show_a_card_that_says_passed(session, number):
    cell = session[0][number]
    assert text_of(cell).startswith("PASSED  cats@")
    assert "PASSED" in cell.outputs[-1].data["text/html"]


@pytest.mark.tensorflow
def test_the_model_that_came_back_answers_the_same(session):
    assert "True" == text_of(session[0][4])


@pytest.mark.tensorflow
def test_what_was_saved_is_listed(session):
    assert "cats" in text_of(session[0][5])


@pytest.mark.tensorflow
def test_a_script_loads_it_too(session):
    assert "3" == text_of(session[0][6])


@pytest.mark.tensorflow
def test_a_script_is_warned_of_what_could_not_be_compared_unless_it_asked_for_that(session):
    """Once, and the warning names the script's own line."""
    assert "[False]" == text_of(session[0][7])


@pytest.mark.tensorflow
def test_a_cell_that_fails_is_saved_and_run_all_stops(session):
    cells, folder = session
    errors = [found for found in cells[8].outputs if found.output_type == "error"]
    assert ["ValueError", "ValueError"] == [error.ename for error in errors]
    assert ["ValueError in the cell, shown above; the model was saved after it."] == errors[1].traceback
    assert (folder / "models" / "dogs").is_dir()
    assert [] == cells[9].outputs
