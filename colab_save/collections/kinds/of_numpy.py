"""The kinds of NumPy that no ``.npz`` holds without pickles: arrays of texts and other objects, and dtypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from colab_save.collections.kinds.kind import Kind, Making, Parts
from colab_save.errors import FormatError
from colab_save.nested import numpy_dtype
from colab_save.types import Array

TEXT, NONE, NAN = range(3)
"""What an item of an array of texts is: texts often have gaps."""


def _is_objects(value: Any) -> bool:
    import numpy as np

    return type(value) is np.ndarray and value.dtype == object


def _objects(value: Array) -> Parts:
    """Return the items of an array; texts as one row of bytes, since the widest sets the width of NumPy's own."""
    import numpy as np

    items = value.ravel().tolist()
    sorts = [_sort_of(item) for item in items]
    if None in sorts:
        return {"shape": value.shape, "items": items}
    try:
        texts = [item.encode() if sort == TEXT else b"" for item, sort in zip(items, sorts, strict=True)]
    except UnicodeEncodeError as error:
        raise FormatError("has a text with lone surrogates", "") from error
    return {
        "shape": value.shape,
        "text": np.frombuffer(b"".join(texts), dtype="uint8"),
        "ends": np.cumsum([len(text) for text in texts], dtype="int64"),
        "sorts": np.array(sorts, dtype="uint8"),
    }


def _sort_of(item: Any) -> int | None:
    if type(item) is str:
        return TEXT
    if item is None:
        return NONE
    return NAN if type(item) is float and item != item else None


def _array(parts: Mapping[str, Any], _: Making) -> Array:
    import numpy as np

    items = parts["items"] if "items" in parts else _texts(parts)
    made = np.empty(len(items), dtype=object)
    for at, item in enumerate(items):  # an assignment of all would look into the items that are lists
        made[at] = item
    return made.reshape(parts["shape"])


def _texts(parts: Mapping[str, Any]) -> list[Any]:
    text, ends = parts["text"].tobytes(), parts["ends"].tolist()
    given = {NONE: None, NAN: float("nan")}
    spans = zip([0, *ends], ends, parts["sorts"].tolist(), strict=False)
    return [text[start:end].decode() if sort == TEXT else given[sort] for start, end, sort in spans]


def _is_dtype(value: Any) -> bool:
    import numpy as np

    return isinstance(value, np.dtype)


def _dtype(value: Any) -> Parts:
    name = value.name if value.isbuiltin == 2 else value.str  # 2: bfloat16 and all of ml_dtypes
    if value.fields or value.subdtype or numpy_dtype(name) != value:
        raise FormatError(f"is the dtype {value}, which is not a plain one", "")
    return {"name": name}


KINDS = (
    Kind("numpy.objects", _is_objects, _objects, _array),
    Kind("numpy.dtype", _is_dtype, _dtype, lambda parts, _: numpy_dtype(parts["name"])),
)
"""The kinds of NumPy."""
