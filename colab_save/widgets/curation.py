"""The fields that change a ticked version: set tags, delete, undo.

Each is one rename or one small file, so it runs in the click itself.
"""

from __future__ import annotations

from collections.abc import Callable

from colab_save.errors import ColabSaveError
from colab_save.frontends.action import Runner
from colab_save.frontends.actions import label_of
from colab_save.frontends.languages import LABELS
from colab_save.reports.card import escape
from colab_save.types import Html
from colab_save.widgets import fields
from colab_save.widgets.spelled import spell
from colab_save.widgets.working import done_html, error_html


class Curation:
    """The fields that change a saved version.

    Args:
        run: Calls the actions, and the other functions of `machine`, by name.
        place: Returns the ticked target and its store.
        on_done: Receives what was done, or the error, as HTML.

    Attributes:
        widget: The widget to show.
        undoing: The widget to show after a version was deleted.
    """

    def __init__(
        self, run: Runner, place: Callable[[], tuple[str, str | None]], on_done: Callable[[Html], None]
    ) -> None:
        self._run, self._place, self._on_done = run, place, on_done
        self._deleted: tuple[str, str | None] | None = None
        self.tags = fields.text(LABELS["tags"], "best, baseline")
        self.tag = fields.button(label_of("tag"), "Set its tags to exactly these", self._tag)
        self.delete = fields.button(label_of("delete"), "Delete it; Undo brings it back", self._delete, "csp-danger")
        self.undo = fields.button(label_of("restore"), "Bring it back", self._restore)
        self.remove = fields.button("Free its space", "Remove its files now, for good", self._remove)
        self._note = fields.html()
        self.widget = fields.row(self.tags, self.tag, self.delete, name="csp-pair")
        self.undoing = fields.row(self._note, self.undo, self.remove, name="csp-undo")
        self._show_undo()

    def offer(self, tags: tuple[str, ...] | None) -> None:
        """Offer to change a version with these tags; ``None`` if not exactly one is ticked."""
        self.tag.disabled = self.delete.disabled = tags is None
        if tags is not None:
            self.tags.value = ", ".join(tags)

    def _tag(self) -> None:
        tags = tuple(tag.strip() for tag in self.tags.value.split(",") if tag.strip())
        target, source = self._place()
        done = f"{target} has the tags {', '.join(tags)}." if tags else f"{target} has no tags."
        call = _spelled("tag", target, source, tags=tags)
        self._change(lambda: self._run("tag", target=target, tags=tags, source=source), done, call)

    def _delete(self) -> None:
        target, source = self._place()
        call = _spelled("delete", target, source)
        if self._change(lambda: self._run("delete", target=target, source=source), f"{target} is deleted.", call):
            self._deleted = (target, source)
            self._show_undo()

    def _restore(self) -> None:
        if self._deleted is not None:
            target, source = self._deleted
            call = _spelled("restore", target, source)
            self._forget(
                self._change(lambda: self._run("restore", target=target, source=source), f"{target} is back.", call)
            )

    def _remove(self) -> None:
        if self._deleted is not None:
            target, source = self._deleted
            done = f"The files of {target} are gone."
            call = _spelled("delete", target, source, for_good=True)
            self._forget(
                self._change(lambda: self._run("delete", target=target, source=source, for_good=True), done, call)
            )

    def _change(self, change: Callable[[], object], done: str, call: str) -> bool:
        try:
            change()
        except ColabSaveError as error:
            self._on_done(error_html(error))
            return False
        self._on_done(done_html(done, call))
        return True

    def _forget(self, is_done: bool) -> None:  # noqa: FBT001 - the result of `_change`
        if is_done:
            self._deleted = None
            self._show_undo()

    def _show_undo(self) -> None:
        fields.show(self.undoing, is_shown=self._deleted is not None)
        if self._deleted is not None:
            self._note.value = escape(f"{self._deleted[0]} is deleted. For a day, it can be brought back.")


def _spelled(action: str, target: str, source: str | None, **more: object) -> str:
    """Return the line and the call that do the same."""
    return "\n".join(spell(action, {"target": target, **({"source": source} if source else {}), **more}))
