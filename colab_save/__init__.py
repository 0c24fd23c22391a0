"""One notebook line saves a TensorFlow model and proves that it came back.

The package itself has the public names, each imported when it is first used, and the entry points of the IPython
extension.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from colab_save.diagnosing.doctor import doctor
    from colab_save.errors import ColabSaveError
    from colab_save.frontends.configuring import configure
    from colab_save.frontends.python import (
        PartialSaveWarning,
        PassedOverWarning,
        UnprovenWarning,
        load_model,
        publish_pending,
        save_model,
    )
    from colab_save.reports.cache import Cache
    from colab_save.reports.diagnosis import Diagnosis
    from colab_save.reports.listing import Listing
    from colab_save.reports.pending import Pending
    from colab_save.reports.report import LoadReport, SaveReport
    from colab_save.reports.settings import Settings
    from colab_save.request.request import LoadRequest, SaveRequest
    from colab_save.versions.clearing import cache
    from colab_save.versions.curating import delete_version, restore_version, tag_version
    from colab_save.versions.listing import list_models
    from colab_save.versions.pending import pending
    from colab_save.viewing.comparison import compare_versions
    from colab_save.viewing.inside import inspect_model
    from colab_save.viewing.netron import open_in_netron
    from colab_save.viewing.tensorboard import open_in_tensorboard
    from colab_save.widgets.board import panel

__version__ = "0.1.0"

__all__ = [
    "Cache",
    "ColabSaveError",
    "Diagnosis",
    "Listing",
    "LoadReport",
    "LoadRequest",
    "PartialSaveWarning",
    "PassedOverWarning",
    "Pending",
    "SaveReport",
    "SaveRequest",
    "Settings",
    "UnprovenWarning",
    "cache",
    "compare_versions",
    "configure",
    "delete_version",
    "doctor",
    "inspect_model",
    "list_models",
    "load_model",
    "open_in_netron",
    "open_in_tensorboard",
    "panel",
    "pending",
    "publish_pending",
    "restore_version",
    "save_model",
    "tag_version",
]

_MODULES = {
    "Cache": "reports.cache",
    "ColabSaveError": "errors",
    "Diagnosis": "reports.diagnosis",
    "Listing": "reports.listing",
    "LoadReport": "reports.report",
    "LoadRequest": "request.request",
    "PartialSaveWarning": "frontends.python",
    "PassedOverWarning": "frontends.python",
    "Pending": "reports.pending",
    "SaveReport": "reports.report",
    "SaveRequest": "request.request",
    "Settings": "reports.settings",
    "UnprovenWarning": "frontends.python",
    "cache": "versions.clearing",
    "compare_versions": "viewing.comparison",
    "configure": "frontends.configuring",
    "delete_version": "versions.curating",
    "doctor": "diagnosing.doctor",
    "inspect_model": "viewing.inside",
    "list_models": "versions.listing",
    "load_model": "frontends.python",
    "open_in_netron": "viewing.netron",
    "open_in_tensorboard": "viewing.tensorboard",
    "panel": "widgets.board",
    "pending": "versions.pending",
    "publish_pending": "frontends.python",
    "restore_version": "versions.curating",
    "save_model": "frontends.python",
    "tag_version": "versions.curating",
}
"""The module of each public name, for `__getattr__`; a test compares it with the table of actions."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module(f"{__name__}.frontends.languages")  # sets Python as the language of reports and errors
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register the magics, their completion and the settings; IPython calls this for ``%load_ext colab_save``.

    A warm process for proofs starts in the background once TensorFlow is imported.
    """
    from colab_save.frontends import completion, configuring, early_start, magics

    for part in (magics, completion, configuring, early_start):
        part.register(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Remove what `load_ipython_extension` registered, and leave the warm process; IPython calls this."""
    from colab_save.frontends import completion, configuring, early_start, magics

    for part in (magics, completion, configuring, early_start):
        part.unregister(ipython)
