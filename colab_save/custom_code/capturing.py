"""Capture the custom code of a model: live classes and functions in, the source of one readable module out.

Called by `growing` for a save, by ``proof/probe.py`` for a process that has none of the notebook's classes, and by
`comparing` for a load.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from colab_save.custom_code.captured import CustomCode
from colab_save.custom_code.definitions import module_text
from colab_save.custom_code.gathering import Gathering
from colab_save.custom_code.origins import requirements_of
from colab_save.custom_code.remaking import IMPORTS, text_of_remaking
from colab_save.errors import CustomCodeError


def capture(
    objects: Iterable[object],
    namespace: Mapping[str, object],
    extra_names: Iterable[str] = (),
    remade: Sequence[type] = (),
    saved: frozenset[int] = frozenset(),
    called: frozenset[type] = frozenset(),
) -> CustomCode:
    """Capture the source of custom objects, with the imports, constants and functions that it uses.

    Args:
        objects: Live classes and functions, see `find_custom_objects`; those of installed packages are imported.
        namespace: The notebook's variables, for names that an object's module does not have.
        extra_names: Further names of the namespace to capture.
        remade: Those of the classes whose objects are made from their attributes, or by a call.
        saved: See `Gathering.saved`.
        called: Those in ``remade`` whose constructors are called.
    """
    gathering = Gathering(namespace, remade=[kind for kind in remade if kind not in called], saved=saved)
    table: dict[str, str] = {}
    live: dict[str, object] = {}
    for value in sorted(objects, key=lambda value: not _is_named(value, namespace)):
        try:
            name = gathering.refer(value)
        except CustomCodeError as error:
            gathering.miss(getattr(value, "__name__", repr(value)), error)
            continue
        for key in _keys(value, name, gathering):
            table[key], live[key] = name, value
    for name in extra_names:
        if name in namespace:
            gathering.add(name, namespace[name], gathering.library.imports_around(None))
    gathering.finish()
    known = gathering.definitions.keys() | gathering.imports.keys()
    table = {key: name for key, name in table.items() if name.partition(".")[0] in known}
    missing = tuple(gathering.missing.values())
    if not known:
        return CustomCode(missing=missing)
    made = dict.fromkeys(
        table[key]
        for key, value in live.items()
        if key in table and hasattr(value, "from_config") and any(value is kind for kind in remade)
    )
    statements = {text for found in gathering.imports.values() for text in found} | ({*IMPORTS} if made else set())
    requirements = requirements_of(statements)
    source = module_text(
        sorted(statements), gathering.definitions, table, requirements, missing, text_of_remaking(made)
    )
    arrays = {key: item for key, item in gathering.arrays.items() if key.rpartition("/")[0] in gathering.definitions}
    return CustomCode(source, requirements, missing, {key: live[key] for key in table}, arrays)


def _is_named(value: object, namespace: Mapping[str, object]) -> bool:
    """Return whether the name of an object means it: of several classes of one name, that one has the name."""
    return not isinstance(value, type) or namespace.get(value.__name__, value) is value


def _keys(value: object, name: str, gathering: Gathering) -> Iterator[str]:
    """Yield the names under which Keras looks an object up: its plain name, and its registered one if it has one.

    Keras looks a class up by its registered name, and a function by the name in its config, which is the registered
    one too (``_retrieve_class_or_fn`` in ``keras/src/saving/serialization_lib.py``, 3.13 and 3.15). An object that is
    not registered counts there as registered under its plain name.
    """
    plain = getattr(value, "__name__", name)
    own = name if plain == "<lambda>" else gathering.numbered(plain, value)
    yield own
    for package in ("keras", "tf_keras"):
        saving = getattr(sys.modules.get(package), "saving", None)
        registered = plain if saving is None else saving.get_registered_name(value)
        if registered != plain:
            if own != plain != "<lambda>":
                reason = f"is registered as {registered}, as another one is."
                gathering.miss(own, CustomCodeError(reason, "Register each under a name of its own."))
            yield registered
