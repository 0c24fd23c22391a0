"""The Save tab: the model, its name, the store, the purpose and the sample of a save.

It collects the values of a command line, shows that line, and carries the save out. Choices, help and defaults come
from the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from colab_save.errors import ColabSaveError, RequestError
from colab_save.format_table import purposes
from colab_save.frontends.action import Runner
from colab_save.frontends.actions import action_of, label_of
from colab_save.frontends.languages import LABELS
from colab_save.frontends.languages import PICK as PICK_FORMATS
from colab_save.frontends.namespace import find_models, save_request
from colab_save.hints import literal
from colab_save.progress import OnStep
from colab_save.reports.report import SaveReport
from colab_save.request.command import Expression
from colab_save.target import is_path
from colab_save.widgets import fields
from colab_save.widgets.choices import WORDS, Offer, offer_of, purpose_in_words
from colab_save.widgets.destination import Destination
from colab_save.widgets.format_picks import FormatPicks
from colab_save.widgets.more_options import MoreOptions
from colab_save.widgets.spelled import Spelled, spell
from colab_save.widgets.training import Trained
from colab_save.widgets.working import SAVING, Work, as_html

AUTO, PICK = "", "pick"
"""The values of the choices that are not a purpose."""

OWN = ("model", "target", "to", "formats", "purpose", "sample", "tags", "note")
"""The options that have their own field."""


class SaveTab:
    """The widgets of the Save tab.

    Args:
        run: Calls the actions, and the other functions of `machine`, by name.
        variables: Returns the notebook's variables.
        on_saved: Receives the report.

    Attributes:
        widget: The widget to show.
        work: The running action, and the result of the last one.
    """

    def __init__(
        self, run: Runner, variables: Callable[[], Mapping[str, Any]], on_saved: Callable[[SaveReport], None]
    ) -> None:
        self._run, self._variables, self._on_saved = run, variables, on_saved
        self._offers: dict[str, Offer] = {}
        self._trained = Trained()
        self.work = Work(run, self._settle)
        self.where = Destination(LABELS["to"], run, self._show_line, self.work.show_error)
        self.model = fields.choice(LABELS["model"])
        self.empty = fields.html(
            '<div class="csp-empty">There is no model in the notebook yet. Make one in a cell, and it appears.</div>'
        )
        self.name = fields.text(LABELS["target"])
        self.purpose = fields.radio(LABELS["purpose"], _purposes())
        self.about = fields.html(name="csp-about")
        self.formats = FormatPicks(self._show_line)
        self.sample = fields.choice(LABELS["sample"])
        self.tags = fields.text(LABELS["tags"], "best, baseline")
        self.note = fields.text(LABELS["note"], "saved with the model")
        self.more = MoreOptions(action_of("save"), OWN, self._show_line)
        self.spelled = Spelled()
        self.save = fields.button(
            label_of("save"), "Save, reload in a fresh process, compare, then publish", self._save, "primary"
        )
        first = (self.model, self.name, self.where.widget, self.purpose, self.about, self.formats.widget)
        then = (self.sample, self.tags, self.note, self.more.widget, self.spelled.widget, fields.row(self.save))
        self._form = fields.column(*first, *then)
        self.widget = fields.column(self.empty, self._form, self.work.widget)
        self._observe()
        self.refresh()

    def refresh(self) -> None:
        """Update the models and samples, and pick the model that was trained since; a name typed for another goes."""
        models, picked = find_models(self._variables()), self.model.value
        is_new, last = self._trained.look(models), self._trained.name
        self._offers = {name: offer_of(model) for name, model in models.items()}
        labels = {name: f"{name} — {offer}" for name, offer in self._offers.items()}
        if last is not None:
            labels[last] += ", trained last"
        fields.set_options(self.model, [(label, name) for name, label in labels.items()])
        if models and (is_new or picked not in models):
            self.model.value = last or [*models][-1]
        if picked is not None and picked != self.model.value:
            self.name.value = ""  # else another model would be saved under it
        fields.show(self.empty, is_shown=not models)
        fields.show(self._form, is_shown=bool(models))
        self.where.refresh()
        self._picked_model()

    def typed(self) -> dict[str, Any]:
        """Return the values, as `Command.read` returns them.

        Raises:
            RequestError: A value in *More options* cannot be read, or the name is a path.
        """
        values = {
            "target": _name_in(self.name.value.strip()),
            "to": self.where.location,
            "purpose": self.purpose.value if self.purpose.value in purposes() else None,
            "formats": ",".join(self.formats.ticked) if self.purpose.value == PICK else "",
            "sample": _expression("sample", self.sample.value) if self.sample.value else None,
            "tags": tuple(tag.strip() for tag in self.tags.value.split(",") if tag.strip()),
            "note": self.note.value,
        }
        given = {name: value for name, value in values.items() if value}
        return {"model": _expression("model", self.model.value), **given, **self.more.typed()}

    def _observe(self) -> None:
        self.model.observe(lambda _: self._picked_model(), "value")
        self.purpose.observe(lambda _: self._picked_purpose(), "value")
        for widget in (self.name, self.sample, self.tags, self.note):
            widget.observe(lambda _: self._show_line(), "value")

    def _picked_model(self) -> None:
        model = self._variables().get(self.model.value)
        self.name.placeholder = self.model.value or ""
        samples = [] if model is None else [(name, name) for name in self._run("samples_for", model, self._variables())]
        fields.set_options(self.sample, [("found in the notebook, or made", ""), *samples])
        self._picked_purpose()

    def _picked_purpose(self) -> None:
        is_picking, offer = self.purpose.value == PICK, self._offers.get(self.model.value)
        self.formats.show(offer, is_shown=is_picking)
        fields.show(self.about, is_shown=not is_picking)
        if not is_picking:
            self.about.value = purpose_in_words(self.purpose.value or None, offer)
        self._show_line()

    def _show_line(self) -> None:
        if self.model.value is None:
            return
        try:
            self.spelled.show(*spell("save", self.typed()))
        except ColabSaveError as error:
            self.spelled.refuse(error)

    def _save(self) -> None:
        if self.work.is_busy or not self.where.mount_first():
            return
        try:
            typed, variables = self.typed(), dict(self._variables())
        except ColabSaveError as error:
            self.work.show_error(error)
            return

        def work(on_step: OnStep) -> str:
            report = self._run("save", save_request(typed, variables), on_step=on_step)
            self._on_saved(report)
            return as_html(report)

        self.work.run(SAVING, work, self.where.refresh)

    def _settle(self) -> None:
        self.save.disabled = self.work.is_busy


def _purposes() -> list[tuple[str, str]]:
    known = [(WORDS.get(purpose, purpose), purpose) for purpose in purposes()]
    return [("Decide for me", AUTO), *known, (PICK_FORMATS, PICK)]


def _expression(name: str, source: str) -> Expression:
    flag = next(option.flag for option in action_of("save").options if option.name == name)
    return Expression(source, source, flag)


def _name_in(text: str) -> str:
    """Return the text of the name's field, unless it would leave the store that is chosen below it.

    Raises:
        RequestError: It is a path or URL.
    """
    if is_path(text):
        raise RequestError(
            f"{LABELS['target']} {literal(repr(text))} is a path, which would leave the store.",
            f"Give a name alone, such as {literal(_word_of(text))}, and choose the folder under {LABELS['to']}.",
        )
    return text


def _word_of(path: str) -> str:
    """Return the name that somebody who typed a path may have meant."""
    found = re.search(r"(\w[\w +-]*)(\.[^/\\]*)?[/\\]*$", path)
    return found[1] if found else "cats"
