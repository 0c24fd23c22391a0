"""No message below the frontends speaks the syntax of one of them, and what a message refers to exists.

Reads the source. `colab_save.hints` says how a message refers to an option, an action or a package.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

import colab_save
from colab_save.frontends.actions import ACTIONS
from colab_save.request.option import options_of
from colab_save.request.request import LoadRequest, SaveRequest

PACKAGE = Path(__file__).parents[1] / "colab_save"

FRONTENDS = ("__init__", "__main__", "frontends", "widgets")
"""What stands above: it writes syntax."""

ALLOWED = {
    "hints": "pip's own line, where no frontend runs",
    "artifact.readme": "a file that is read without this package: it names the Python call",
}
"""Modules below that write syntax, and why."""

DECLARES = {"declare", "Option"}
"""Calls that declare an option: flag and help are syntax themselves."""

OPTIONS = (*options_of(SaveRequest), *options_of(LoadRequest))
OFFERED = frozenset(option for action in ACTIONS for option in action.options)
FIELDS = frozenset(option.name for option in OFFERED)
FLAGS = sorted(option.flag for option in OFFERED if not option.is_positional)
KEYWORDS = sorted({option.name for option in OPTIONS if not option.is_positional})
FUNCTIONS = "|".join(name for name in colab_save.__all__ if name.islower())

SYNTAX = re.compile(
    rf"(?<![\w-])(?:{'|'.join(FLAGS)})(?![\w-])"  # a flag
    r"|%[a-z]*models?\b"  # a magic
    r"|%pip\b|\bpip3? install\b"
    rf"|\bcolab_save\.(?:{FUNCTIONS})\b"  # a call; Keras has a load_model too
    rf"|(?<![\w.])(?:{FUNCTIONS})\("
    r"|\bcolab-save [a-z]"  # the terminal
    rf"|(?<![\w.])(?:{'|'.join(KEYWORDS)})=(?:$|[\w'\"\[.])"  # a keyword
)


@functools.cache
def modules():
    """The trees of the modules below the frontends, by their dotted names."""
    found = {path.relative_to(PACKAGE).with_suffix(""): path for path in sorted(PACKAGE.rglob("*.py"))}
    return {
        ".".join(name.parts): ast.parse(path.read_text("utf-8"))
        for name, path in found.items()
        if name.parts[0] not in FRONTENDS
    }


@pytest.fixture(scope="module", autouse=True)
def trees():
    """Forget the trees afterwards: they are more objects than most tests leave, for the garbage collector."""
    yield
    modules.cache_clear()


def texts(tree):
    """Every string of a module that may be shown: no docstring, and nothing that declares an option."""
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed_over.add(id(node.value))
        elif isinstance(node, ast.Call) and called(node) in DECLARES:
            passed_over |= {id(item) for argument in node.args for item in ast.walk(argument)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
            yield node.lineno, node.value


def called(call):
    return call.func.id if isinstance(call.func, ast.Name) else ""


def references(tree):
    """Every call of `option` and of `action`, where a module has them from `hints`."""
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "colab_save.hints"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in imported & {"option", "action"}:
            yield node


def test_no_message_below_the_frontends_speaks_the_syntax_of_one():
    spoken = [
        f"{module}:{line}: {text}"
        for module, tree in modules().items()
        if module not in ALLOWED
        for line, text in texts(tree)
        if SYNTAX.search(text)
    ]
    assert [] == spoken


@pytest.mark.parametrize("module", ALLOWED)
def test_every_module_that_may_write_syntax_does(module):
    assert [] != [text for _, text in texts(modules()[module]) if SYNTAX.search(text)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "choose another one with --to.",
            "add --trust.",
            "--format saved_model",
            "(%listmodels shows them)",
            "%pip x",
        ),
        *(
            "pip install it",
            "Run colab_save.pending()",
            "load_model('cats')",
            "see colab_save.panel",
            "colab-save list",
        ),
        *("save with verify=False", "sample=x[:4]", "--extra "),
    ],
)
def test_syntax_is_noticed(text):
    assert SYNTAX.search(text)


@pytest.mark.parametrize(
    "text",
    [
        *("keras.saving.load_model('model.keras')", "%tensorboard --logdir logs", "%cd /content", "readonly=True"),
        *("a load_model of Keras", '<div class="colab-save ', "--tooth", "100 % of models", "tag_version"),
    ],
)
def test_what_is_no_syntax_of_ours_is_not(text):
    assert not SYNTAX.search(text)


def test_no_hint_is_a_question():
    asked = [
        f"{module}:{line}: {text}"
        for module, tree in modules().items()
        for line, text in texts(tree)
        if re.search(r"\w\?(\s|$)", text) and " " in text
    ]
    assert [] == asked


def test_every_reference_is_to_an_option_or_to_an_action_of_the_table():
    known = {"option": FIELDS, "action": {action.name for action in ACTIONS}}
    lost = [
        f"{module}:{call.lineno}: {ast.unparse(call)}"
        for module, tree in modules().items()
        for call in references(tree)
        if not isinstance(call.args[0], ast.Constant) or call.args[0].value not in known[called(call)]
    ]
    assert [] == lost


def test_every_option_of_a_reference_to_an_action_is_one_of_the_table():
    lost = [
        f"{module}:{call.lineno}: {keyword.arg}"
        for module, tree in modules().items()
        for call in references(tree)
        for keyword in call.keywords
        if called(call) == "action" and keyword.arg is not None and keyword.arg not in FIELDS
    ]
    assert [] == lost
