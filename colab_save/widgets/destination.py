"""The fields that choose a store: Drive, with its state, or a folder or URL; both tabs have them.

Only this module mounts Drive for the panel, in the click itself: `drive.mount` works only in the kernel's main thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from colab_save.errors import ColabSaveError
from colab_save.frontends.action import Runner
from colab_save.reports.card import escape
from colab_save.widgets import fields

DRIVE, FOLDER = "drive", "folder"


class Destination:
    """The fields that choose a store.

    Args:
        label: The label, such as *Where to*.
        run: Calls the actions, and the other functions of `machine`, by name.
        on_change: Called when another store is chosen, or after Drive was mounted.
        on_error: Shows an error.

    Attributes:
        widget: The widget to show.
        kind: The choice between Drive and a folder.
        folder: The field for a folder or URL.
        mount: The button that mounts Drive.
    """

    def __init__(
        self, label: str, run: Runner, on_change: Callable[[], None], on_error: Callable[[ColabSaveError], None]
    ) -> None:
        self._run, self._on_change, self._on_error = run, on_change, on_error
        self._is_default = False
        self.folder = fields.text("Folder", is_whole=True)  # a store is asked for each value
        self._look()
        kinds = [("Google Drive", DRIVE), ("Folder or URL", FOLDER)]
        self.kind = fields.choice(label, kinds)
        self.kind.value = DRIVE if self._is_default else FOLDER
        self._state = fields.html(name="csp-state")
        self.mount = fields.button("Mount Drive", "Ask for access to Google Drive", self._mount)
        self._drive = fields.row(self._state, self.mount, name="csp-drive")
        self.widget = fields.row(self.kind, self.folder, self._drive, name="csp-where")
        self.kind.observe(lambda _: self._changed(), "value")
        self.folder.observe(lambda _: self._on_change(), "value")
        self.refresh()

    @property
    def location(self) -> str | None:
        """Return the location of the chosen store; ``None`` for the default."""
        if self.kind.value == DRIVE:
            return None if self._is_default else DRIVE
        return self.folder.value.strip() or (None if not self._is_default else "./models")

    @property
    def needs_mount(self) -> bool:
        """Return whether Drive is chosen and must be mounted first."""
        return self._is_on_drive() and bool(self._run("drive").can_mount)

    def mount_first(self) -> bool:
        """Mount Drive if needed, and return whether to go on."""
        if self.needs_mount:
            self._mount()
        return not self.needs_mount

    def refresh(self) -> None:
        """Update the default store and the state of Drive."""
        self._look()
        is_drive = self.kind.value == DRIVE
        fields.show(self.folder, is_shown=not is_drive)
        fields.show(self._drive, is_shown=is_drive)
        if is_drive:
            state = self._run("drive")
            self._state.value = f'<span class="soft">{escape(f"Drive is {state}")}</span>'
            fields.show(self.mount, is_shown=state.can_mount)

    def _look(self) -> None:
        with suppress(ColabSaveError):  # a bad setting: what needs it refuses it, with a hint
            self._is_default = self._run("is_on_drive", None)
            self.folder.placeholder = "a folder or URL" if self._is_default else self._run("default_folder")

    def _is_on_drive(self) -> bool:
        try:
            return bool(self._run("is_on_drive", self.location))
        except ColabSaveError:  # an invalid location: the save refuses it, with a hint
            return False

    def _changed(self) -> None:
        self.refresh()
        self._on_change()

    def _mount(self) -> None:
        try:
            self._run("mount")
        except ColabSaveError as error:
            self._on_error(error)
        self.refresh()
        self._on_change()
