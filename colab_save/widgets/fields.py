"""Make core ipywidgets for the panel, each with a label as its accessible name.

Only what ipywidgets 7.7.1 and 8 have in common is used, and no class is subclassed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from colab_save.types import Widget

GONE = "csp-gone"
"""The CSS class of a hidden widget."""

_parts: dict[str, Widget] = {}
"""One layout for all widgets and one style for each kind; separate ones would make a panel three times as slow."""


def _made(kind: str, **traits: Any) -> Widget:
    """Make a core widget that shares its layout and style with the others."""
    import ipywidgets

    cls = getattr(ipywidgets, kind)
    shared = {"layout": _parts.get("layout"), "style": _parts.get(kind)}
    made = cls(**traits, **{name: part for name, part in shared.items() if part is not None and part.comm is not None})
    _parts["layout"], _parts[kind] = made.layout, getattr(made, "style", None)
    return made


def text(label: str, hint: str = "", *, is_whole: bool = False) -> Widget:
    """Make a field for one line of text.

    Args:
        label: The label.
        hint: What stands in it while it is empty.
        is_whole: Whether it has its value only once the user presses Enter or leaves it, and not at each letter.
    """
    return _made("Text", description=label, placeholder=hint, continuous_update=not is_whole)


def choice(label: str, options: Iterable[tuple[str, Any]] = ()) -> Widget:
    """Make a drop-down list."""
    return _made("Dropdown", description=label, options=list(options))


def radio(label: str, options: Iterable[tuple[str, Any]]) -> Widget:
    """Make radio buttons."""
    return _made("RadioButtons", description=label, options=list(options))


def check(label: str) -> Widget:
    """Make a checkbox."""
    return _made("Checkbox", description=label, value=False, indent=False)


def progress() -> Widget:
    """Make a progress bar from 0 to 1."""
    return _made("FloatProgress", max=1.0)


def button(label: str, tooltip: str, on_click: Callable[[], None], name: str = "") -> Widget:
    """Make a button.

    Args:
        label: The label, which is also its accessible name.
        tooltip: What it does.
        on_click: Called without arguments.
        name: A CSS class of the panel's style; ``primary`` is that of the front end.
    """
    made = _made("Button", description=label, tooltip=tooltip, button_style=name if name == "primary" else "")
    if name:
        made.add_class(name)
    made.on_click(lambda _: on_click())
    return made


def html(value: str = "", name: str = "") -> Widget:
    """Make a widget for HTML, with a CSS class of the panel's style."""
    made = _made("HTML", value=value)
    if name:
        made.add_class(name)
    return made


def output() -> Widget | None:
    """Make a widget that captures what is displayed while it is entered; ``None`` with ipywidgets 7.

    With ipywidgets 7, output of a click appears below the cell, and a single ``Output`` stops the classic Notebook
    6.5.7 from showing anything (widgetsnbextension 3.6.10, which Colab has).
    """
    import ipywidgets

    return None if ipywidgets.__version__.startswith("7.") else _made("Output")


def column(*children: Widget, name: str = "csp-column") -> Widget:
    """Stack widgets."""
    made = _made("VBox", children=children)
    made.add_class(name)
    return made


def row(*children: Widget, name: str = "csp-row") -> Widget:
    """Put widgets side by side, as far as there is space."""
    made = _made("HBox", children=children)
    made.add_class(name)
    return made


def folded(title: str, make: Callable[[], Iterable[Widget]]) -> Widget:
    """Put widgets under a title that unfolds them; they are made when it is first opened.

    Args:
        title: The title.
        make: Makes the widgets.
    """
    inside = column()
    made = _made("Accordion", children=[inside], selected_index=None)
    made.set_title(0, title)

    def fill(_: object) -> None:
        if not inside.children:
            inside.children = tuple(make())

    made.observe(fill, "selected_index")
    return made


def tabs(titled: Sequence[tuple[str, Widget]]) -> Widget:
    """Put widgets into tabs."""
    made = _made("Tab", children=[child for _, child in titled])
    for index, (title, _) in enumerate(titled):
        made.set_title(index, title)
    return made


def close(widget: Widget) -> None:
    """Close a widget and everything in it; open widgets stay in memory, in the kernel and in the page."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()


def show(widget: Widget, *, is_shown: bool) -> None:
    """Show or hide a widget."""
    (widget.remove_class if is_shown else widget.add_class)(GONE)


def set_options(widget: Widget, options: list[tuple[str, Any]]) -> None:
    """Set the options of a list; the picked value stays if it is still an option."""
    if list(widget.options) == options:
        return
    picked = widget.value
    widget.options = options
    values = [value for _, value in options]
    if values:  # ipywidgets 8 picks nothing if there was no option before
        widget.value = picked if picked in values else values[0]
