"""What the user wants, in two frozen records: defaults, help texts and flags live here and only here.

The magics' parser, the Python functions' signatures, the terminal command and the panel's fields are all read
from these fields (`options_of`). Validation happens once, in ``__post_init__``, and does no I/O.
Places stay out of their ``repr``: a URL may hold a password.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from colab_save.artifact.metrics import Best, check_metrics, is_name
from colab_save.errors import RequestError
from colab_save.format_table import format_names, purposes
from colab_save.hints import option
from colab_save.request.option import Option, Syntax, asked, check_numbers, check_texts, is_text, names_of, texts_of
from colab_save.store_table import STORES
from colab_save.target import Target, check_tag
from colab_save.wording import did_you_mean

AUTO = "auto"
"""The default format: ``keras``, and ``saved_model`` when its round trip fails."""


def formats_in_words() -> str:
    """Explain what ``--format`` takes."""
    return f"{', '.join(format_names())}, several with commas, or auto."


def stores_in_words() -> str:
    """Explain what ``--to`` takes."""
    *most, last = [record.typed for record in STORES.values()]
    known = f"{', '.join(most)}, or {last}"
    return f"Where to keep it: {known}; default: Drive in Colab, ./models elsewhere."


def check_purpose(purpose: str, formats: Sequence[str]) -> None:
    """Refuse a purpose that is none, or one beside formats of the user's own choice.

    Raises:
        RequestError: With what there is.
    """
    if purpose not in purposes():
        raise RequestError(f"There is no purpose {purpose!r}.", did_you_mean(purpose, purposes()))
    if tuple(formats) not in {(), (AUTO,)}:
        raise RequestError(
            f"{option('purpose', purpose)} and {option('formats', ','.join(formats))} both choose the format.",
            "Give one of them.",
        )


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What to save, where, how, and how strictly to prove it.

    The help of each field explains it, in every frontend.
    """

    model: Any = field(
        metadata=asked(
            "MODEL", Syntax.EXPRESSION, "The model, or what holds several; default: the only model there is."
        )
    )
    target: str | None = field(
        default=None,
        repr=False,
        metadata=asked(
            "TARGET", Syntax.POSITIONAL, "A name for the artifact, or a path or URL; default: the variable's name."
        ),
    )
    to: str | None = field(
        default=None,
        kw_only=True,
        repr=False,
        metadata=asked(
            "--to",
            Syntax.VALUE,
            stores_in_words,
            "STORE",
        ),
    )
    formats: str | tuple[str, ...] = field(
        default=AUTO,
        kw_only=True,
        metadata=asked(
            "--format",
            Syntax.VALUE,
            formats_in_words,
            "F[,F…]",
        ),
    )
    purpose: str | None = field(
        default=None,
        kw_only=True,
        metadata=asked(
            "--for", Syntax.VALUE, "What the model will be used for; picks the format.", "PURPOSE", purposes
        ),
    )
    sample: Any = field(
        default=None,
        kw_only=True,
        metadata=asked(
            "--sample", Syntax.EXPRESSION, "Inputs for the round trip; default: made from the specs.", "EXPR"
        ),
    )
    verify: bool = field(
        default=True,
        kw_only=True,
        metadata=asked("--no-verify", Syntax.ANTIFLAG, "Do not reload in a fresh process; the report says SKIPPED."),
    )
    unpacked: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--unpacked", Syntax.FLAG, "On Drive, keep a SavedModel as a folder and not as one zip file."),
    )
    force: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--force", Syntax.FLAG, "Publish although the round trip failed; the report says FAILED."),
    )
    rtol: float | None = field(
        default=None,
        kw_only=True,
        metadata=asked("--rtol", Syntax.NUMBER, "Relative tolerance of outputs; default: by dtype.", "NUMBER"),
    )
    atol: float | None = field(
        default=None,
        kw_only=True,
        metadata=asked("--atol", Syntax.NUMBER, "Absolute tolerance of outputs; default: by dtype.", "NUMBER"),
    )
    timeout: float = field(
        default=300.0,
        kw_only=True,
        metadata=asked("--timeout", Syntax.NUMBER, "Seconds that the round trip of one payload may take.", "SECONDS"),
    )
    tags: tuple[str, ...] = field(
        default=(),
        kw_only=True,
        metadata=asked("--tag", Syntax.REPEATED, "A label for this version; may be given several times.", "T"),
    )
    extra: tuple[str, ...] = field(
        default=(),
        kw_only=True,
        metadata=asked(
            "--extra",
            Syntax.REPEATED,
            "A plain attribute of the model (class_names), or a variable of the notebook, to keep with it; may be "
            "given several times.",
            "NAME",
        ),
    )
    metrics: Mapping[str, float] = field(
        default_factory=dict,
        kw_only=True,
        metadata=asked(
            "--metric",
            Syntax.PAIRS,
            "What was measured, as a number; of the last training it is recorded anyway; may be given several times.",
            "NAME=VALUE",
        ),
    )
    keep: int | None = field(
        default=None,
        kw_only=True,
        metadata=asked(
            "--keep",
            Syntax.NUMBER,
            "How many of the newest versions of the name stay; older ones are removed, but never one with a tag; "
            "default: all.",
            "N",
        ),
    )
    keep_best: str | None = field(
        default=None,
        kw_only=True,
        metadata=asked(
            "--keep-best",
            Syntax.VALUE,
            "Keep the version that is best in this metric too, such as val_loss or max:score; without --keep, that "
            "and the newest.",
            "METRIC",
        ),
    )
    wait: bool | float = field(
        default=False,
        kw_only=True,
        metadata=asked("--wait", Syntax.FLAG, "Wait for the upload, an hour at most (in Python: wait=SECONDS)."),
    )
    flush: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--flush", Syntax.FLAG, "Upload everything on Drive, which unmounts it; may take hours."),
    )
    note: str = field(
        default="",
        kw_only=True,
        metadata=asked("--note", Syntax.VALUE, "Free text, kept with the artifact.", "TEXT"),
    )
    options: Mapping[str, Any] = field(
        default_factory=dict,
        kw_only=True,
        metadata=asked(
            "--option",
            Syntax.PAIRS,
            "An option of the format; the value is an expression; may be given several times.",
            "KEY=VALUE",
        ),
    )

    def __post_init__(self) -> None:
        """Normalise what may be written in two ways, and refuse what contradicts itself."""
        check_texts(to=self.to, purpose=self.purpose, keep_best=self.keep_best)
        wait = None if isinstance(self.wait, bool) else self.wait
        check_numbers(rtol=self.rtol, atol=self.atol, timeout=self.timeout, wait=wait)
        texts_of("note", (self.note,))
        names = [part for text in texts_of("formats", self.formats) for part in text.split(",")]
        formats = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        object.__setattr__(self, "formats", formats or (AUTO,))
        object.__setattr__(self, "tags", tuple(dict.fromkeys(texts_of("tags", self.tags))))
        object.__setattr__(self, "extra", names_of("extra", self.extra))
        object.__setattr__(self, "metrics", check_metrics(self.metrics))
        for tag in self.tags:
            check_tag(tag)
        if not isinstance(self.options, Mapping) or not all(map(is_text, self.options)):
            raise RequestError(f"options is {self.options!r}.", "Give a dict of names and values.")
        if len(formats) > 1 and AUTO in formats:
            raise RequestError(f"auto cannot be combined with {formats}.", "Give auto alone, or the formats you want.")
        if self.purpose is not None:
            check_purpose(self.purpose, formats)
        if self.keep is not None and (type(self.keep) is not int or self.keep < 1):
            raise RequestError(f"keep is {self.keep!r}.", "Give how many versions are to stay, such as 3.")
        if self.keep_best is not None and not is_name(Best.parse(self.keep_best).metric):
            raise RequestError(f"keep_best is {self.keep_best!r}.", "Give a metric such as val_loss or max:score.")
        if self.target is not None:
            self._check_target(Target.parse(self.target))

    def _check_target(self, target: Target) -> None:
        if target.selector:
            raise RequestError(
                f"{self.target!r} names a version, and a save always makes a new one.",
                f"Save to {target.name!r} with {option('tags', target.selector)}.",
            )
        if target.path and (self.keep or self.keep_best):
            raise RequestError(
                f"{target.shown!r} is one place without versions, so that there is nothing to keep.",
                f"Leave {option('keep')} and {option('keep_best')} out, or give a name instead of the path.",
            )


def options_of(request: type[SaveRequest | LoadRequest]) -> Iterator[Option]:
    """Return how each field of a request is typed and explained, in the order of the fields."""
    for item in fields(request):
        told = dict(item.metadata)
        if isinstance(item.default, (int, float, str)) and item.default and not isinstance(item.default, bool):
            told["text"] = functools.partial(_with_default, told["text"], item.default)
        yield Option(item.name, **told)


def _with_default(text: str | Callable[[], str], default: float | str) -> str:
    """Add a default to a help text that does not tell it."""
    said = text if isinstance(text, str) else text()
    told = default if isinstance(default, str) else f"{default:g}"
    return said if "default" in said else f"{said.removesuffix('.')}; default: {told}."


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load, from where, and how strictly to check it.

    The help of each field explains it, in every frontend.
    """

    target: str = field(
        repr=False,
        metadata=asked(
            "TARGET", Syntax.POSITIONAL, "A name, name@tag, name@version, or the path or URL of a model file."
        ),
    )
    source: str | None = field(
        default=None,
        kw_only=True,
        repr=False,
        metadata=asked(
            "--from", Syntax.VALUE, "The store to look in; default: Drive in Colab, ./models elsewhere.", "STORE"
        ),
    )
    format: str | None = field(
        default=None,
        kw_only=True,
        metadata=asked(
            "--format", Syntax.VALUE, "Which payload of the artifact; default: the one that keeps most.", "F"
        ),
    )
    into: Any = field(
        default=None,
        kw_only=True,
        metadata=asked("--into", Syntax.EXPRESSION, "A model that gets the weights, or what gets several.", "MODEL"),
    )
    trust: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--trust", Syntax.FLAG, "Run code that came with the file, after you have read it."),
    )
    verify: bool = field(
        default=True,
        kw_only=True,
        metadata=asked("--no-verify", Syntax.ANTIFLAG, "Do not compare the loaded model with what was saved."),
    )
    convert: bool = field(
        default=False,
        kw_only=True,
        metadata=asked("--convert", Syntax.FLAG, "Rebuild a Keras 2 model with Keras 3, if it answers alike."),
    )
    timeout: float = field(
        default=300.0,
        kw_only=True,
        metadata=asked("--timeout", Syntax.NUMBER, "Seconds that a file which may never open is given.", "SECONDS"),
    )

    def __post_init__(self) -> None:
        """Refuse a target that cannot be one."""
        check_texts(source=self.source, format=self.format)
        check_numbers(timeout=self.timeout)
        Target.parse(self.target)
