"""The notebook's variables: find the models among them, and evaluate the expressions of a line.

The magics and the panel call it after `request.command` has read a line. Finding models imports nothing: a notebook
that has not imported TensorFlow has none.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import keyword
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from colab_save.dialect import classes, tensorflow_classes
from colab_save.errors import (
    AmbiguousModelError,
    NoModelError,
    RequestError,
    TargetError,
    UnknownNameError,
    UnsupportedError,
)
from colab_save.hints import action, literal, option
from colab_save.request.command import Expression
from colab_save.request.request import SaveRequest
from colab_save.target import Target, is_path
from colab_save.types import Model
from colab_save.wording import did_you_mean, first_line

if TYPE_CHECKING:
    from colab_save.reports.report import LoadReport

LISTED = 8
"""Most models that an error names."""

_IPYTHONS = re.compile(r"In|Out|exit|quit|get_ipython|display|_{1,3}|_i{1,3}|_[dio]h|_i?\d+|__\w+__")
"""The names that IPython sets in every notebook, and those of Python modules."""

_ALONE = "a name alone does not say which model to save"

_HIDDEN = re.compile(r"\bimport\s*\*|%run\b|\bexec\b|\bglobals\b")
"""What in a cell may make a variable without naming it."""


def find_models(variables: Mapping[str, Any]) -> dict[str, Model]:
    """Return the models among some variables by name, in the order of their definition.

    Names with a leading underscore are private or IPython's history, and left out. An object with two names counts
    once.
    """
    found: dict[int, tuple[str, Any]] = {}
    for name, value in variables.items():
        if not name.startswith("_") and _is_model(value):
            found.setdefault(id(value), (name, value))
    return dict(found.values())


def only_model(variables: Mapping[str, Any], target: str | None = None) -> tuple[str, Model]:
    """Return the name and value of the only model.

    Args:
        variables: The variables of the notebook.
        target: Where it is to be saved, for the line to type where there are several.

    Raises:
        NoModelError: There is none.
        AmbiguousModelError: There are several.
    """
    models = find_models(variables)
    if not models:
        raise NoModelError(
            "There is no model in the notebook yet.", f"Make a model, then run {action('save', 'model', 'cats')}."
        )
    if len(models) > 1:
        words = filter(None, (next(iter(models)), target))
        raise AmbiguousModelError(
            f"There are {len(models)} models: {_listed(models)}.",
            f"Choose one of them, for example {action('save', *words)}.",
        )
    return next(iter(models.items()))


def pick_model(
    expression: Expression | None, target: str | None, variables: Mapping[str, Any]
) -> tuple[Model, str | None]:
    """Return the model of a line, and its target.

    A path or URL alone is the target of the only model. Any other word alone is the model: a misspelt variable must
    never save another model. Without a target the variable's name is used if it can be a name; ``None`` leaves it to
    the model's own name.

    Raises:
        RequestError: The expression fails or ends with a comma, or several models fit.
    """
    if expression is None:
        name, model = only_model(variables, target)
        return model, target or name
    word = expression.word
    if word.endswith(","):  # as in a call: Python would make a tuple of it
        words = filter(None, (word.rstrip(","), target))
        raise RequestError(f"{literal(word)} ends with a comma.", f"Leave it out: {action('save', *words)}.")
    try:
        model = evaluate(expression, variables)
    except RequestError as error:
        if target is not None or not _is_target(word):
            raise
        names_nothing = isinstance(error.__cause__, NameError | SyntaxError)
        if is_path(word) and names_nothing:
            return only_model(variables, word)[1], word
        if is_path(word):  # such as cats.keras, where cats is a variable
            raise RequestError(error.references[0], _choice(word, variables) or error.references[1]) from error
        if names_nothing:
            raise _unknown(word, variables) from error
        hints = (error.references[1], _choice(word, variables))
        raise RequestError(error.references[0], " ".join(filter(None, hints))) from error
    is_name = expression.source.isidentifier() and _is_target(expression.source)
    return model, target or (expression.source if is_name else None)


def check_before(typed: Mapping[str, Any], cell: str, variables: Mapping[str, Any]) -> None:
    """Refuse a line whose cell makes nothing of the name that it needs, so that a misspelt one does not cost hours.

    Args:
        typed: The line, as `Command.read` has read it.
        cell: The cell below it, which is about to run.
        variables: The variables before it runs.

    Raises:
        RequestError: An expression is none, or has a name that is no variable and that the cell cannot make.
    """
    for name, expression in typed.items():
        if not isinstance(expression, Expression) or (name == "model" and is_path(expression.word)):
            continue
        missing = _names_in(expression.source) - {*variables, *vars(builtins)}
        lost = next((lost for lost in sorted(missing) if not _may_make(lost, cell, variables)), None)
        if lost is not None and name == "model" and "target" not in typed and _is_target(expression.word):
            raise _unknown(expression.word, variables, "the cell, which did not run, makes none")
        if lost is not None:
            evaluate(replace(expression, source=lost), variables)


@contextmanager
def explained(typed: Mapping[str, Any], variables: Mapping[str, Any]) -> Iterator[None]:
    """Add to the refusal of an object that a line may have meant its name as the target of a model.

    Args:
        typed: The line, as `Command.read` has read it.
        variables: The variables of the notebook.
    """
    try:
        yield
    except UnsupportedError as error:
        expression = typed.get("model")
        word = expression.source if expression and "target" not in typed else ""
        if not word.isidentifier() or _is_model(variables.get(word)):
            raise
        hints = (error.references[1], _choice(word, variables))
        raise UnsupportedError(f"{word} is no model. {error.references[0]}", " ".join(filter(None, hints))) from error


def save_request(typed: Mapping[str, Any], variables: Mapping[str, Any]) -> SaveRequest:
    """Return the request of a line that `Command.read` has read, with its expressions evaluated and its model found.

    Raises:
        RequestError: An expression fails, or several models fit.
    """
    model, target = pick_model(typed.get("model"), typed.get("target"), variables)
    rest = {name: value for name, value in typed.items() if name not in {"model", "target"}}
    return SaveRequest(model, target, **evaluated(rest, variables))


def check_variable(name: str | None, variables: Mapping[str, Any]) -> str | None:
    """Return a name if a loaded model may be assigned to it.

    Args:
        name: The name.
        variables: The variables of the notebook.

    Raises:
        RequestError: The name is not an identifier, or it is that of a builtin, a module or IPython.
    """
    if name is None:
        return None
    hint = f"Give a name such as {option('name', 'model' if name != 'model' else 'loaded')}."
    if not name.isidentifier() or keyword.iskeyword(name):
        raise RequestError(f"{literal(repr(name))} cannot be a variable.", hint)
    if owner := owner_of(name, variables):
        raise RequestError(f"{literal(repr(name))} is {owner}, which a model must not replace.", hint)
    return name


def with_replaced(report: LoadReport, name: str, variables: Mapping[str, Any]) -> LoadReport:
    """Return the report of a load with a note on the variable that its model replaces, if there is another one.

    Args:
        report: The report.
        name: The variable for the model.
        variables: The variables of the notebook before the model is assigned.
    """
    if name not in variables or variables[name] is report.model:
        return report
    note = f"The loaded model replaced the variable {name}, an object of class {type(variables[name]).__name__}."
    return replace(report, notes=(*report.notes, note))


def evaluate(expression: Expression, variables: Mapping[str, Any]) -> Any:
    """Return the value of an expression.

    Raises:
        UnknownNameError: A variable in it does not exist.
        RequestError: It is not a valid expression, or evaluating it failed.
    """
    what = literal(f"{expression.flag} {expression.source}")
    try:
        return eval(expression.source, dict(variables))  # noqa: S307 - the user's own line, in the user's own notebook
    except (NameError, SyntaxError) as error:
        if expression.may_be_word:
            return expression.word
        if isinstance(error, SyntaxError):
            raise RequestError(
                f"{what} is not a Python expression.", "Correct it; an expression with spaces needs quotes."
            ) from error
        raise UnknownNameError(
            f"{what}: there is no variable {literal(repr(error.name))}.",
            _like(error.name or "", variables) or "Define it first.",
        ) from error
    except Exception as error:  # the user's code may raise anything
        raise RequestError(
            f"{what} failed with {first_line(error)}.", "Try the expression in a cell of its own."
        ) from error


def evaluated(typed: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with each expression evaluated, also inside ``--option KEY=VALUE``."""

    def value_of(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: value_of(value) for key, value in item.items()}
        return evaluate(item, variables) if isinstance(item, Expression) else item

    return {name: value_of(item) for name, item in typed.items()}


def _names_in(source: str) -> set[str]:
    """Return the variables that an expression needs; a text that is no expression is one that nothing can make."""
    try:
        nodes = list(ast.walk(ast.parse(source, mode="eval")))
    except SyntaxError:
        return {source}
    names = [node for node in nodes if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return {node.id for node in names} - own


def _may_make(name: str, cell: str, variables: Mapping[str, Any]) -> bool:
    """Return whether a cell may make a variable: it or a function of the notebook names it, or it runs other code."""
    if not name.isidentifier():
        return False
    if re.search(rf"\b{name}\b", cell) or _HIDDEN.search(cell):
        return True
    functions = (value for value in variables.values() if isinstance(value, FunctionType))
    return any(name in function.__code__.co_names for function in functions)


def _unknown(word: str, variables: Mapping[str, Any], why: str = _ALONE) -> UnknownNameError:
    """Return the error for a word alone that is no variable, with the line for a target of that name."""
    close = difflib.get_close_matches(word, _public(variables))
    make = "" if close else f"Make the model first, then run {action('save', 'model', word)}."
    hints = (did_you_mean(word, close), _choice(word, variables) or make)
    return UnknownNameError(
        f"There is no variable {literal(repr(word))}, and {why}.",
        " ".join(filter(None, hints)),
    )


def _choice(target: str, variables: Mapping[str, Any]) -> str:
    """Return which models there are, and the line that saves one to a target; empty if there is none."""
    models = find_models(variables)
    if not models:
        return ""
    line = action("save", next(iter(models)), target)
    where = "to that path" if is_path(target) else "under that name"
    if len(models) > 1:
        return f"The models are {_listed(models)}; to save one {where}, name both, as in {line}."
    return f"The only model is {next(iter(models))}; to save it {where}, run {line}."


def _listed(models: Mapping[str, Model]) -> str:
    named = [f"{name} ({type(model).__name__})" for name, model in models.items()]
    return ", ".join(named[:LISTED]) + (f" and {len(named) - LISTED} more" if len(named) > LISTED else "")


def owner_of(name: str, variables: Mapping[str, Any]) -> str:
    """Return whose name it is, in words; empty for one that a variable may have."""
    if _IPYTHONS.fullmatch(name):
        return "one of IPython's own names"
    if isinstance(module := variables.get(name), ModuleType):
        return f"the module {module.__name__}"
    return "a builtin of Python" if hasattr(builtins, name) else ""


def _public(variables: Mapping[str, Any]) -> list[str]:
    return [name for name in variables if not name.startswith("_")]


def _like(name: str, variables: Mapping[str, Any]) -> str:
    """Return a hint with the variables of a similar name, else with the models."""
    return did_you_mean(name, difflib.get_close_matches(name, _public(variables)) or find_models(variables))


def _is_target(text: str) -> bool:
    try:
        return not Target.parse(text).selector
    except TargetError:
        return False


def _is_model(value: object) -> bool:
    if isinstance(value, classes("Model")):
        return True
    # In Keras 2 every layer is a tf.Module.
    return isinstance(value, tensorflow_classes("Module")) and not isinstance(value, classes("layers.Layer"))
