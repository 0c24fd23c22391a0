"""The notebook's variables: which of them are models, and what an expression in a line means.

The magics ask here after `command` has read the line. Nothing is imported to find a model: in a notebook that has
not loaded TensorFlow there is none.
"""

from __future__ import annotations

import difflib
import keyword
import sys
from collections.abc import Mapping
from typing import Any

from colab_save.errors import AmbiguousModelError, NoModelError, RequestError, TargetError, UnknownNameError
from colab_save.hints import action, literal, option
from colab_save.request.command import Expression
from colab_save.request.request import SaveRequest
from colab_save.target import Target, is_path
from colab_save.wording import did_you_mean, first_line


def find_models(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Find the models among some variables, in the order of their definition.

    Names with a leading underscore are IPython's own history, or private. An object with two names counts once.
    """
    found: dict[int, tuple[str, Any]] = {}
    for name, value in variables.items():
        if not name.startswith("_") and _is_model(value):
            found.setdefault(id(value), (name, value))
    return dict(found.values())


def only_model(variables: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the only model there is, with its name.

    Raises:
        NoModelError: There is none.
        AmbiguousModelError: There are several.
    """
    models = find_models(variables)
    if not models:
        raise NoModelError(
            "There is no model in the notebook yet.", f"Make one, then: {action('save', 'model', 'cats')}"
        )
    if len(models) > 1:
        listed = ", ".join(f"{name} ({type(model).__name__})" for name, model in models.items())
        raise AmbiguousModelError(
            f"There are {len(models)} models: {listed}.", f"Say which: {action('save', next(iter(models)))}"
        )
    return next(iter(models.items()))


def pick_model(asked: Expression | None, target: str | None, variables: Mapping[str, Any]) -> tuple[Any, str | None]:
    """Decide which model is meant, and under which target it is saved.

    A single word that names nothing is the target of the only model there is: ``%savemodel cats``. Without a target
    the variable's name is taken, where it can be a name; ``None`` leaves it to the model's own.

    Raises:
        RequestError: The expression fails, or it cannot be said which model is meant.
    """
    if asked is None:
        name, model = only_model(variables)
        return model, target or name
    try:
        model = evaluate(asked, variables)
    except RequestError as error:
        names_nothing = isinstance(error.__cause__, NameError | SyntaxError) and _is_target(asked.word)
        if target is None and names_nothing and (is_path(asked.word) or len(find_models(variables)) == 1):
            return only_model(variables)[1], asked.word
        raise
    is_name = asked.source.isidentifier() and _is_target(asked.source)
    return model, target or (asked.source if is_name else None)


def save_request(typed: Mapping[str, Any], variables: Mapping[str, Any]) -> SaveRequest:
    """Make the request of a line that `command` has read: its expressions evaluated, its model picked.

    Raises:
        RequestError: An expression fails, or it cannot be said which model is meant.
    """
    model, target = pick_model(typed.get("model"), typed.get("target"), variables)
    rest = {name: value for name, value in typed.items() if name not in {"model", "target"}}
    return SaveRequest(model, target, **evaluated(rest, variables))


def check_variable(name: str | None) -> str | None:
    """Refuse a name that cannot be a variable, before anything is loaded.

    Raises:
        RequestError: Not an identifier, or a word of Python's own.
    """
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise RequestError(f"{name!r} cannot be a variable.", f"Give a name such as {option('name', 'model')}.")
    return name


def evaluate(asked: Expression, variables: Mapping[str, Any]) -> Any:
    """Return the value of an expression.

    Raises:
        UnknownNameError: A variable in it does not exist.
        RequestError: It is no expression, or it failed.
    """
    what = literal(f"{asked.asked_by} {asked.source}")
    try:
        return eval(asked.source, dict(variables))  # noqa: S307 - the user's own line, in the user's own notebook
    except (NameError, SyntaxError) as error:
        if asked.may_be_word:
            return asked.word
        if isinstance(error, SyntaxError):
            raise RequestError(
                f"{what} is not a Python expression.", "Check it; put one with spaces in quotes."
            ) from error
        raise UnknownNameError(
            f"{what}: there is no variable {error.name!r}.", _like(error.name or "", variables) or "Define it first."
        ) from error
    except Exception as error:  # the user's own code may raise anything; it goes on as the cause
        raise RequestError(
            f"{what} failed with {first_line(error)}.", "Try the expression in a cell of its own."
        ) from error


def evaluated(typed: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Put values in the place of expressions, also inside ``--option KEY=VALUE``."""

    def value_of(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: value_of(value) for key, value in item.items()}
        return evaluate(item, variables) if isinstance(item, Expression) else item

    return {name: value_of(item) for name, item in typed.items()}


def _like(name: str, variables: Mapping[str, Any]) -> str:
    """Name the variables that are spelt alike, or else the models."""
    public = [known for known in variables if not known.startswith("_")]
    return did_you_mean(name, difflib.get_close_matches(name, public) or find_models(variables))


def _is_target(text: str) -> bool:
    try:
        return not Target.parse(text).selector
    except TargetError:
        return False


def _is_model(value: object) -> bool:
    if isinstance(value, _classes("keras", "Model") + _classes("tf_keras", "Model")):
        return True
    # Every layer of Keras 2 is a tf.Module too.
    return isinstance(value, _classes("tensorflow", "Module")) and not isinstance(
        value, _classes("tf_keras.layers", "Layer")
    )


def _classes(module: str, name: str) -> tuple[type, ...]:
    """Return a class of a module that is loaded already, as `isinstance` takes it; else nothing."""
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()
