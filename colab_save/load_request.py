"""What the user wants to load, in one frozen record; `request` gives it to every door, beside `SaveRequest`.

Like there, defaults, help texts and flags live here and only here; a place stays out of its ``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from colab_save.option import Door, asked, check_numbers, check_texts
from colab_save.target import Target


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load, from where, and how strictly to check it.

    Attributes:
        target: A name, ``name@tag``, ``name@version-prefix``, or the path or URL of any model file or folder.
        source: The store to look in. Default: Drive in Colab, ``./models`` elsewhere.
        format: Which payload of the artifact. Default: the one that keeps most.
        into: A model of the same architecture that gets the weights; a dict or object that gets several models.
        trust: Run code that came with the file.
        check: Whether to compare the loaded model with the facts and the sample of the manifest.
        convert: Rebuild a Keras 2 model as a Keras 3 one, where their answers prove equal.
        timeout: Seconds that a file which may never open is given, in a process of its own.
    """

    target: str = field(
        repr=False,
        metadata=asked(
            "TARGET", Door.POSITIONAL, "A name, name@tag, name@version, or the path or URL of a model file."
        ),
    )
    source: str | None = field(
        default=None,
        kw_only=True,
        repr=False,
        metadata=asked(
            "--from", Door.VALUE, "The store to look in; default: Drive in Colab, ./models elsewhere.", "STORE"
        ),
    )
    format: str | None = field(
        default=None,
        kw_only=True,
        metadata=asked("--format", Door.VALUE, "Which payload of the artifact; default: the one that keeps most.", "F"),
    )
    into: Any = field(
        default=None,
        kw_only=True,
        metadata=asked("--into", Door.EXPRESSION, "A model that gets the weights, or what gets several.", "MODEL"),
    )
    trust: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--trust", Door.FLAG, "Run code that came with the file, after you have read it."),
    )
    check: bool = field(
        default=True,
        kw_only=True,
        metadata=asked("--no-check", Door.ANTIFLAG, "Do not compare the loaded model with what was saved."),
    )
    convert: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--convert", Door.FLAG, "Rebuild a Keras 2 model with Keras 3, if it answers alike."),
    )
    timeout: float = field(
        default=300.0,
        kw_only=True,
        metadata=asked("--timeout", Door.EXPRESSION, "Seconds that a file which may never open is given.", "SECONDS"),
    )

    def __post_init__(self) -> None:
        """Refuse a target that cannot be one."""
        check_texts(source=self.source, format=self.format)
        check_numbers(timeout=self.timeout)
        Target.parse(self.target)
