"""Core ipywidgets as the panel uses them: each with a label, its accessible name, and as wide as there is room.

Only what ipywidgets 7.7.1 and 8 share is used; nothing is inherited from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

GONE = "csp-gone"
"""The class of a widget that takes no room now."""

_parts: dict[str, Any] = {}
"""One layout for all widgets and one style for each kind: a widget of its own each would make a panel three times
as slow."""


def _made(kind: str, **traits: Any) -> Any:
    """Make a core widget that shares what it can with the others."""
    import ipywidgets

    cls = getattr(ipywidgets, kind)
    shared = {"layout": _parts.get("layout"), "style": _parts.get(kind)}
    made = cls(**traits, **{name: part for name, part in shared.items() if part is not None and part.comm is not None})
    _parts["layout"], _parts[kind] = made.layout, getattr(made, "style", None)
    return made


def text(label: str, hint: str = "") -> Any:
    """Make a field for one line of text."""
    return _made("Text", description=label, placeholder=hint)


def choice(label: str, options: Iterable[tuple[str, Any]] = ()) -> Any:
    """Make a list that opens, to pick one of."""
    return _made("Dropdown", description=label, options=list(options))


def radio(label: str, options: Iterable[tuple[str, Any]]) -> Any:
    """Make a list of which all is shown, to pick one of."""
    return _made("RadioButtons", description=label, options=list(options))


def check(label: str) -> Any:
    """Make a box to tick."""
    return _made("Checkbox", description=label, value=False, indent=False)


def progress() -> Any:
    """Make a bar from 0 to 1."""
    return _made("FloatProgress", max=1.0)


def button(label: str, tooltip: str, on_click: Callable[[], None], name: str = "") -> Any:
    """Make a button.

    Args:
        label: What is on it, which is its accessible name.
        tooltip: What it does.
        on_click: Called without arguments.
        name: A class that the panel's style knows; ``primary`` is that of the front end.
    """
    made = _made("Button", description=label, tooltip=tooltip, button_style=name if name == "primary" else "")
    if name:
        made.add_class(name)
    made.on_click(lambda _: on_click())
    return made


def html(value: str = "", name: str = "") -> Any:
    """Make a place for HTML, of a class that the panel's style knows."""
    made = _made("HTML", value=value)
    if name:
        made.add_class(name)
    return made


def output() -> Any:
    """Make a place that takes what is displayed while it is entered; ``None`` with ipywidgets 7.

    There what a click displays is shown below the cell, and a single ``Output`` keeps the classic Notebook 6.5.7 from
    showing anything (widgetsnbextension 3.6.10, which Colab carries).
    """
    import ipywidgets

    return None if ipywidgets.__version__.startswith("7.") else _made("Output")


def column(*children: Any, name: str = "csp-column") -> Any:
    """Put widgets under each other."""
    made = _made("VBox", children=children)
    made.add_class(name)
    return made


def row(*children: Any, name: str = "csp-row") -> Any:
    """Put widgets beside each other, as far as there is room."""
    made = _made("HBox", children=children)
    made.add_class(name)
    return made


def folded(title: str, make: Callable[[], Iterable[Any]]) -> Any:
    """Put widgets under a title that opens; they are made when it does.

    Args:
        title: What is always shown.
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


def tabs(titled: Sequence[tuple[str, Any]]) -> Any:
    """Put widgets behind tabs."""
    made = _made("Tab", children=[child for _, child in titled])
    for index, (title, _) in enumerate(titled):
        made.set_title(index, title)
    return made


def close(widget: Any) -> None:
    """Close a widget and all that is in it: ipywidgets keeps what is open, in the kernel and in the page."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()


def show(widget: Any, *, is_shown: bool) -> None:
    """Show a widget, or take it out of the layout."""
    (widget.remove_class if is_shown else widget.add_class)(GONE)


def set_options(widget: Any, options: list[tuple[str, Any]]) -> None:
    """Return a list other options and keep what is picked, where that is still one of them."""
    if list(widget.options) == options:
        return
    picked = widget.value
    widget.options = options
    values = [value for _, value in options]
    if values:  # ipywidgets 8 picks nothing where there was no option before
        widget.value = picked if picked in values else values[0]
