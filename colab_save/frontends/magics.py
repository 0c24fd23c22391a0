"""The notebook's door: ``%savemodel``, ``%%savemodel``, ``%loadmodel``, ``%listmodels``, ``%deletemodel`` and so on.

`load_ipython_extension` registers them. Each reads its line (`command`, `namespace`), calls a line of the house and
displays the report. Errors go through as they are, so that the cell fails and ``Run all`` stops.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from colab_save.errors import RequestError
from colab_save.frontends.namespace import check_variable, evaluated, save_request
from colab_save.request.command import COMMANDS, DELETE, LIST, LOAD, PANEL, RESTORE, SAVE, Command, Expression
from colab_save.request.request import AUTO, LoadRequest, SaveRequest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from colab_save.reports.card import Shown
    from colab_save.reports.listing import Listing
    from colab_save.reports.report import LoadReport, SaveReport


def _save(request: SaveRequest) -> SaveReport:
    from colab_save.frontends.python import save_with_bar

    return save_with_bar(request)


def _load(request: LoadRequest) -> LoadReport:
    from colab_save.frontends.python import load_with_bar

    return load_with_bar(request)


def _list_saved(pattern: str = "*", source: str | None = None) -> Listing:
    from colab_save.loading.pipeline import list_models

    return list_models(pattern, source)


def _delete(target: str, source: str | None = None, *, for_good: bool = False) -> Shown:
    from colab_save.versions.curating import delete_version

    return delete_version(target, source=source, for_good=for_good)


def _restore(target: str | None = None, source: str | None = None) -> Shown:
    from colab_save.versions.curating import list_deleted, restore_version

    return list_deleted(source=source) if target is None else restore_version(target, source=source)


def _panel(shell: InteractiveShell) -> object:
    return importlib.import_module("colab_save.widgets.board").panel_of(shell)  # above: it reads this package's actions


class ModelMagics:
    """The magics of one notebook.

    IPython calls the methods with the rest of the line, the cell if there is one, and the variables in scope. They
    display their reports and return nothing, since a last line would show a report twice; only a model is returned.

    Args:
        shell: IPython itself.
        save: Carries a request out; like the next two, loaded when it is first needed.
        load: Likewise.
        list_saved: Lists what is saved, by pattern and store.
        panel: Makes a panel in this notebook.
        delete: Deletes a version.
        restore: Brings one back, or lists what can be brought back.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        save: Callable[[SaveRequest], SaveReport] = _save,
        load: Callable[[LoadRequest], LoadReport] = _load,
        list_saved: Callable[..., Listing] = _list_saved,
        panel: Callable[[InteractiveShell], object] = _panel,
        delete: Callable[..., Shown] = _delete,
        restore: Callable[..., Shown] = _restore,
    ) -> None:
        self._shell = shell
        self._save = save
        self._load = load
        self._list_saved = list_saved
        self._panel = panel
        self._delete = delete
        self._restore = restore

    def savemodel(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> None:
        """Save a model; with a cell, run that first, and save also after an interrupt or an error in it."""
        typed = self._read(SAVE, line, local_ns)
        if typed is None:
            return
        check_before_cell(typed)
        failure = None if cell is None else self._run(cell)
        _show(self._save(save_request(typed, self._variables(local_ns))))
        if failure is not None:
            raise failure

    def loadmodel(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Load a model and return it, or assign it to the variable after ``--as``."""
        typed = self._read(LOAD, line, local_ns)
        if typed is None:
            return None
        name = check_variable(typed.pop("name", None))
        report = self._load(LoadRequest(**evaluated(typed, self._variables(local_ns))))
        _show(report)
        if name is None:
            return report.model
        self._shell.push({name: report.model})
        return None

    def listmodels(self, line: str, local_ns: Mapping[str, Any] | None = None) -> None:
        """List what is saved."""
        typed = self._read(LIST, line, local_ns)
        if typed is not None:
            _show(self._list_saved(**typed))

    def deletemodel(self, line: str, local_ns: Mapping[str, Any] | None = None) -> None:
        """Delete a version, and show the line that brings it back."""
        typed = self._read(DELETE, line, local_ns)
        if typed is not None:
            _show(self._delete(**typed))

    def restoremodel(self, line: str, local_ns: Mapping[str, Any] | None = None) -> None:
        """Bring a version back, or list what can be brought back."""
        typed = self._read(RESTORE, line, local_ns)
        if typed is not None:
            _show(self._restore(**typed))

    def modelpanel(self, line: str, local_ns: Mapping[str, Any] | None = None) -> None:
        """Show a panel."""
        if self._read(PANEL, line, local_ns) is not None:
            _show(self._panel(self._shell))

    def _variables(self, local_ns: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**self._shell.user_ns, **(local_ns or {})}

    def _read(self, command: Command, line: str, local_ns: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Read a line, or show the help when it asks for that."""
        if not {"-h", "--help"}.isdisjoint(line.split()):
            sys.stdout.write(command.help())
            return None
        return command.read(line, functools.partial(_expand, variables=self._variables(local_ns)))

    def _run(self, cell: str) -> BaseException | None:
        """Run the cell of ``%%savemodel`` and give what it failed with; IPython has then shown that already."""
        result = self._shell.run_cell(cell)
        if result.error_before_exec is not None:
            raise RequestError("The cell could not be run, so nothing was saved.", "Correct the error shown above.")
        failure: BaseException | None = result.error_in_exec
        if failure is not None:
            shown = [f"{type(failure).__name__} in the cell, shown above; the model was saved after it."]
            vars(failure)["_render_traceback_"] = lambda: shown
        return failure


def check_before_cell(typed: Mapping[str, Any]) -> None:
    """Refuse what is wrong with a line already, so that a misspelt word does not cost the hours of a cell.

    Raises:
        RequestError: In the words of `SaveRequest`, or of the formats.
    """
    from colab_save.formats.base import get_format

    texts = {name: value for name, value in typed.items() if not isinstance(value, (dict, Expression))}
    for name in SaveRequest(None, **texts).formats:
        if name != AUTO:
            get_format(name)


def register(shell: InteractiveShell, magics: ModelMagics | None = None) -> None:
    """Make the magics known to IPython."""
    from IPython.core.magic import needs_local_scope, no_var_expand

    magics = magics or ModelMagics(shell)
    for name, command in COMMANDS.items():
        # A bound method takes no attributes, and IPython keeps its marks in them.
        magic = needs_local_scope(no_var_expand(functools.partial(getattr(magics, name))))
        vars(magic)["__doc__"] = command.help()
        shell.register_magic_function(magic, "line_cell" if command is SAVE else "line", name)


def unregister(shell: InteractiveShell) -> None:
    """Make IPython forget the magics."""
    for name in COMMANDS:
        for magics in shell.magics_manager.magics.values():
            magics.pop(name, None)


def _expand(text: str, variables: Mapping[str, Any]) -> str:
    """Put values in the place of ``$name`` and ``{name}``, as IPython does for any magic.

    The magics do it themselves, because IPython's own expansion would reach into expressions such as ``{"a": x}``.
    """
    if "$" not in text and "{" not in text:
        return text
    from IPython.utils.text import DollarFormatter

    try:
        return str(DollarFormatter().vformat(text, (), variables))
    except Exception:  # noqa: BLE001 - IPython's rule: what cannot be expanded, for whatever reason, stays as it is
        return text


def _show(report: object) -> None:
    from IPython.display import display

    display(report)
