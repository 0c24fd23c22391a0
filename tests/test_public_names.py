"""What a script sees: the public names, their signatures, and that each field of a request can be given."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

import colab_save
from colab_save.frontends.actions import ACTIONS
from colab_save.hints import Plain, render
from colab_save.request.option import options_of
from colab_save.request.request import LoadRequest, SaveRequest

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


@pytest.mark.parametrize(("name", "item"), FIELDS, ids=lambda item: getattr(item, "name", item))
def test_each_parameter_has_the_default_of_its_field(name, item):
    default = {} if item.default_factory is dict else item.default
    parameter = inspect.signature(getattr(colab_save, name)).parameters[item.name]
    assert (inspect.Parameter.empty if default is MISSING else default) == parameter.default


@pytest.mark.parametrize(("name", "request_class"), FUNCTIONS)
def test_there_are_no_other_parameters(name, request_class):
    expected = [item.name for item in fields(request_class)]
    assert expected == list(inspect.signature(getattr(colab_save, name)).parameters)


@pytest.mark.parametrize(("name", "request_class"), FUNCTIONS)
def test_the_docstring_explains_each_parameter_in_order(name, request_class):
    explained = inspect.getdoc(getattr(colab_save, name)).partition("Args:\n")[2].partition("\n\n")[0]
    assert [item.name for item in fields(request_class)] == re.findall(r"^    (\w+): \S", explained, re.MULTILINE)


def default_of(text):
    """The default that a text tells, without its markup."""
    found = re.search(r"[Dd]efault: (.*?)\.$", " ".join(text.replace("`", "").split()))
    return found and found[1]


@pytest.mark.parametrize(("name", "request_class"), FUNCTIONS)
def test_the_docstring_tells_the_defaults_that_the_help_tells(name, request_class):
    explained = inspect.getdoc(getattr(colab_save, name)).partition("Args:\n")[2].partition("\n\n")[0]
    texts = dict(re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", explained, re.MULTILINE))
    options = [item for item in options_of(request_class) if not item.is_positional]
    told = {item.name: default_of(render(item.help, Plain())) for item in options}
    assert told == {item: default_of(texts[item]) for item in told}


@pytest.mark.parametrize("request_class", [SaveRequest, LoadRequest])
def test_a_request_does_not_explain_its_fields_a_second_time(request_class):
    assert "Attributes:" not in inspect.getdoc(request_class)


def test_the_public_functions_are_those_of_the_table_of_actions():
    functions = {action.function_name: action.function for action in ACTIONS if action.function}
    public = {name: f"colab_save.{module}:{name}" for name, module in colab_save._MODULES.items()}
    assert functions == {
        name: reference for name, reference in public.items() if inspect.isfunction(getattr(colab_save, name))
    }


def test_each_public_name_has_a_module():
    assert set(colab_save.__all__) == colab_save._MODULES.keys()


def test_a_public_name_makes_python_the_language_of_messages():
    script = "import colab_save; colab_save.pending; from colab_save.hints import *; print(render(option('to')))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "to=" == answer.stdout.strip()


def test_a_signature_has_its_return_type():
    assert "SaveReport" == inspect.signature(colab_save.save_model).return_annotation


def test_a_wrong_keyword_is_a_type_error():
    with pytest.raises(TypeError, match="formta"):
        colab_save.save_model(object(), formta="keras")


def test_a_type_checker_sees_the_fields(tmp_path):
    """It runs like .ci/run, so that both share mypy's cache."""
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
    assert 'script.py:3: error: Argument "trust" to "load_model" has incompatible type "str"; expected "bool"' in found


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == colab_save.__version__


def test_importing_loads_no_other_module_of_the_package():
    script = "import sys, colab_save; print(*[name for name in sys.modules if name.startswith('colab_save.')])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "" == answer.stdout.strip()
