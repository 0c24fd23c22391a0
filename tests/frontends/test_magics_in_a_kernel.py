"""The magics in a real kernel, as a notebook's front end sees them: errors, interrupts, and a model there and back."""

from __future__ import annotations

import pytest

from tests.kernels import started

# jupyter_client 7.4.9, which Colab pins, is older than its Python; our own code runs in the kernel's process.
pytestmark = [pytest.mark.outside, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

START = "%load_ext colab_save\nimport ipywidgets"

WHILE_THE_OTHERS_ARRIVE = "import time\ntime.sleep(1)"
"""A kernel that fails gives up the cells that have arrived by then, and no others."""

RUN_ALL = ("%savemodel modle cats", "print('ran on')")


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """What cells with wrong words and with a bug show."""
    texts = (
        START,
        "%savemodel modle cats",
        "out = ipywidgets.Output()\nwith out:\n    %savemodel modle cats",
        "%%savemodel net --sampel x\nran = True",
        "%savemodel --sample",
        "%%savemodel net\nraise KeyboardInterrupt\nnet = 1",
    )
    with started(tmp_path_factory.mktemp("kernel")) as kernel:
        return [*map(kernel.run, texts), *kernel.run_all([WHILE_THE_OTHERS_ARRIVE, *RUN_ALL])]


MODLE = ["UnknownNameError: MODEL modle: there is no variable 'modle'.", "Hint: Define it first."]


def test_a_wrong_word_is_one_line_and_a_hint(cells):
    assert [("UnknownNameError", MODLE)] == [(error["ename"], error["traceback"]) for error in cells[1].errors]


def test_in_an_output_widget_it_is_the_same(cells):
    """The widget shows the error and passes none on (`Output.__exit__`, ipywidgets 7 and 8): the cell succeeds."""
    assert [("UnknownNameError", MODLE)] == [(error["ename"], error["traceback"]) for error in cells[2].errors]


def test_a_wrong_option_of_a_cell_is_the_same(cells):
    [error] = cells[3].errors
    assert ["UnknownNameError: %savemodel has no option '--sampel'.", "Hint: Did you mean '--sample'?"] == error[
        "traceback"
    ]


def test_a_missing_value_is_the_same(cells):
    [error] = cells[4].errors
    assert 2 == len(error["traceback"])


def test_the_cells_own_error_is_shown_beside_that_of_the_save(cells):
    assert ["KeyboardInterrupt", "UnknownNameError"] == [error["ename"] for error in cells[5].errors]


def test_run_all_stops_at_a_wrong_word(cells):
    assert [("error", ""), ("aborted", "")] == [(cell.status, cell.printed) for cell in cells[7:]]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A notebook with a model that goes there and back, and ends in a cell that fails; its cells and its folder."""
    folder = tmp_path_factory.mktemp("session")
    texts = (
        START,
        "import keras, numpy, colab_save\nnet = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])",
        "%savemodel net cats --tag best",
        "back = %loadmodel cats@best",
        "x = numpy.ones((2, 2))\nbool((back.predict(x, verbose=0) == net.predict(x, verbose=0)).all())",
        "%listmodels",
        "colab_save.load_model('cats').count_params()",
        (
            "import warnings\nnet.save('plain.keras')\n"
            "with warnings.catch_warnings(record=True) as told:\n"
            "    warnings.simplefilter('always')\n"
            "    colab_save.load_model('./plain.keras')\n"
            "    colab_save.load_model('./plain.keras', verify=False)\n"
            "['functions.py' in each.filename for each in told if each.category is colab_save.UnprovenWarning]"
        ),
        "%%savemodel back dogs --format weights\nraise ValueError('in the third epoch')",
        "print('ran on')",
    )
    with started(folder) as kernel:
        return kernel.run_all(texts), folder


def text_of(cell):
    return cell.shown["text/plain"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("number", [2, 3])
def test_saving_and_loading_show_a_card_that_says_passed(session, number):
    cell = session[0][number]
    assert text_of(cell).startswith("PASSED  cats@")
    assert "PASSED" in cell.shown["text/html"]


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
    errors = cells[8].errors
    assert ["ValueError", "ValueError"] == [error["ename"] for error in errors]
    assert ["ValueError in the cell, shown above; the model was saved after it."] == errors[1]["traceback"]
    assert (folder / "models" / "dogs").is_dir()
    assert "aborted" == cells[9].status
