"""The kind of scikit-learn's objects, which skops writes: the files of its archive, without what differs each time.

skops names objects and files by their places in memory. Here they are numbered in their order, so that two archives of
equal objects are equal; skops reads them all the same.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from colab_save.collections.kinds.kind import Kind, Making, Parts
from colab_save.collections.kinds.table import SKOPS
from colab_save.custom_code.origins import is_users_module
from colab_save.errors import FormatError, UntrustedCodeError
from colab_save.hints import literal, option
from colab_save.types import Json

SCHEMA = "schema.json"
"""The file of a skops archive that says what the object is."""

MOST_NAMED = 4
"""The largest number of classes to name in a message."""


def _is_estimator(value: Any) -> bool:
    from sklearn.base import BaseEstimator

    return isinstance(value, BaseEstimator)


def _estimator(value: Any) -> Parts:
    import numpy as np

    files = _numbered(_archive_of(value))
    return {
        "names": list(files),
        "data": np.frombuffer(b"".join(files.values()), dtype="uint8"),
        "ends": np.cumsum([len(data) for data in files.values()], dtype="int64"),
    }


def _archive_of(value: Any) -> bytes:
    """Return the archive that skops makes of an object.

    Raises:
        FormatError: skops is missing, or cannot write it so that another runtime can read it.
    """
    try:
        from skops.io import dumps
    except ImportError as error:
        raise FormatError(SKOPS, "") from error
    try:
        archive: bytes = dumps(value)
    except Exception as error:  # whatever an object of others raises says why it cannot be written
        raise FormatError(f"cannot be written by skops ({type(error).__name__}: {error})", "") from error
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        named = {f"{node['__module__']}.{node['__class__']}" for node in _nodes(json.loads(held.read(SCHEMA)))}
    if own := sorted(name for name in named if is_users_module(name.rpartition(".")[0])):
        what = f"contains {', '.join(own[:MOST_NAMED])}, which is defined in the notebook"
        raise FormatError(f"{what}: skops finds only what an installed package defines", "")
    return archive


def _nodes(value: Json) -> Iterator[dict[str, Json]]:
    """Yield the nodes of a schema from the top down, each of which describes an object."""
    if isinstance(value, dict):
        if "__class__" in value:
            yield value
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _nodes(item)


def _numbered(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive by their names, with numbers in the place of what differs each time."""
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        files = {name: held.read(name) for name in held.namelist()}
    schema = _in_order(json.loads(files[SCHEMA]))
    ids: dict[int, int] = {}
    names: dict[str, str] = {}
    for count, node in enumerate(_nodes(schema)):
        if "__id__" in node:  # whether two places have one text or number is up to Python
            own = -count if node.get("is_json") else node["__id__"]
            node["__id__"] = ids.setdefault(own, len(ids))
        if node.get("file") in files:
            node["file"] = names.setdefault(node["file"], f"{len(names)}.{node['file'].rpartition('.')[2]}")
    return {SCHEMA: json.dumps(schema).encode(), **{new: _without_gaps(files[old]) for old, new in names.items()}}


def _without_gaps(file: bytes) -> bytes:
    """Return the file of an array with zeros between the fields of its records, where those of trees have anything."""
    import numpy as np

    if not file.startswith(np.lib.format.MAGIC_PREFIX):
        return file
    array = np.load(io.BytesIO(file), allow_pickle=False)
    if not array.dtype.names:
        return file
    clean, written = np.zeros(array.shape, array.dtype), io.BytesIO()  # `numpy.zeros_like` would leave the gaps
    for name in array.dtype.names:
        clean[name] = array[name]
    np.lib.format.write_array_header_1_0(written, np.lib.format.header_data_from_array_1_0(clean))
    return written.getvalue() + clean.tobytes()  # `numpy.save` would copy the fields alone


def _in_order(value: Json) -> Json:
    """Return a schema with the items of each set in an order of their own: that of the set differs each time."""
    if isinstance(value, dict):
        made = {key: _in_order(item) for key, item in value.items()}
        if made.get("__class__") in {"set", "frozenset"} and isinstance(made.get("content"), list):
            made["content"] = sorted(made["content"], key=lambda node: json.dumps(_without_ids(node)))
        return made
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def _without_ids(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_ids(item) for key, item in value.items() if key != "__id__"}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def _make_estimator(parts: Mapping[str, Any], making: Making) -> Any:
    data, ends = parts["data"].tobytes(), parts["ends"].tolist()
    files = {name: data[start:end] for name, start, end in zip(parts["names"], [0, *ends], ends, strict=False)}
    root = json.loads(files[SCHEMA])
    name = literal(f"{root['__module__']}.{root['__class__']}")
    if not making.is_trusted:
        raise UntrustedCodeError(
            f"A {name} is made only from a file of your own, or one that you trust.",
            f"If you trust where it came from, add {option('trust')}.",
        )
    from skops.io import get_untrusted_types, loads

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    held = packed.getvalue()
    return loads(held, trusted=get_untrusted_types(data=held))


KINDS = (Kind("sklearn.object", _is_estimator, _estimator, _make_estimator),)
"""The kinds of scikit-learn."""
