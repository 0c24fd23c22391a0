"""The notebook's variables: find the models among them, and evaluate the expressions of a line.

The magics and the panel call it after `request.command` has read a line. Finding models imports nothing: a notebook
that has not imported TensorFlow has none.
"""

from __future__ import annotations

import difflib
import keyword
from collections.abc import Mapping
from typing import Any

from colab_save.dialect import classes, tensorflow_classes
from colab_save.errors import AmbiguousModelError, NoModelError, RequestError, TargetError, UnknownNameError
from colab_save.hints import action, literal, option
from colab_save.request.command import Expression
from colab_save.request.request import SaveRequest
from colab_save.target import Target, is_path
from colab_save.types import Model
from colab_save.wording import did_you_mean, first_line


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


def only_model(variables: Mapping[str, Any]) -> tuple[str, Model]:
    """Return the name and value of the only model.

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
        listed = ", ".join(f"{name} ({type(model).__name__})" for name, model in models.items())
        raise AmbiguousModelError(
            f"There are {len(models)} models: {listed}.",
            f"Choose one of them, for example {action('save', next(iter(models)))}.",
        )
    return next(iter(models.items()))


def pick_model(
    expression: Expression | None, target: str | None, variables: Mapping[str, Any]
) -> tuple[Model, str | None]:
    """Return the model of a line, and its target.

    A single word that is no variable is the target of the only model: ``%savemodel cats``. Without a target the
    variable's name is used if it can be a name; ``None`` leaves it to the model's own name.

    Raises:
        RequestError: The expression fails, or several models fit.
    """
    if expression is None:
        name, model = only_model(variables)
        return model, target or name
    try:
        model = evaluate(expression, variables)
    except RequestError as error:
        names_nothing = isinstance(error.__cause__, NameError | SyntaxError) and _is_target(expression.word)
        if target is None and names_nothing and (is_path(expression.word) or len(find_models(variables)) == 1):
            return only_model(variables)[1], expression.word
        raise
    is_name = expression.source.isidentifier() and _is_target(expression.source)
    return model, target or (expression.source if is_name else None)


def save_request(typed: Mapping[str, Any], variables: Mapping[str, Any]) -> SaveRequest:
    """Return the request of a line that `Command.read` has read, with its expressions evaluated and its model found.

    Raises:
        RequestError: An expression fails, or several models fit.
    """
    model, target = pick_model(typed.get("model"), typed.get("target"), variables)
    rest = {name: value for name, value in typed.items() if name not in {"model", "target"}}
    return SaveRequest(model, target, **evaluated(rest, variables))


def check_variable(name: str | None) -> str | None:
    """Return a name if it can be a variable.

    Raises:
        RequestError: The name is not an identifier, or a keyword of Python.
    """
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise RequestError(
            f"{literal(repr(name))} cannot be a variable.", f"Give a name such as {option('name', 'model')}."
        )
    return name


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


def _like(name: str, variables: Mapping[str, Any]) -> str:
    """Return a hint with the variables of a similar name, else with the models."""
    public = [known for known in variables if not known.startswith("_")]
    return did_you_mean(name, difflib.get_close_matches(name, public) or find_models(variables))


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
