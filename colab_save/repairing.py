"""Give a model that Keras loaded in part all of its weights.

Keras builds what one dummy call reaches. A layer that it does not reach keeps fresh random weights, and the error is
dropped (LOSSES §1; Keras 3.13.2 and 3.15.1). The fresh process and `loading` call `repair` right after a load, and
compare every digest after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colab_save.formats.base import translated
from colab_save.formats.keras import quiet
from colab_save.walking import walk_layers


def repair(model: Any, path: Path, builds: Mapping[str, Any]) -> tuple[str, ...]:
    """Build every layer that the loaded model left unbuilt, as it was built before, and load the weights once more.

    Args:
        model: A Keras model, just loaded.
        path: The file that it was loaded from.
        builds: The recorded shapes of each layer by path, see `ModelFacts.builds`.

    Returns:
        The paths of the layers that were built.

    Raises:
        FormatError: Keras could not load the weights again.
    """
    built = []
    for name, layer in list(walk_layers(model)):
        if not layer.built and name in builds:
            hint = "Does its build() take what it took?"
            with translated(f"The layer {name} could not be built as it was", hint), quiet():
                layer.build_from_config(builds[name])
            built.append(name)
    if built:
        with translated(f"The weights in {path.name} could not be loaded again", "Is the file complete?"), quiet():
            if getattr(model, "optimizer", None) is not None:
                model.compile_from_config(model.get_compile_config())  # an optimizer for all of the weights
            model.load_weights(path)
    return tuple(built)


def unbuilt(model: Any) -> list[str]:
    """Name the layers that have no weights yet, and would make fresh random ones when they are first called."""
    return [path or "the model" for path, layer in walk_layers(model) if not layer.built]
