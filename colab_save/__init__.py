"""One notebook line saves a TensorFlow model and proves that it came back.

The top of the house: the public names, each loaded when it is first asked for, and the extension of IPython.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from colab_save.charting import open_in_tensorboard
    from colab_save.contrasting import compare_versions
    from colab_save.curating import delete_version, restore_version, tag_version
    from colab_save.errors import ColabSaveError
    from colab_save.functions import PassedOverWarning, UnprovenWarning, load_model, save_model
    from colab_save.keeping import pending, resume
    from colab_save.listing import Listing
    from colab_save.loading import list_models
    from colab_save.looking import inspect_model
    from colab_save.panels import panel
    from colab_save.report import LoadReport, SaveReport
    from colab_save.request import LoadRequest, SaveRequest
    from colab_save.serving import open_in_netron
    from colab_save.waiting import Pending

__version__ = "0.1.0"

__all__ = [
    "ColabSaveError",
    "Listing",
    "LoadReport",
    "LoadRequest",
    "PassedOverWarning",
    "Pending",
    "SaveReport",
    "SaveRequest",
    "UnprovenWarning",
    "compare_versions",
    "delete_version",
    "inspect_model",
    "list_models",
    "load_model",
    "open_in_netron",
    "open_in_tensorboard",
    "panel",
    "pending",
    "restore_version",
    "resume",
    "save_model",
    "tag_version",
]

_HOMES = {
    "ColabSaveError": "errors",
    "Listing": "listing",
    "LoadReport": "report",
    "LoadRequest": "request",
    "PassedOverWarning": "functions",
    "Pending": "waiting",
    "SaveReport": "report",
    "SaveRequest": "request",
    "UnprovenWarning": "functions",
    "compare_versions": "contrasting",
    "delete_version": "curating",
    "inspect_model": "looking",
    "list_models": "loading",
    "load_model": "functions",
    "open_in_netron": "serving",
    "open_in_tensorboard": "charting",
    "panel": "panels",
    "pending": "keeping",
    "restore_version": "curating",
    "resume": "keeping",
    "save_model": "functions",
    "tag_version": "curating",
}
"""Where each public name lives (PEP 562)."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register the magics and their completion; IPython calls this for ``%load_ext colab_save``."""
    from colab_save import completing, magics

    magics.register(ipython)
    completing.register(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take both away again; IPython calls this for ``%unload_ext colab_save``."""
    from colab_save import completing, magics

    magics.unregister(ipython)
    completing.unregister(ipython)
