"""What hints read like in each frontend, and that it can be typed there."""

from __future__ import annotations

import ast
import re
import shlex

import pytest

from colab_save.errors import ColabSaveError
from colab_save.format_table import purposes
from colab_save.frontends.actions import ACTIONS, find_option, magics
from colab_save.frontends.languages import MAGIC, PANEL, PYTHON, TERMINAL, entered
from colab_save.frontends.terminal import make_parser
from colab_save.hints import action, option, pip, render, speaking
from colab_save.request.option import Syntax

LANGUAGES = {"magic": MAGIC, "python": PYTHON, "terminal": TERMINAL, "panel": PANEL}
OPTIONS = {item.name: item for each in ACTIONS for item in each.options}
VALUES = {Syntax.NUMBER: "7", Syntax.EXPRESSION: "x", Syntax.PAIRS: "f1=0.93"}


def said(reference, *languages):
    return tuple(render(reference, LANGUAGES[name]) for name in languages or LANGUAGES)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (option("to"), ("--to", "to=", "--to", "“Where to”")),
        (option("to", "my drive"), ('--to "my drive"', 'to="my drive"', "--to 'my drive'", "“Where to”: my drive")),
        (
            option("timeout", 900),
            ("--timeout 900", "timeout=900", "--timeout 900", "“--timeout” under More options: 900"),
        ),
        (option("trust"), ("--trust", "trust=True", "--trust", "“--trust” under More options")),
        (option("verify"), ("--no-verify", "verify=False", "--no-verify", "“--no-verify” under More options")),
        (option("tags", "best"), ("--tag best", 'tags=("best",)', "--tag best", "“Tags”: best")),
        (
            option("metrics", "f1=0.93"),
            ("--metric f1=0.93", 'metrics={"f1": 0.93}', "--metric f1=0.93", "“--metric” under More options: f1=0.93"),
        ),
        (
            option("extra", ["a", "b"]),
            ("--extra a --extra b", 'extra=("a", "b")', 'extra=("a", "b")', "“--extra” under More options: a, b"),
        ),
        (option("formats"), ("--format", "formats=", "--format", "“Let me pick the formats”")),
        (option("format", "h5"), ("--format h5", 'format="h5"', "--format h5", "“--format” under More options: h5")),
        (option("source"), ("--from", "source=", "--from", "“Where”")),
        (option("sample"), ("--sample", "sample=", "sample=", "“Sample”")),
        (option("name", "net"), ("--as net", "net = ...", "net = ...", "“Into”: net")),
        (option("nonsense", 1), ("nonsense=1",) * 4),
    ],
)
def test_an_option_is_written_as_each_frontend_takes_it(reference, expected):
    assert expected == said(reference)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (
            action("load", "cats"),
            ("%loadmodel cats", 'load_model("cats")', "colab-save load cats PATH", "“Load” on the Models tab (cats)"),
        ),
        (action("list"), ("%listmodels", "list_models()", "colab-save list", "“Look again” on the Models tab")),
        (
            action("save", "model", "cats", force=None),
            (
                "%savemodel model cats --force",
                'save_model(model, "cats", force=True)',
                "colab-save save model cats --force",
                "“Save” on the Save tab (model, cats, “--force” under More options)",
            ),
        ),
        (
            action("load", "my cats", name="model", source="./here"),
            (
                'model = %loadmodel "my cats" --from ./here',
                'model = load_model("my cats", source="./here")',
                "colab-save load 'my cats' PATH --from ./here",
                "“Load” on the Models tab (my cats, “Into”: model, “Where”: ./here)",
            ),
        ),
        (
            action("tag", "cats", "best", "v2"),
            (
                'colab_save.tag_version("cats", ("best", "v2"))',
                'tag_version("cats", ("best", "v2"))',
                "colab-save tag cats best v2",
                "“Set tags” on the Models tab (cats, best, v2)",
            ),
        ),
        (
            action("pending"),
            ("colab_save.pending()", "pending()", "colab-save pending", "colab_save.pending()"),
        ),
        (
            action("verify", "cats"),
            (
                "!colab-save verify cats",
                "colab-save verify cats",
                "colab-save verify cats",
                "“Verify again” on the Models tab (cats)",
            ),
        ),
        (action("panel"), ("%modelpanel", "panel()", "colab_save.panel()", "colab_save.panel()")),
        (action("nonsense", "cats"), ("nonsense cats",) * 4),
    ],
)
def test_an_action_is_written_as_each_frontend_has_it_done(reference, expected):
    assert expected == said(reference)


def test_a_package_is_installed_by_the_notebooks_magic_or_by_pip():
    assert ("%pip install x", "pip install x", "pip install x", "%pip install x") == said(pip("x"))
    assert ("%pip install 'colab_save[onnx]'",) == said(pip("colab_save[onnx]"), "magic")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (pip("colab_save>=7.3", upgrade=True), ["-U", "colab_save>=7.3"]),
        (pip("netron", upgrade=True), ["-U", "netron"]),
        (pip("tf2onnx", "onnx"), ["tf2onnx", "onnx"]),
        (pip("colab_save[onnx]"), ["colab_save[onnx]"]),
        (pip("s3fs==2026.1.0"), ["s3fs==2026.1.0"]),
        (pip("colab_save[keras2] @ git+https://example.org/it"), ["colab_save[keras2] @ git+https://example.org/it"]),
    ],
)
def test_a_shell_reads_each_requirement_as_one_word(language, reference, words):
    (line,) = said(reference, language)
    assert ["install", *words] == shlex.split(line)[1:]


# --- everything renders, and reads back ---


def value_of(item):
    return VALUES.get(item.syntax, "keras")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("has_value", [True, False])
def test_every_option_is_known_in_every_language(language, name, has_value):
    (shown,) = said(option(name, value_of(OPTIONS[name])) if has_value else option(name), language)
    assert shown
    assert "{" not in shown.replace("={", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("each", ACTIONS, ids=lambda each: each.name)
def test_every_action_is_known_in_every_language(language, each):
    (shown,) = said(action(each.name), language)
    assert shown != each.name or language == "python"
    assert "{" not in shown


def filled(each, options):
    """A reference to an action with all that it takes."""
    places = [value_of(item) for item in options if item.is_positional]
    given = {item.name: None if item.is_flag else value_of(item) for item in options if not item.is_positional}
    return action(each.name, *places, **given)


@pytest.mark.parametrize("each", magics().values(), ids=lambda each: each.name)
def test_the_line_of_a_magic_reads_back(each):
    (line,) = said(filled(each, each.options), "magic")
    command = each.magic_command
    read = command.read(line.partition(f"%{command.name}")[2])
    assert {item.name for item in each.options if item.syntax is not Syntax.VARIABLE} == read.keys()


@pytest.mark.parametrize("each", [each for each in ACTIONS if each.terminal], ids=lambda each: each.name)
def test_the_line_of_a_terminal_reads_back(each):
    (line,) = said(filled(each, each.terminal_options), "terminal")
    program, *words = shlex.split(line)
    read = vars(make_parser().parse_args(words))
    assert "colab-save" == program
    assert {item.name for item in each.terminal_options} == read.keys() - {"action", "json"}


@pytest.mark.parametrize("each", [each for each in ACTIONS if each.function], ids=lambda each: each.name)
def test_the_call_of_a_function_is_python(each):
    (line,) = said(filled(each, each.options), "python")
    call = ast.parse(line).body[0].value
    written = {*(item.name for item in each.options if item.is_positional), *(word.arg for word in call.keywords)}
    assert {item.name for item in each.options if item.syntax is not Syntax.VARIABLE} == written


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_python_is_a_keyword_or_an_assignment(name):
    (shown,) = said(option(name, value_of(OPTIONS[name])), "python")
    assert ast.parse(shown if OPTIONS[name].syntax is Syntax.VARIABLE else f"f({shown})")


@pytest.mark.parametrize("purpose", purposes())
def test_a_word_of_a_fixed_few_is_written_as_it_is(purpose):
    assert (f"--for {purpose}",) == said(option("purpose", purpose), "magic")


def test_an_option_of_the_first_action_that_has_it_is_meant():
    assert "--format" == find_option("formats").flag


# --- which language is spoken ---


def test_an_error_that_leaves_a_frontend_keeps_its_language():
    def fail():
        with entered(MAGIC):
            raise ColabSaveError("It failed.", option("to"))

    with pytest.raises(ColabSaveError) as caught:
        fail()
    assert "--to" == caught.value.hint
    with speaking(PYTHON):
        assert "--to" == caught.value.hint


def test_an_error_that_has_a_language_keeps_it_in_another_frontend():
    def fail():
        with entered(MAGIC), entered(PYTHON):
            raise ColabSaveError("It failed.", option("to"))

    with pytest.raises(ColabSaveError) as caught:
        fail()
    assert "to=" == caught.value.hint


def test_references_are_nowhere_left_in_the_help_of_a_frontend():
    for each in magics().values():
        with speaking(MAGIC):
            assert not re.search(r"\{(option|action|pip):", each.magic_command.help())
