"""The door with buttons: one panel of core ipywidgets over the same requests and reports as the magics.

`colab_save.panel()` and ``%modelpanel`` make a `Panel`. No rule is here: it fills in what a typed line would hold,
shows that line, and hands it to the lines of the house.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from colab_save.errors import MissingPackageError, RequestError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from colab_save.panels.board import Panel


def panel() -> Panel:
    """Make a panel to save models, see what is saved and bring it back with buttons.

    Returns:
        The panel, which a cell shows as its result.

    Raises:
        RequestError: There is no notebook around.
        MissingPackageError: ipywidgets is not installed.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RequestError(
            "The panel lives in a notebook, and this is none.", "Use save_model, load_model and list_models."
        )
    return panel_of(shell)


def panel_of(shell: InteractiveShell) -> Panel:
    """Make a panel in a notebook.

    Raises:
        MissingPackageError: ipywidgets is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("ipywidgets") is None:
        raise MissingPackageError("The panel needs ipywidgets, which is not installed.", "%pip install ipywidgets")
    from colab_save.panels.board import Panel

    return Panel(shell)
