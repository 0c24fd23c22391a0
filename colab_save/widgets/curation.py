"""What may be done to a ticked version besides loading it: other tags, delete, undo.

Each takes one renaming or one small file, so it is done in the click itself.
"""

from __future__ import annotations

from collections.abc import Callable

from colab_save.errors import ColabSaveError
from colab_save.frontends.actions import Lines
from colab_save.request.command import DELETE, RESTORE, Command
from colab_save.request.spelling import magic_line, plain_call, python_call
from colab_save.widgets import fields
from colab_save.widgets.working import done_html, error_html


class Curation:
    """The fields that change what is saved.

    Args:
        lines: What the panel asks of the house.
        place: Gives the target that is ticked and the store that is looked at.
        on_done: Told what was done, or why not, as HTML.

    Attributes:
        widget: What is shown.
        undoing: What is shown after a version was deleted.
    """

    def __init__(
        self, lines: Lines, place: Callable[[], tuple[str, str | None]], on_done: Callable[[str], None]
    ) -> None:
        self._lines, self._place, self._on_done = lines, place, on_done
        self._deleted: tuple[str, str | None] | None = None
        self.tags = fields.text("Tags", "best, baseline")
        self.tag = fields.button("Set tags", "Give it exactly these tags", self._tag)
        self.delete = fields.button("Delete", "Delete it; it can be brought back", self._delete, "csp-danger")
        self.undo = fields.button("Undo", "Bring it back", self._restore)
        self.remove = fields.button("Free its room", "Remove its files now, for good", self._remove)
        self._said = fields.html()
        self.widget = fields.row(self.tags, self.tag, self.delete, name="csp-pair")
        self.undoing = fields.row(self._said, self.undo, self.remove, name="csp-undo")
        self._show_undo()

    def offer(self, tags: tuple[str, ...] | None) -> None:
        """Offer to change a version with these tags; ``None`` when it cannot be said which."""
        self.tag.disabled = self.delete.disabled = tags is None
        if tags is not None:
            self.tags.value = ", ".join(tags)

    def _tag(self) -> None:
        tags = tuple(tag.strip() for tag in self.tags.value.split(",") if tag.strip())
        target, source = self._place()
        said = f"{target} has the tags {', '.join(tags)}." if tags else f"{target} has no tags."
        call = plain_call("tag_version", target, tags, source=source)
        self._change(lambda: self._lines.tag(target, tags, source), said, call)

    def _delete(self) -> None:
        target, source = self._place()
        call = _lines(DELETE, target, source)
        if self._change(lambda: self._lines.delete(target, source), f"{target} is deleted.", call):
            self._deleted = (target, source)
            self._show_undo()

    def _restore(self) -> None:
        if self._deleted is not None:
            target, source = self._deleted
            call = _lines(RESTORE, target, source)
            self._forget(self._change(lambda: self._lines.restore(target, source), f"{target} is back.", call))

    def _remove(self) -> None:
        if self._deleted is not None:
            target, source = self._deleted
            said = f"The files of {target} are gone."
            call = _lines(DELETE, target, source, for_good=True)
            self._forget(self._change(lambda: self._lines.remove(target, source), said, call))

    def _change(self, change: Callable[[], object], said: str, call: str) -> bool:
        try:
            change()
        except ColabSaveError as error:
            self._on_done(error_html(error))
            return False
        self._on_done(done_html(said, call))
        return True

    def _forget(self, is_done: bool) -> None:  # noqa: FBT001 - the answer of `_change`
        if is_done:
            self._deleted = None
            self._show_undo()

    def _show_undo(self) -> None:
        fields.show(self.undoing, is_shown=self._deleted is not None)
        if self._deleted is not None:
            self._said.value = f"{self._deleted[0]} is deleted. It can be brought back for a day."


def _lines(command: Command, target: str, source: str | None, **more: object) -> str:
    """Write the line and the call that do the same."""
    given = {"target": target, **({"source": source} if source else {}), **more}
    return f"{magic_line(command, given)}\n{python_call(command, given)}"
