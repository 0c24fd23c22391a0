"""What a model will be used for, and the formats that suit it; `request` refuses what contradicts that."""

from __future__ import annotations

from collections.abc import Sequence

from colab_save.errors import RequestError, did_you_mean

PURPOSES = {"resume": ("keras",), "serving": ("saved_model",), "mobile": ("litert",), "exchange": ("onnx",)}
"""What the model will be used for, and the formats that suit it."""

AUTO = "auto"
"""The default format: ``keras``, and ``saved_model`` when its round trip fails."""


def check_purpose(purpose: str, formats: Sequence[str]) -> None:
    """Refuse a purpose that is none, or one beside formats of the user's own choice.

    Raises:
        RequestError: With what there is.
    """
    if purpose not in PURPOSES:
        raise RequestError(f"There is no purpose {purpose!r}.", did_you_mean(purpose, PURPOSES))
    if tuple(formats) not in {(), (AUTO,)}:
        raise RequestError(
            f"--for {purpose} and --format {','.join(formats)} both choose the format.", "Give one of them."
        )
