"""The magics of a notebook: ``%savemodel``, ``%%savemodel``, ``%loadmodel``, ``%listmodels`` and so on.

`load_ipython_extension` registers one for each action of the table that has a magic. A magic reads its line
(`request.command`, `namespace`), carries the action out and displays the report. It lets errors pass, so that the cell
fails and ``Run all`` stops.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from colab_save.errors import RequestError
from colab_save.frontends.action import Action, Result, Runner
from colab_save.frontends.actions import magics, references
from colab_save.frontends.languages import MAGIC, PYTHON, entered
from colab_save.frontends.namespace import (
    check_before,
    check_variable,
    evaluated,
    explained,
    save_request,
    with_replaced,
)
from colab_save.frontends.variables import free_variables
from colab_save.hints import speaking
from colab_save.request.command import Expression
from colab_save.request.option import Syntax
from colab_save.request.request import AUTO, SaveRequest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class ModelMagics:
    """The magics of one notebook.

    They display their reports and return only a model, since IPython would show a returned report twice.

    Args:
        shell: IPython's shell.
        run: Carries the actions out. Default: the functions in the table of actions.
    """

    def __init__(self, shell: InteractiveShell, run: Runner | None = None) -> None:
        self._shell = shell
        self._run = run or Runner(references())

    def __call__(
        self, action: Action, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Any:
        """Carry out one line; IPython passes the cell below it, if any, and the variables in scope.

        Returns:
            The model, if the action has one and the line names no variable for it.
        """
        with entered(MAGIC):
            if not {"-h", "--help"}.isdisjoint(line.split()):
                sys.stdout.write(action.magic_command.help())
                return None
            expand = functools.partial(_expand, variables=self._variables(local_ns))
            typed = action.magic_command.read(line, expand)
            variable = check_variable(_variable_of(action, typed), self._shell.user_ns)
            if action.request is SaveRequest:
                check_before_cell(typed)
            failure = None
            if cell is not None:
                check_before(typed, cell, self._variables(local_ns))
                failure = self._run_cell(cell)
            result = self._carry_out(action, typed, self._variables(local_ns))
            if variable is not None:
                result = with_replaced(result, variable, self._shell.user_ns)
            if action.result is Result.MODEL and typed.get("variables", True):
                free, result = free_variables(result, self._shell.user_ns, variable)
                self._shell.push(free)
            _show(result)
        if failure is not None:
            raise failure
        return self._model_of(result, variable) if action.result is Result.MODEL else None

    def _carry_out(self, action: Action, typed: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
        if action.request is SaveRequest:
            request = save_request(typed, variables)
            with explained(typed, variables):
                return self._run.under_a_bar(action, request)
        given = evaluated(typed, variables)
        if action.request is not None:
            return self._run.under_a_bar(action, action.request(**given))
        return self._run.under_a_bar(action, **given)

    def _model_of(self, report: Any, variable: str | None) -> Any:
        if variable is None:
            return report.model
        self._shell.push({variable: report.model})
        return None

    def _variables(self, local_ns: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**self._shell.user_ns, **(local_ns or {})}

    def _run_cell(self, cell: str) -> BaseException | None:
        """Run the cell below a magic and return the error that it raised, which IPython has already shown."""
        with speaking(PYTHON):
            result = self._shell.run_cell(cell)
        if result.error_before_exec is not None:
            raise RequestError("The cell could not run, so nothing was saved.", "Correct the error shown above.")
        failure: BaseException | None = result.error_in_exec
        if failure is not None:
            shown = [f"{type(failure).__name__} in the cell, shown above; the model was saved after it."]
            vars(failure)["_render_traceback_"] = lambda: shown
        return failure


def check_before_cell(typed: Mapping[str, Any]) -> None:
    """Refuse a wrong line before its cell runs, so that a misspelt word does not cost hours.

    Raises:
        RequestError: As `SaveRequest` and the formats raise it.
    """
    from colab_save.formats.base import get_format

    texts = {name: value for name, value in typed.items() if not isinstance(value, (dict, Expression))}
    for name in SaveRequest(None, **texts).formats:
        if name != AUTO:
            get_format(name)


def register(shell: InteractiveShell, run: ModelMagics | None = None) -> None:
    """Register the magics with IPython."""
    from IPython.core.magic import needs_local_scope, no_var_expand

    run = run or ModelMagics(shell)
    for name, action in magics().items():
        magic = needs_local_scope(no_var_expand(functools.partial(run, action)))
        with speaking(MAGIC):
            vars(magic)["__doc__"] = action.magic_command.help()
        shell.register_magic_function(magic, "line_cell" if action.is_cell_magic else "line", name)


def unregister(shell: InteractiveShell) -> None:
    """Remove the magics from IPython."""
    for name in magics():
        for known in shell.magics_manager.magics.values():
            known.pop(name, None)


def _variable_of(action: Action, typed: dict[str, Any]) -> str | None:
    """Remove the variable for the result from the typed values and return it; ``None`` if there is none."""
    names = [option.name for option in action.options if option.syntax is Syntax.VARIABLE]
    return next((typed.pop(name) for name in names if name in typed), None)


def _expand(text: str, variables: Mapping[str, Any]) -> str:
    """Replace ``$name`` and ``{name}`` by values, as IPython does for any magic.

    IPython's own expansion is turned off for these magics, because it would change expressions such as ``{"a": x}``.
    """
    if "$" not in text and "{" not in text:
        return text
    from IPython.utils.text import DollarFormatter

    try:
        return str(DollarFormatter().vformat(text, (), variables))
    except Exception:  # noqa: BLE001 - IPython's rule: a text that cannot be expanded stays as it is
        return text


def _show(report: object) -> None:
    from IPython.display import display

    display(report)
