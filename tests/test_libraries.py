"""Models of other people's libraries, saved by one line in one kernel, loaded in another that never imported them.

A file of `tests/libraries` is a notebook (see `tests/notebooks_of_others.py`), with its library as its family. Its line
``needs`` names what must be installed, ``environment`` the variables that its two kernels are started with.
`.ci/thorough` runs them where all are installed; whatever is missing is skipped.
"""

from __future__ import annotations

import importlib.util

import pytest

from tests.notebooks_of_others import TESTS, Notebook, recorded, start_pair

pytestmark = [
    pytest.mark.libraries,
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jupyter_client 7.4.9 is older than its Python
]

EVERY = sorted(path.relative_to(TESTS).with_suffix("").as_posix() for path in TESTS.glob("libraries/*/*.py"))


@pytest.mark.parametrize("name", EVERY)
def test_a_model_of_a_library_comes_back_as_expected(name, tmp_path, record_property):
    notebook = Notebook.of(name)
    for module in notebook.fields["needs"].split():
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    variables = dict(pair.split("=") for pair in notebook.fields.get("environment", "").split())
    with start_pair(tmp_path, variables) as pair:
        found = pair.see(notebook)
    record_property(*recorded("models of libraries", notebook, found))
    assert found.outcome != "silent", "\n".join(found.reasons)
    assert (notebook.expected, []) == (found.outcome, found.changed), "\n".join(found.reasons)
