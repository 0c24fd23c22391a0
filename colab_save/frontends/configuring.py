"""The two ways to set settings: `configure` for Python, and the class ``ColabSave`` for IPython's configuration.

Both are made for the table of settings and change the same values. `load_ipython_extension` registers the class, so
that ``%config ColabSave`` lists the settings, and ``%config ColabSave.keep = 3`` and ``c.ColabSave.keep = 3`` in a
profile set one. IPython lets a cell with a wrong ``%config`` succeed; the next call that needs the setting fails.
"""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Any

from colab_save.errors import UnknownNameError
from colab_save.frontends.languages import MAGIC, PYTHON, entered
from colab_save.hints import literal
from colab_save.settings import SETTINGS, InForce, Origin, Setting, change, forget, in_force
from colab_save.wording import did_you_mean

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from colab_save.reports.settings import Settings

CLASS = "ColabSave"
"""The name of the class in IPython's configuration."""


def configure(
    *,
    to: str | EllipsisType | None = ...,
    keep: int | EllipsisType | None = ...,
    warm: bool | EllipsisType | None = ...,
    cache_gb: float | EllipsisType | None = ...,
) -> Settings:
    """Change settings for this process, and return all of them; what is left out stays as it is.

    ``None`` goes back to the value of the environment, or to the default. Without arguments nothing is changed.

    Args:
        to: The store in which models are saved and found. Default: Drive in Colab, ``./models`` elsewhere.
        keep: How many of the newest versions of a name a save keeps; 0 keeps all. Default: 0.
        warm: Whether a process that has imported TensorFlow waits for the next round trip. Default: True.
        cache_gb: The most GB that fetched files take on this disk, and as many again local copies. Default: 5.0.

    Returns:
        The settings that are in force, and where each comes from.

    Raises:
        RequestError: A value is a bad one; nothing is changed then.

    Example:
        >>> configure(to="gs://bucket/models", keep=3)  # doctest: +SKIP
    """
    given = {name: value for name, value in dict(locals()).items() if value is not ...}
    from colab_save.reports.settings import settings_in_force  # a report takes a third of the time of `%load_ext`

    with entered(PYTHON):
        for name, value in given.items():
            if value is not None:
                InForce(SETTINGS[name], value, Origin.PYTHON).checked()
        change(given, Origin.PYTHON)
    return settings_in_force()


def register(shell: InteractiveShell) -> None:
    """Add the settings to IPython's configuration, whose values hold from now on, where Python has not set others."""
    unregister(shell)
    found = map(in_force, SETTINGS.values())
    by_python = {item.setting.name: item.value for item in found if item.origin is Origin.PYTHON}
    shell.configurables.append(_configurable()(parent=shell))
    change(by_python, Origin.PYTHON)


def unregister(shell: InteractiveShell) -> None:
    """Remove the settings from IPython's configuration; values that were set there no longer hold."""
    shell.configurables[:] = [item for item in shell.configurables if type(item).__name__ != CLASS]
    forget(Origin.IPYTHON)


def _configurable() -> type[Any]:
    """Return a class with a trait for each setting; it has no values of its own."""
    from traitlets.config.configurable import Configurable

    def update_config(self: Configurable, config: Any) -> None:
        """Set what one ``%config`` says; IPython shows the error."""
        given = config.get(CLASS, {})
        with entered(MAGIC):
            for name in given.keys() - SETTINGS.keys():
                raise UnknownNameError(f"There is no setting {literal(repr(name))}.", did_you_mean(name, SETTINGS))
            Configurable.update_config(self, config)
            for name in given:
                in_force(SETTINGS[name]).checked()

    traits = {record.name: _trait(record) for record in SETTINGS.values()}
    return type(CLASS, (Configurable,), {**traits, "update_config": update_config})


def _trait(record: Setting) -> Any:
    """Return a trait that reads and sets a setting."""
    from traitlets import TraitType

    class Value(TraitType):  # type: ignore[type-arg]  # Colab's traitlets takes no types
        def get(self, obj: Any, cls: Any = None) -> Any:
            found = in_force(record)
            return found.shown if isinstance(found.value, str) else found.value

        def set(self, obj: Any, value: Any) -> None:
            change({record.name: value}, Origin.IPYTHON)

        def from_string(self, s: str) -> Any:
            return record.kind.read(s)

    Value.__name__ = record.kind.type.__name__  # which `%config` shows
    text = f"{record.help} Default: {record.default_in_words}. In the environment: {record.variable}."
    return Value(record.default, allow_none=True, help=text, config=True)
