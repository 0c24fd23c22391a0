from __future__ import annotations

import importlib.util
import sys

import pytest

from colab_save.custom_code.signing import may_run, signed
from colab_save.errors import UntrustedCodeError
from colab_save.inspecting.findings import CustomName, Findings
from colab_save.loading.custom_objects import Supplied, supply
from tests.making import manifest


@pytest.fixture(autouse=True)
def own_key(tmp_path, monkeypatch):
    """Keep the key of each test in a folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


CODE = """FACTOR = 2


def helper(x):
    return x * FACTOR


class Scale:
    def call(self, x):
        return helper(x)


CUSTOM_OBJECTS = {"Scale": Scale, "own>Other": helper}
"""

NEEDS = Findings("keras", (CustomName("__main__", "Scale"),))
RUNS = Findings("keras", runs_code=("the Lambda layer 'double'",))


@pytest.fixture
def code(tmp_path):
    file = tmp_path / "custom_code.py"
    file.write_text(CODE)
    return file


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """Run source as the user's notebook does: its names are those of ``__main__``."""

    def run(source):
        file = tmp_path / "notebook.py"
        file.write_text(source)
        spec = importlib.util.spec_from_file_location("__main__", file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "__main__", module)
        spec.loader.exec_module(module)
        return module

    run("")
    return run


def test_a_file_that_needs_nothing_gets_nothing(notebook):
    assert Supplied() == supply(Findings("keras"), None, is_allowed=may_run(None, is_trusted=False))


def test_what_would_run_code_is_refused_by_name(notebook):
    with pytest.raises(UntrustedCodeError, match="Lambda layer 'double'") as caught:
        supply(RUNS, None, is_allowed=may_run(manifest(), is_trusted=False))
    assert "add trust." in caught.value.hint


def test_what_would_run_code_opens_for_who_trusts_it(notebook):
    assert Supplied() == supply(RUNS, None, is_allowed=may_run(None, is_trusted=True))


def test_what_would_run_code_opens_for_who_has_signed_it(notebook):
    assert Supplied() == supply(RUNS, None, is_allowed=may_run(signed(manifest()), is_trusted=False))


def test_foreign_code_is_shown_and_not_run(notebook, tmp_path):
    file = tmp_path / "custom_code.py"
    file.write_text(f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).touch()\n{CODE}")
    with pytest.raises(UntrustedCodeError) as caught:
        supply(NEEDS, file, is_allowed=may_run(manifest(), is_trusted=False))
    assert "class Scale:" in caught.value.hint
    assert not (tmp_path / "ran").exists()


def test_foreign_code_that_looks_like_a_reference_is_shown_as_it_is(notebook, code):
    code.write_text(f'{CODE}\nHIDDEN = "{{pip:x}} {{option:trust}}"\n')
    with pytest.raises(UntrustedCodeError) as caught:
        supply(NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False))
    assert 'HIDDEN = "{pip:x} {option:trust}"' in caught.value.hint


def test_foreign_code_cannot_hide_from_a_terminal(notebook, code):
    code.write_text(f"{CODE}\ndef f():\n\timport os\x1b[2K  # \u202e hidden\n")
    with pytest.raises(UntrustedCodeError) as caught:
        supply(NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False))
    assert "        import os\\x1b[2K  # \\u202e hidden" in caught.value.hint


def test_long_foreign_code_is_shown_in_part(notebook, code):
    code.write_text(CODE + "\n" * 500)
    with pytest.raises(UntrustedCodeError) as caught:
        supply(NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False))
    assert caught.value.hint.splitlines()[-1].startswith("… 453 more lines in ")


@pytest.mark.parametrize("is_trusted", [True, False])
def test_trusted_or_signed_code_supplies_its_classes(notebook, code, is_trusted):
    supplied = supply(NEEDS, code, is_allowed=may_run(signed(manifest()), is_trusted=is_trusted))
    assert (4, ()) == (supplied.objects["Scale"]().call(2), supplied.notes)


def test_the_notebooks_own_class_comes_first_and_needs_no_trust(notebook, code):
    own = notebook(CODE).Scale
    supplied = supply(NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False))
    assert (own, ()) == (supplied.objects["Scale"], supplied.notes)


def test_a_class_of_the_notebook_that_differs_is_used_and_named(notebook, code):
    own = notebook(CODE.replace("return helper(x)", "return helper(x) + 1")).Scale
    supplied = supply(NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False))
    assert own is supplied.objects["Scale"]
    assert ("The notebook's Scale differs from the saved one.",) == supplied.notes


HOMONYM = Findings("keras", homonyms=(CustomName("", "Scale"),))
"""A file that names what Keras has, too."""


def test_what_keras_has_too_is_the_users_if_the_captured_code_defines_it(notebook, code):
    supplied = supply(HOMONYM, code, is_allowed=may_run(signed(manifest()), is_trusted=False))
    assert 4 == supplied.objects["Scale"]().call(2)


def test_what_keras_has_too_is_kerass_if_the_captured_code_does_not_define_it(notebook, code):
    code.write_text(CODE.replace('"Scale": Scale', '"Size": Scale'))
    assert Supplied() == supply(HOMONYM, code, is_allowed=may_run(manifest(), is_trusted=False))


def test_foreign_code_that_defines_what_keras_has_too_is_not_run(notebook, code):
    with pytest.raises(UntrustedCodeError):
        supply(HOMONYM, code, is_allowed=may_run(manifest(), is_trusted=False))


def test_what_keras_has_too_is_the_notebooks_only_if_the_notebook_defines_it(notebook, code):
    own = notebook(CODE).Scale
    supplied = supply(HOMONYM, code, is_allowed=may_run(manifest(), is_trusted=False))
    assert own is supplied.objects["Scale"]
    notebook("from pathlib import Path as Scale")
    with pytest.raises(UntrustedCodeError):
        supply(HOMONYM, code, is_allowed=may_run(manifest(), is_trusted=False))


def test_a_helper_of_the_notebook_that_differs_is_named(notebook, code):
    notebook(CODE.replace("x * FACTOR", "x + FACTOR"))
    assert ("The notebook's helper differs from the saved one.",) == supply(
        NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False)
    ).notes


def test_a_variable_of_that_name_that_is_no_code_is_not_taken(notebook, code):
    notebook("Scale = 7")
    with pytest.raises(UntrustedCodeError):
        supply(NEEDS, code, is_allowed=may_run(manifest(), is_trusted=False))
