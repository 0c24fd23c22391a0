"""Help texts that are made from the tables of formats and stores; `request` declares them beside its fields."""

from __future__ import annotations

from colab_save.format_table import FORMATS, format_names
from colab_save.settings import DEFAULT_STORE
from colab_save.store_table import STORES

DEFAULT_IN_WORDS = f"default: the store in the settings, else {DEFAULT_STORE}."
"""Which store is meant where none is named."""


def formats_in_words() -> str:
    """Return the help of ``--format``."""
    first, *others = [record.name for record in FORMATS.values() if record.is_automatic]
    auto = f"auto: {first}, and if not all of it comes back {' or '.join(others)} beside it"
    return f"{', '.join(format_names())}, several with commas, or {auto}."


def stores_in_words() -> str:
    """Return the help of ``--to``."""
    *most, last = [record.typed for record in STORES.values()]
    known = f"{', '.join(most)}, or {last}"
    return f"The store: {known}; {DEFAULT_IN_WORDS}"
