"""Settings in a real kernel with a profile of its own: ``%config``, *Run all*, and ``%unload_ext``."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest

from colab_save.settings import SETTINGS
from tests.kernels import started

# jupyter_client 7.4.9, which Colab pins, is older than its Python; our own code runs in the kernel's process.
pytestmark = [pytest.mark.outside, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PROFILE = """
c.ColabSave.to = "./of_the_profile"
c.ColabSave.keep = "many"
"""

NOTEBOOK = (
    "%load_ext colab_save",
    "%config ColabSave",
    "%listmodels",
    "%config ColabSave.to = './of_the_notebook'",
    "%listmodels",
    "%config ColabSave.keep = 3",
    "%config ColabSave.warm = False",
    "%config ColabSave.cache_gb",
    "%listmodels --from ./of_the_line",
    "import colab_save\ncolab_save.configure(to=None)",
    "%listmodels",
)
"""The environment sets ``to`` and ``cache_gb``, too."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configuring")
    (folder / "profile_default").mkdir()
    (folder / "profile_default" / "ipython_config.py").write_text(PROFILE)
    variables = {"COLAB_SAVE_TO": "./of_the_environment", "COLAB_SAVE_CACHE_GB": "2.5", "IPYTHONDIR": str(folder)}
    with started(folder, variables) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def cells(kernel):
    return kernel.run_all(NOTEBOOK)


@pytest.fixture(scope="module")
def again(kernel, cells):
    """The notebook, run as a whole once more."""
    return kernel.run_all(NOTEBOOK)


@pytest.fixture(scope="module")
def bad(kernel, again):
    """A bad value, a misspelt setting, and a call that needs the setting, with a cell after it."""
    texts = ("%config ColabSave.to = 5", "%config ColabSave.wram = 5", "%listmodels", "print('ran on')")
    return kernel.run_all(["import time\ntime.sleep(1)", *texts])[1:]


def stores_of(cells):
    found = (re.search(r"No saved models in (\S+)\. ", cell.text) for cell in cells)
    return [PurePath(match[1]).name for match in found if match]


def test_every_cell_succeeds(cells):
    assert {"ok"} == {cell.status for cell in cells}, [cell.text for cell in cells]


def test_the_settings_are_listed_with_help_and_value(cells):
    told = " ".join(cells[1].printed.split())
    assert all(f"ColabSave.{record.name}=<" in told and record.help in told for record in SETTINGS.values())
    assert "Current: './of_the_profile'" in told


def test_each_store_is_the_one_that_was_set_last_or_is_in_the_line(cells):
    assert ["of_the_profile", "of_the_notebook", "of_the_line", "of_the_environment"] == stores_of(cells)


def test_a_value_of_the_environment_is_shown(cells):
    assert "2.5" == cells[7].shown["text/plain"]


def test_the_settings_are_shown_as_a_card(cells):
    assert "of_the_environment" in cells[9].shown["text/html"]


def test_the_whole_notebook_runs_again(again):
    assert {"ok"} == {cell.status for cell in again}, [cell.text for cell in again]


def test_a_bad_value_is_shown_as_an_error_with_its_hint(bad):
    told = bad[0].of_type("stream")[0]["text"]
    assert "The setting to must be drive, a folder or a URL, not 5." in told
    assert "Hint: It is set by IPython's configuration; correct it there." in told


def test_a_misspelt_setting_is_shown_with_a_suggestion(bad):
    assert "There is no setting 'wram'.\nHint: Did you mean 'warm'?" in bad[1].of_type("stream")[0]["text"]


def test_the_call_that_needs_a_bad_value_fails_so_that_run_all_stops(bad):
    assert ["error", "aborted"] == [cell.status for cell in bad[2:]]
    assert "RequestError: The setting to must be" in bad[2].errors[0]["traceback"][0]


def test_unloading_forgets_it(kernel, bad):
    cells = kernel.run_all(["%unload_ext colab_save", "colab_save.configure()", "%config"])
    assert "IPython's configuration" not in cells[1].text
    assert "ColabSave" not in cells[2].printed
