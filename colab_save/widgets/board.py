"""The panel as a whole: its tabs, its display, and what stays readable of it in a saved notebook.

It has two outputs: the widgets, and the same content as plain HTML, which the style of the widgets hides while they are
alive. A notebook that is opened without a kernel shows the second one.
"""

from __future__ import annotations

import html
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from colab_save.errors import MissingPackageError, RequestError
from colab_save.frontends.action import Runner
from colab_save.hints import pip
from colab_save.quoting import visible
from colab_save.reports.report import SaveReport
from colab_save.reports.theme import CARD
from colab_save.reports.theme import PANEL as STYLE
from colab_save.types import Html
from colab_save.widgets import fields
from colab_save.widgets.footer import Footer
from colab_save.widgets.machine import make_runner
from colab_save.widgets.models_tab import ModelsTab
from colab_save.widgets.save_tab import SaveTab
from colab_save.widgets.working import as_html

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


EVENT = "post_run_cell"
"""IPython's event after a cell has run."""

SAVE, MODELS = 0, 1
"""The tabs in their order."""


class Panel:
    """One panel in a notebook; it owns its widgets.

    Args:
        shell: IPython's shell.
        run: Calls the actions, and the other functions of `machine`, by name. Default: `make_runner`.

    Attributes:
        save: The tab that saves.
        footer: The last lines.
        tabs: The widget with the tabs.
        widget: The widget with everything.
    """

    def __init__(self, shell: InteractiveShell, run: Runner | None = None) -> None:
        run = run or make_runner()
        self._shell, self._name = shell, secrets.token_hex(4)
        self._handle: Any = None
        self.footer = Footer(run)
        self.save = SaveTab(run, self._variables, self._saved)
        self._models: ModelsTab | None = None
        self._run, self._second = run, fields.column()
        self.tabs = fields.tabs([("Save", self.save.widget), ("Models", self._second)])
        hidden = f'.colab-save-still[data-panel="{self._name}"] {{display: none}}'
        style = fields.html(f"<style>{STYLE}\n{hidden}</style>", "csp-style")
        self.widget = fields.column(style, self.tabs, self.footer.widget, name="colab-save-panel")
        self.tabs.observe(lambda change: self._opened(change["new"]), "selected_index")
        self.save.work.result.observe(lambda _: self._update(), "value")
        shell.events.register(EVENT, self.refresh)

    @property
    def models(self) -> ModelsTab:
        """Return the tab with the saved versions, which is made when it is first opened."""
        if self._models is None:
            self._models = ModelsTab(self._run, self._variables, lambda name, value: self._shell.push({name: value}))
            self._second.children = (self._models.widget,)
            self._models.work.result.observe(lambda _: self._update(), "value")
        return self._models

    def refresh(self, *_: object) -> None:
        """Update the models and the state of Drive; IPython calls this when a cell has run."""
        self.save.refresh()
        self.footer.refresh()

    def close(self) -> None:
        """Close the widgets and stop updating; the plain HTML stays as it was last."""
        with suppress(ValueError):  # closed already
            self._shell.events.unregister(EVENT, self.refresh)
        fields.close(self.widget)

    def still(self) -> Html:
        """Return what the panel shows now, as HTML that needs no kernel and no widgets."""
        listing = self._models.listing if self._models else None
        parts = [
            self.save.work.result.value,
            self._models.work.result.value if self._models else "",
            as_html(listing) if listing else "",
            f'<div class="colab-save soft">{self.footer.widget.value}</div>',
        ]
        note = "The colab_save panel as it was last shown; run the cell again to use it."
        head = f'<style>{CARD}</style><div class="colab-save">{note}</div>'
        return Html(f'<div class="colab-save-still" data-panel="{self._name}">{head}{"".join(parts)}</div>')

    def __str__(self) -> str:
        models = [label for label, _ in self.save.model.options]
        return visible("\n".join(["colab_save panel", *(f"  {html.unescape(label)}" for label in models)]))

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {"text/plain": str(self), "text/html": self.still(), "application/vnd.jupyter.widget-view+json": view}

    def _ipython_display_(self) -> None:
        """Display the widgets, and the plain HTML as a second output, which can be updated."""
        from IPython.display import HTML, display

        shown = self._repr_mimebundle_()
        still = shown.pop("text/html")
        display(shown, raw=True)
        self._handle = display(HTML(still), display_id=f"colab-save-{self._name}")

    def _update(self) -> None:
        if self._handle is not None:
            from IPython.display import HTML

            self._handle.update(HTML(self.still()))

    def _variables(self) -> dict[str, Any]:
        return dict(self._shell.user_ns)

    def _saved(self, report: SaveReport) -> None:
        self.footer.refresh()
        if self._models is not None:
            self._models.refresh()

    def _opened(self, tab: int | None) -> None:
        if tab == MODELS and self.models.listing is None:
            self.models.refresh()


def panel() -> Panel:
    """Return a panel that saves, lists and loads models with buttons.

    Returns:
        The panel, which a cell shows as its result.

    Raises:
        RequestError: This is not a notebook.
        MissingPackageError: ipywidgets is not installed.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RequestError("The panel works only in a notebook.", "Use save_model, load_model and list_models.")
    return panel_of(shell)


def panel_of(shell: InteractiveShell) -> Panel:
    """Return a panel for a notebook.

    Raises:
        MissingPackageError: ipywidgets is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("ipywidgets") is None:
        raise MissingPackageError("The panel needs ipywidgets, which is not installed.", pip("ipywidgets"))

    return Panel(shell)
