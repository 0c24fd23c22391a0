"""What a script sees: the public names, their signatures, and that each field of a request can be given."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import colab_save
from colab_save.request.request import LoadRequest, SaveRequest, options_of

FUNCTIONS = [("save_model", SaveRequest), ("load_model", LoadRequest)]
FIELDS = [(name, item) for name, request in FUNCTIONS for item in fields(request)]


@pytest.mark.parametrize("name", colab_save.__all__)
def test_each_public_name_is_there_and_documented(name):
    assert inspect.getdoc(getattr(colab_save, name))


def test_dir_shows_the_public_names():
    assert set(colab_save.__all__) <= set(dir(colab_save))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'save_modle'"):
        colab_save.save_modle  # noqa: B018 - asking for it is the test


@pytest.mark.parametrize(("name", "item"), FIELDS, ids=lambda item: getattr(item, "name", item))
def test_each_field_of_a_request_is_a_parameter(name, item):
    parameter = inspect.signature(getattr(colab_save, name)).parameters[item.name]
    assert (parameter.kind is parameter.KEYWORD_ONLY) == item.kw_only
    assert item.type == parameter.annotation


@pytest.mark.parametrize(("name", "request_class"), FUNCTIONS)
def test_there_are_no_other_parameters(name, request_class):
    expected = [item.name for item in fields(request_class)]
    assert expected == list(inspect.signature(getattr(colab_save, name)).parameters)


@pytest.mark.parametrize(("name", "request_class"), FUNCTIONS)
def test_the_docstring_explains_each_parameter(name, request_class):
    explained = inspect.getdoc(getattr(colab_save, name))
    assert [] == [
        option.name for option in options_of(request_class) if f"{option.name}: {option.help}" not in explained
    ]


def test_a_signature_says_what_comes_back():
    assert "SaveReport" == inspect.signature(colab_save.save_model).return_annotation


def test_a_wrong_keyword_is_a_type_error():
    with pytest.raises(TypeError, match="formta"):
        colab_save.save_model(object(), formta="keras")


def test_a_type_checker_sees_the_fields(tmp_path):
    """It runs as .ci/run does, so that the two share mypy's cache."""
    pytest.importorskip("mypy")
    script = tmp_path / "script.py"
    script.write_text(
        "import colab_save\n"
        "reveal_type(colab_save.save_model(object(), 'cats', to='drive', verify=False))\n"
        "colab_save.load_model('cats', trust='yes')\n"
    )
    command = [sys.executable, "-m", "mypy", str(script)]
    found = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False).stdout
    assert 'Revealed type is "colab_save.reports.report.SaveReport"' in found
    assert 'script.py:3: error: Argument "trust" has incompatible type "str"; expected "bool"' in found


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == colab_save.__version__


def test_importing_loads_no_module_of_the_house():
    script = "import sys, colab_save; print(*[name for name in sys.modules if name.startswith('colab_save.')])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "" == answer.stdout.strip()
