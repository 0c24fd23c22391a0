"""The Models tab: find a saved version, load, verify, compare, view, tag and delete it.

Every button is an action of the table; the panel shows the line and the call that do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.errors import ColabSaveError, RequestError
from colab_save.frontends.action import Runner
from colab_save.frontends.actions import action_of, label_of
from colab_save.frontends.languages import LABELS
from colab_save.frontends.namespace import check_variable, evaluated, with_replaced
from colab_save.frontends.variables import free_variables
from colab_save.hints import action, render
from colab_save.progress import OnStep
from colab_save.reports.card import Shown
from colab_save.reports.listing import Listing
from colab_save.reports.report import SaveReport
from colab_save.reports.viewed import Viewed
from colab_save.request.request import LoadRequest
from colab_save.stores.base import UploadState
from colab_save.types import Html
from colab_save.widgets import fields
from colab_save.widgets.curation import Curation
from colab_save.widgets.destination import Destination
from colab_save.widgets.log_view import LogView
from colab_save.widgets.more_options import MoreOptions
from colab_save.widgets.spelled import Spelled, spell
from colab_save.widgets.version_list import VersionList
from colab_save.widgets.working import LOADING, LOOKING, Work, as_html, done_html

OWN = ("target", "source", "name")
"""The options that have their own field."""


class ModelsTab:
    """The widgets of the Models tab.

    Args:
        run: Calls the actions, and the other functions of `machine`, by name.
        variables: Returns the notebook's variables.
        assign: Sets a variable of the notebook.

    Attributes:
        widget: The widget to show.
        work: The running action, and the result of the last one.
        listing: The versions in the store when it was last listed.
    """

    def __init__(
        self, run: Runner, variables: Callable[[], Mapping[str, Any]], assign: Callable[[str, Any], None]
    ) -> None:
        self._run, self._variables, self._assign = run, variables, assign
        self.listing: Listing | None = None
        self._asked = 0
        self._listed: str | None = None
        self.work = Work(run, self._settle)
        self.where = Destination(LABELS["source"], run, self.refresh, self.work.show_error)
        self.look = fields.button(label_of("list"), "List the saved versions", self.refresh)
        self.empty = fields.html()
        self.versions = VersionList(self._settle)
        self.logs = LogView(run, self.work.show_error)
        self._make_actions()
        self.widget = fields.column(
            fields.row(self.where.widget, self.look, name="csp-tools"),
            self.empty,
            self.versions.widget,
            self._actions,
            self.curation.undoing,
            self.work.widget,
            self.logs.widget,
        )
        self._settle()

    def _make_actions(self) -> None:
        self.variable = fields.text(LABELS["name"], "model")
        self.load = fields.button(label_of("load"), "Load it into that variable", self._load, "primary")
        self.verify = fields.button(label_of("verify"), "Load it and compare it with what was saved", self._verify)
        self.card = fields.button("Open the card", "Show what was proven when it was saved", self._open)
        self.inside = fields.button(
            label_of("inspect"), "Show its architecture, its layers and its weights", self._inspect
        )
        self.netron = fields.button(label_of("netron"), "Show the model file in another browser tab", self._netron)
        self.compare = fields.button(label_of("compare"), "Compare the two that are ticked", self._compare)
        self.tensorboard = fields.button(label_of("tensorboard"), "Write its histograms and graph to logs", self._log)
        self.curation = Curation(self._run, lambda: (self._targets()[0], self.where.location), self._changed)
        self.more = MoreOptions(action_of("load"), OWN, self._show_line)
        self.spelled = Spelled()
        self._actions = fields.column(
            fields.row(self.variable, self.load, name="csp-pair"),
            fields.row(self.verify, self.card, self.compare, self.inside),
            fields.row(self.netron, self.tensorboard),
            self.curation.widget,
            self.more.widget,
            self.spelled.widget,
        )
        self.variable.observe(lambda _: self._show_line(), "value")

    def refresh(self) -> None:
        """List the store again, in the background; this does not mount Drive.

        A store may answer late: only the answer to the last question is shown.
        """
        self._asked += 1
        self.where.refresh()
        if self.where.needs_mount:
            self._show(None, "Google Drive is not mounted.")
            return
        source = self.where.location
        if self.listing is None or source != self._listed:
            self._show(None, "Listing…")
        self._listed = source
        self._run("start", partial(self._list, source, self._asked), lambda: None)

    def _list(self, source: str | None, asked: int) -> None:
        try:
            listing = self._run("list", pattern="*", source=source)
        except ColabSaveError as error:
            if asked == self._asked:
                self._show(None, "")
                self.work.show_error(error)
            return
        if asked == self._asked:
            self._show(listing, "" if listing.manifests else f"Nothing is saved in {listing.where} yet.")

    def _show(self, listing: Listing | None, note: str) -> None:
        self.listing = listing
        damaged = [f"Damaged: {render(message)}" for message in listing.damaged] if listing else []
        self.empty.value = "".join(done_html(text) for text in filter(None, (note, *damaged)))
        self.versions.show(listing.manifests if listing else ())

    def _settle(self) -> None:
        """Enable the buttons that fit what is ticked."""
        ticked, is_free = self.versions.ticked, not self.work.is_busy
        one = self._one()
        for made in (self.load, self.verify, self.card, self.inside, self.netron, self.tensorboard):
            made.disabled = one is None or not is_free
        self.compare.disabled = len(ticked) != 2 or not is_free
        fields.show(self._actions, is_shown=bool(self.listing and self.listing.manifests))
        self.curation.offer(one.tags if one is not None and is_free else None)
        if one is not None:
            self.variable.placeholder = self._variable_for(one)
        self._show_line()

    def _one(self) -> Manifest | None:
        return self.versions.ticked[0] if len(self.versions.ticked) == 1 else None

    def _targets(self) -> list[str]:
        return [f"{manifest.name}@{manifest.version}" for manifest in self.versions.ticked]

    def _show_line(self) -> None:
        if self._one() is None:
            two = self._targets() if len(self.versions.ticked) == 2 else []
            lines = spell("compare", {"first": two[0], "second": two[1], **self._source()}) if two else ()
            self.spelled.show(*lines)
            return
        try:
            self.spelled.show(*spell("load", self.typed()))
        except ColabSaveError as error:
            self.spelled.refuse(error)

    def typed(self) -> dict[str, Any]:
        """Return the values for a load, as `Command.read` returns them.

        Raises:
            RequestError: A value in *More options* cannot be read, or the variable must not be replaced.
        """
        name = check_variable(self.variable.value.strip() or self.variable.placeholder, self._variables())
        return {"target": self._targets()[0], **self._source(), **self.more.typed(), "name": name}

    def _variable_for(self, manifest: Manifest) -> str:
        """Return the name of a version if a variable may have it, else ``model``."""
        try:
            return check_variable(manifest.name, self._variables()) or "model"
        except RequestError:
            return "model"

    def _source(self) -> dict[str, str]:
        """Return the store as `Command.read` returns it: nothing for the default."""
        return {"source": self.where.location} if self.where.location else {}

    def _load(self) -> None:
        try:
            typed, variables = self.typed(), dict(self._variables())
            name, variables_too = typed.pop("name"), typed.get("variables", True)
        except ColabSaveError as error:
            self.work.show_error(error)
            return

        def work(on_step: OnStep) -> str:
            report = self._run("load", LoadRequest(**evaluated(typed, variables)), on_step=on_step)
            report = with_replaced(report, name, self._variables())
            free, report = free_variables(report, self._variables(), name) if variables_too else ({}, report)
            for each, value in {**free, name: report.model}.items():
                self._assign(each, value)
            return done_html(f"{report.target} is now {name}.") + as_html(report)

        self.work.run(LOADING, work, lambda: None)

    def _verify(self) -> None:
        request = LoadRequest(self._targets()[0], source=self.where.location)
        self.work.run(LOADING, lambda on_step: as_html(self._run("verify", request, on_step=on_step)), lambda: None)

    def _compare(self) -> None:
        first, second = self._targets()
        given = {"first": first, "second": second, "source": self.where.location}
        self.work.run(LOADING, lambda _: as_html(self._run("compare", **given)), lambda: None)

    def _open(self) -> None:
        manifest, listing = self._one(), self.listing
        if manifest is None or listing is None:
            return
        line = action("load", self._targets()[0], name="model", **self._source())
        upload_state = listing.upload_states.get(self._targets()[0], UploadState.DONE)
        where = f"{listing.where}/{manifest.name}/{manifest.version}"
        self.work.result.value = as_html(SaveReport(manifest, where, listing.store, upload_state, line))

    def _inspect(self) -> None:
        self._look("inspect", lambda **given: self._run("inspect", **given))

    def _netron(self) -> None:
        self._look("netron", lambda **given: self._run("netron", **given))

    def _log(self) -> None:
        def log(**given: Any) -> Viewed:
            logs: Viewed = self._run("write_logs", **given)
            self.logs.offer(logs)
            return logs

        self._look("tensorboard", log)

    def _look(self, name: str, look: Callable[..., Shown]) -> None:
        target = self._targets()[0]
        same = done_html("The same in a cell:", *spell(name, {"target": target, **self._source()}))
        given = {"target": target, "source": self.where.location}
        self.logs.offer(None)
        self.work.run(LOOKING, lambda on_step: as_html(look(**given, on_step=on_step)) + same, lambda: None)

    def _changed(self, shown: Html) -> None:
        """Show what was done to a version, and list the store again."""
        self.work.result.value = shown
        self.refresh()
