"""The versions of a store, page by page, each with a box to tick; any number of versions needs the same few widgets.

`models_tab` passes the manifests and reads what is ticked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.metrics import metrics_in_words
from colab_save.quantities import age_in_words, count_in_words, size_in_words
from colab_save.reports.card import MARKS, escape
from colab_save.reports.listing import EXPORT, MEASURED
from colab_save.types import Html
from colab_save.widgets import fields
from colab_save.widgets.filtering import narrowed, orders_of

PAGE = 10
"""Versions on a page."""


class VersionList:
    """A list of versions.

    Args:
        on_tick: Called when other versions are ticked.

    Attributes:
        widget: The widget to show.
        ticked: The ticked versions, in the order in which they were ticked.
    """

    def __init__(self, on_tick: Callable[[], None]) -> None:
        self._on_tick = on_tick
        self._manifests: tuple[Manifest, ...] = ()
        self._found: list[Manifest] = []
        self._page, self._is_drawing = 0, False
        self.ticked: list[Manifest] = []
        self.words = fields.text("Find", "part of a name, tag, note, format or outcome")
        self.order = fields.choice("Sort by", _options(()))
        self.boxes = [fields.check("") for _ in range(PAGE)]
        self.cells = [fields.html(name="csp-cells") for _ in range(PAGE)]
        self._rows = [fields.row(*pair, name="csp-line") for pair in zip(self.boxes, self.cells, strict=True)]
        self.back = fields.button("Previous", "The page before", lambda: self._turn(-1))
        self.on = fields.button("Next", "The next page", lambda: self._turn(1))
        self.place = fields.html(name="csp-place")
        self._pager = fields.row(self.back, self.on, self.place)
        self._tools = fields.row(self.words, self.order, name="csp-tools")
        self.widget = fields.column(self._tools, fields.column(*self._rows, name="csp-list"), self._pager)
        for index, box in enumerate(self.boxes):
            box.observe(lambda change, index=index: self._tick(index, is_ticked=change["new"]), "value")
        self.words.observe(lambda _: self._narrow(), "value")
        self.order.observe(lambda _: self._narrow(), "value")
        self._narrow()

    def show(self, manifests: Iterable[Manifest]) -> None:
        """Show these versions; a ticked version stays ticked if it is still among them."""
        self._manifests = tuple(manifests)
        fields.set_options(self.order, _options(self._manifests))
        known = {_target(manifest): manifest for manifest in self._manifests}
        self.ticked = [known[_target(manifest)] for manifest in self.ticked if _target(manifest) in known]
        self._narrow(self._page)
        self._on_tick()

    def _narrow(self, page: int = 0) -> None:
        self._found = narrowed(self._manifests, self.words.value, self.order.value)
        self._page = min(page, max(0, (len(self._found) - 1) // PAGE))
        self._draw()

    def _turn(self, pages: int) -> None:
        self._page += pages
        self._draw()

    def _draw(self) -> None:
        first = self._page * PAGE
        shown = self._found[first : first + PAGE]
        self._is_drawing = True
        for index, manifest in enumerate(shown):
            self.boxes[index].description = f"{manifest.name} · {_when(manifest)}"
            self.boxes[index].value = any(_target(manifest) == _target(other) for other in self.ticked)
            self.cells[index].value = cells_html(manifest)
        for index, row in enumerate(self._rows):
            fields.show(row, is_shown=index < len(shown))
        self._is_drawing = False
        fields.show(self._tools, is_shown=bool(self._manifests))
        fields.show(self._pager, is_shown=len(self._found) > PAGE)
        self.back.disabled, self.on.disabled = self._page == 0, first + PAGE >= len(self._found)
        self.place.value = f"{first + 1} to {first + len(shown)} of {count_in_words(len(self._found), 'version')}"

    def _tick(self, index: int, *, is_ticked: bool) -> None:
        if self._is_drawing:
            return
        manifest = self._found[self._page * PAGE + index]
        self.ticked = [other for other in self.ticked if _target(other) != _target(manifest)]
        self.ticked += [manifest] * is_ticked
        self._on_tick()


def _options(manifests: Iterable[Manifest]) -> list[tuple[str, str]]:
    return [(order, order) for order in orders_of(manifests)]


def _target(manifest: Manifest) -> str:
    return f"{manifest.name}@{manifest.version}"


def _when(manifest: Manifest) -> str:
    return age_in_words(manifest.created)


def cells_html(manifest: Manifest) -> Html:
    """Return the text beside the box of a version; outcomes have a sign, a word and a colour."""
    outcome = manifest.outcome
    formats = ", ".join(manifest.formats)
    tags = "".join(f'<span class="csp-tag">{escape(tag)}</span>' for tag in manifest.tags)
    cells = (
        ("outcome", f'<span class="csp-{outcome}"><span aria-hidden="true">{MARKS[outcome]}</span> {outcome}</span>'),
        ("size", size_in_words(manifest.size)),
        ("formats", escape(formats)),
        ("kind", EXPORT if manifest.is_export else ""),
        ("version", manifest.version),
        ("metrics", escape(metrics_in_words(manifest.metrics, MEASURED))),
        ("tags", tags),
        ("note", escape(manifest.note)),
    )
    return Html("".join(f'<span class="csp-cell csp-{name}">{value}</span>' for name, value in cells if value))
