"""Add names to the custom code of a save: those that the fresh process lacked and the notebook has.

``saving/examining.py`` makes one `Supply` for each save; ``saving/proving.py`` calls `Supply.add` for every name that
the fresh process lacked, and tries again.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType

from colab_save.custom_code.captured import CustomCode
from colab_save.custom_code.capturing import capture
from colab_save.custom_code.custom_objects import find_function
from colab_save.custom_code.origins import is_users_module
from colab_save.custom_code.reading_files import paths_in

MOST = 10
"""The largest number of names that are added; each costs one more load in the fresh process."""


class Supply:
    """The custom code of one save, which can grow by names that the fresh process lacked.

    Attributes:
        code: The custom code captured so far.
        refusals: Why a name could not be added, one sentence for each.
        assets: The path in the artifact of each file that the models read when they are made, by its path as the
            notebook spells it.
        advice: What to do about files that cannot be saved with the models.

    Args:
        objects: The custom classes and functions that the models hold.
        models: The models.
        remade: The classes whose objects are made from their attributes.
        saved: The identities of the variables of these models.
        assets: See `assets`.
        called: Those of the classes in ``remade`` whose constructors are called.
    """

    def __init__(
        self,
        objects: Sequence[object],
        models: Sequence[object] = (),
        remade: Sequence[type] = (),
        saved: frozenset[int] = frozenset(),
        assets: dict[str, str] | None = None,
        called: frozenset[type] = frozenset(),
    ) -> None:
        self.refusals: list[str] = []
        self.assets = {} if assets is None else assets
        self.advice: dict[str, None] = {}
        self._objects, self._models, self._remade = list(objects), models, tuple(remade)
        self._tried: list[str] = []
        self._names: list[str] = []
        self._namespace = _namespace_of(objects)
        self._saved, self._called = saved, called
        self.code: CustomCode = self._capture(())

    def _capture(self, names: Sequence[str]) -> CustomCode:
        return capture(self._objects, self._namespace, names, self._remade, self._saved, self._called)

    def remaking(self, objects: Sequence[object], remade: Sequence[type], called: frozenset[type]) -> Supply:
        """Return the custom code of the same save with further objects.

        Args:
            objects: Classes and functions that it must also have.
            remade: The classes whose objects are made from their attributes, or by a call.
            called: Those of them whose constructors are called.
        """
        known = {id(item): item for item in (*self._objects, *objects)}
        return Supply(list(known.values()), self._models, remade, self._saved, self.assets, called)

    def including(self, kind: type) -> tuple[Supply, str]:
        """Return the custom code of the same save with a further class, and why that cannot be: empty if it can."""
        more = Supply([*self._objects, kind], self._models, self._remade, self._saved)
        known = {str(missing) for missing in self.code.missing}
        lacking = [str(missing) for missing in more.code.missing if str(missing) not in known]
        if more.code.objects.get(kind.__name__) is not kind and not lacking:
            lacking = [f"another {kind.__name__} is among the custom objects"]
        return more, lacking[0] if lacking else ""

    def add(self, name: str) -> bool:
        """Capture again with a further name, and return whether it was captured."""
        if name in self._tried or len(self._tried) == MOST:
            return False
        self._tried.append(name)
        value = find_function(self._models, name)
        if value is None and name not in self._namespace:
            self.refusals.append(f"{name} is not defined in the notebook either")
            return False
        if value is None:
            value = self._namespace[name]
            self._names.append(name)
        if isinstance(value, (type, FunctionType)):  # Keras may look it up too
            self._objects.append(value)
        self.code = self._capture(self._names)
        return name not in {missing.name for missing in self.code.missing}

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the texts of the code that may be paths of files."""
        return tuple(paths_in(self.code.source))

    def write(self, folder: Path) -> None:
        """Write the code to a folder; what it reads of the assets there, it finds beside itself."""
        self.code.write(folder, {spelled: path for spelled, path in self.assets.items() if (folder / path).exists()})

    @property
    def tried(self) -> tuple[str, ...]:
        """Return the names that were to be added, in order."""
        return tuple(self._tried)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return what could not be captured, and why."""
        return (*self.refusals, *(str(missing).rstrip(".") for missing in self.code.missing))

    @property
    def hint(self) -> str:
        """Return what to change so that everything can be captured; empty when nothing is missing."""
        return "\n".join(dict.fromkeys((*self.advice, *(missing.hint for missing in self.code.missing))))


def _namespace_of(objects: Sequence[object]) -> ChainMap[str, object]:
    """Return the notebook's variables, followed by those of the local modules that define the objects."""
    names = dict.fromkeys(str(getattr(item, "__module__", "")) for item in objects)
    local = [name for name in names if is_users_module(name) and name in sys.modules and name != "__main__"]
    return ChainMap(*(vars(sys.modules[name]) for name in ("__main__", *local)))
