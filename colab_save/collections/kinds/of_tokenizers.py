"""The kind of a tokenizer of the package tokenizers, which writes it as JSON itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from colab_save.collections.kinds.kind import Kind, Making, Parts
from colab_save.errors import FormatError
from colab_save.wording import first_line


def _is_tokenizer(value: Any) -> bool:
    from tokenizers import Tokenizer

    return type(value) is Tokenizer


def _tokenizer(value: Any) -> Parts:
    import numpy as np

    try:
        text = value.to_str()
    except Exception as error:  # such as of a step in Python, which the package cannot write
        raise FormatError(f"cannot be written by tokenizers ({first_line(error)})", "") from error
    return {"json": np.frombuffer(text.encode(), dtype="uint8")}


def _make_tokenizer(parts: Mapping[str, Any], _: Making) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(parts["json"].tobytes().decode())


KINDS = (Kind("tokenizers.Tokenizer", _is_tokenizer, _tokenizer, _make_tokenizer),)
"""The kinds of tokenizers."""
