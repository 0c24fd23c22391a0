"""What the user asks for, in two frozen records: defaults, help texts and flags are declared here and only here.

The parser of the magics, the terminal command and the panel read these fields (`options_of`); tests compare the
signatures of the Python functions with them. ``__post_init__`` validates once and does no I/O. Locations stay out of
the ``repr``, since a URL may hold a password.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from colab_save.artifact.metrics import Best, check_metrics, is_name
from colab_save.errors import RequestError
from colab_save.format_table import purposes
from colab_save.hints import literal, option
from colab_save.request.help_texts import DEFAULT_IN_WORDS, formats_in_words, stores_in_words
from colab_save.request.option import (
    Syntax,
    check_numbers,
    check_secrets,
    check_switches,
    check_texts,
    declare,
    names_of,
    texts_of,
)
from colab_save.target import Target, check_suffix, check_tag
from colab_save.types import Model, Nested
from colab_save.wording import did_you_mean, is_text

AUTO = "auto"
"""The default format: ``keras``, and ``saved_model`` beside it if not all of ``keras`` comes back."""


def check_purpose(purpose: str, formats: Sequence[str]) -> None:
    """Refuse an unknown purpose, and a purpose together with formats.

    Raises:
        RequestError: The hint has the known purposes.
    """
    if purpose not in purposes():
        raise RequestError(f"There is no purpose {literal(repr(purpose))}.", did_you_mean(purpose, purposes()))
    if tuple(formats) not in {(), (AUTO,)}:
        raise RequestError(
            f"{option('purpose', purpose)} and {option('formats', ','.join(formats))} both choose the format.",
            "Give one of them.",
        )


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What to save, where, how, and how strictly to prove it.

    The fields are the parameters of `save_model`, which explains each of them. For the other frontends each field has a
    help text.
    """

    model: Model = field(
        metadata=declare(
            "MODEL",
            Syntax.EXPRESSION,
            "The model, or a dict or object that holds several; default: the only model in the notebook.",
        )
    )
    target: str | None = field(
        default=None,
        repr=False,
        metadata=declare(
            "TARGET",
            Syntax.POSITIONAL,
            "A name for the artifact, or a path or URL for a plain save; default: the name of the variable or of the "
            "model.",
        ),
    )
    to: str | None = field(
        default=None, kw_only=True, repr=False, metadata=declare("--to", Syntax.VALUE, stores_in_words, "STORE")
    )
    formats: str | tuple[str, ...] = field(
        default=AUTO, kw_only=True, metadata=declare("--format", Syntax.VALUE, formats_in_words, "F[,F…]")
    )
    purpose: str | None = field(
        default=None,
        kw_only=True,
        metadata=declare(
            "--for",
            Syntax.VALUE,
            "What the model is for, which picks the format; for all but training the version is an export, which does "
            f"not replace the models of its name; default: as {option('formats')} says.",
            "PURPOSE",
            purposes,
        ),
    )
    sample: Nested = field(
        default=None,
        kw_only=True,
        metadata=declare(
            "--sample",
            Syntax.EXPRESSION,
            "Inputs for the round trip; default: found in the notebook, or else made.",
            "EXPR",
        ),
    )
    verify: bool = field(
        default=True,
        kw_only=True,
        metadata=declare(
            "--no-verify", Syntax.ANTIFLAG, "Do not reload in a fresh process and compare; the report says SKIPPED."
        ),
    )
    unpacked: bool = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--unpacked", Syntax.FLAG, "On Drive, store a SavedModel as a folder; default: as one zip file."
        ),
    )
    strict: bool = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--strict",
            Syntax.FLAG,
            "Publish nothing unless all of the model is proven: not what came back in part, nor what could not be "
            "compared, nor, unless you name the format, what it cannot hold; default: publish it, and say so.",
        ),
    )
    full: bool = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--full",
            Syntax.FLAG,
            "Repeat the whole proof; default: rest on one of this session where only weights differ from then.",
        ),
    )
    force: bool = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--force",
            Syntax.FLAG,
            "Publish even if the round trip fails; the report says FAILED; default: publish nothing then.",
        ),
    )
    rtol: float | None = field(
        default=None,
        kw_only=True,
        metadata=declare("--rtol", Syntax.NUMBER, "Relative tolerance of outputs; default: by dtype.", "NUMBER"),
    )
    atol: float | None = field(
        default=None,
        kw_only=True,
        metadata=declare("--atol", Syntax.NUMBER, "Absolute tolerance of outputs; default: by dtype.", "NUMBER"),
    )
    timeout: float = field(
        default=300.0,
        kw_only=True,
        metadata=declare(
            "--timeout", Syntax.NUMBER, "Give up on the round trip of one payload after SECONDS.", "SECONDS"
        ),
    )
    tags: tuple[str, ...] = field(
        default=(),
        kw_only=True,
        metadata=declare("--tag", Syntax.REPEATED, "A tag for this version; can be repeated; default: none.", "T"),
    )
    extra: tuple[str, ...] = field(
        default=(),
        kw_only=True,
        metadata=declare(
            "--extra",
            Syntax.REPEATED,
            "A plain attribute of the model, such as class_names, or a variable of the notebook, to save with the "
            "model; can be repeated; default: none.",
            "NAME",
        ),
    )
    metrics: Mapping[str, float] = field(
        default_factory=dict,
        kw_only=True,
        metadata=declare(
            "--metric",
            Syntax.PAIRS,
            "A number that you measured; can be repeated; default: only the last values of the last training, which "
            "are always recorded.",
            "NAME=VALUE",
        ),
    )
    keep: int | None = field(
        default=None,
        kw_only=True,
        metadata=declare(
            "--keep",
            Syntax.NUMBER,
            "Keep the N newest versions of the name and remove older ones, but never one with a tag; exports are "
            "counted apart from models; 0 keeps all; default: the number in the settings, else keep all.",
            "N",
        ),
    )
    keep_best: str | None = field(
        default=None,
        kw_only=True,
        metadata=declare(
            "--keep-best",
            Syntax.VALUE,
            "Also keep the version that is best in this metric, such as val_loss or max:score; without a number of "
            "versions to keep, keep only that one and the newest; default: no metric.",
            "METRIC",
        ),
    )
    wait: bool | float = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--wait",
            Syntax.FLAG,
            "Wait for the upload, for an hour at most (in Python, wait=SECONDS sets the limit); default: do not wait.",
        ),
    )
    flush: bool = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--flush", Syntax.FLAG, "Upload everything on Drive now, which unmounts it and can take hours."
        ),
    )
    note: str = field(
        default="",
        kw_only=True,
        metadata=declare("--note", Syntax.VALUE, "Free text, saved with the version; default: none.", "TEXT"),
    )
    options: Mapping[str, Any] = field(
        default_factory=dict,
        kw_only=True,
        metadata=declare(
            "--option",
            Syntax.PAIRS,
            "An option of the format, such as signatures of saved_model; VALUE is an expression; can be repeated; "
            "default: none.",
            "KEY=VALUE",
        ),
    )

    def __post_init__(self) -> None:
        """Normalise values that can be written in several ways, and refuse contradictions."""
        check_texts(to=self.to, purpose=self.purpose, keep_best=self.keep_best)
        check_switches(
            verify=self.verify, unpacked=self.unpacked, strict=self.strict, force=self.force, flush=self.flush
        )
        wait = None if isinstance(self.wait, bool) else self.wait
        check_numbers(rtol=self.rtol, atol=self.atol, timeout=self.timeout, wait=wait)
        texts_of("note", (self.note,))
        names = [part for text in texts_of("formats", self.formats) for part in text.split(",")]
        formats = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        object.__setattr__(self, "formats", formats or (AUTO,))
        object.__setattr__(self, "tags", tuple(dict.fromkeys(texts_of("tags", self.tags))))
        object.__setattr__(self, "extra", names_of("extra", self.extra))
        object.__setattr__(self, "metrics", check_metrics(self.metrics))
        check_secrets(note=(self.note,), tags=self.tags, metrics=self.metrics)
        for tag in self.tags:
            check_tag(tag)
        if not isinstance(self.options, Mapping) or not all(map(is_text, self.options)):
            raise RequestError(
                f"options must be a dict with texts as keys, not {literal(repr(self.options))}.",
                "Give a dict such as {'opset': 17}.",
            )
        if len(formats) > 1 and AUTO in formats:
            others = literal(", ".join(name for name in formats if name != AUTO))
            raise RequestError(f"{AUTO} cannot be combined with {others}.", f"Give {AUTO} alone, or only the others.")
        if self.purpose is not None:
            check_purpose(self.purpose, formats)
        self._check_strict()
        if self.keep is not None and (type(self.keep) is not int or self.keep < 0):
            raise RequestError(
                f"{option('keep', repr(self.keep))} is not a whole number of at least 0.",
                "Give the number of versions to keep, such as 3; 0 keeps all.",
            )
        if self.keep_best is not None and not is_name(Best.parse(self.keep_best).metric):
            raise RequestError(
                f"{option('keep_best', self.keep_best)} does not name a metric.",
                "Give a metric such as val_loss or max:score.",
            )
        if self.target is not None:
            self._check_target(Target.parse(self.target))

    def _check_strict(self) -> None:
        other = option("force") if self.force else option("verify", value=False) if not self.verify else ""
        if self.strict and other:
            raise RequestError(
                f"{option('strict')} publishes nothing that is not proven, {other} publishes it all the same.",
                "Give one of them.",
            )

    def _check_target(self, target: Target) -> None:
        if target.selector:
            raise RequestError(
                f"{literal(repr(self.target))} names a version, but a save always makes a new one.",
                f"Save to {literal(repr(target.name))} with {option('tags', target.selector)}.",
            )
        check_suffix(target)
        if target.path and (self.keep or self.keep_best):
            raise RequestError(
                f"{literal(repr(target.shown))} is a single place without versions, so there are none to keep.",
                f"Leave out {option('keep')} and {option('keep_best')}, or give a name instead of the path.",
            )


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load, from where, and whether to compare it with what was saved.

    The fields are the parameters of `load_model`, which explains each of them. For the other frontends each field has a
    help text.
    """

    target: str = field(
        repr=False,
        metadata=declare(
            "TARGET",
            Syntax.POSITIONAL,
            "A name (its newest version that is no export), name@tag, name@version, or the path or URL of a model file "
            "or folder.",
        ),
    )
    source: str | None = field(
        default=None,
        kw_only=True,
        repr=False,
        metadata=declare("--from", Syntax.VALUE, f"The store to look in; {DEFAULT_IN_WORDS}", "STORE"),
    )
    format: str | None = field(
        default=None,
        kw_only=True,
        metadata=declare(
            "--format", Syntax.VALUE, "Load the payload of this format; default: the one that holds most.", "F"
        ),
    )
    into: Model = field(
        default=None,
        kw_only=True,
        metadata=declare(
            "--into",
            Syntax.EXPRESSION,
            "A model of the same architecture that gets the weights, or a dict or object that gets several models; "
            "default: a new model.",
            "MODEL",
        ),
    )
    trust: bool = field(
        default=False,
        kw_only=True,
        metadata=declare(
            "--trust",
            Syntax.FLAG,
            "Run code that came with the file, after you have read it; default: run only code that you signed.",
        ),
    )
    verify: bool = field(
        default=True,
        kw_only=True,
        metadata=declare("--no-verify", Syntax.ANTIFLAG, "Do not compare the loaded model with what was saved."),
    )
    convert: bool = field(
        default=False,
        kw_only=True,
        metadata=declare("--convert", Syntax.FLAG, "Rebuild a Keras 2 model with Keras 3, if both give equal outputs."),
    )
    variables: bool | MutableMapping[str, Any] = field(
        default=True,
        kw_only=True,
        metadata=declare(
            "--no-variables",
            Syntax.ANTIFLAG,
            "Do not set variables of the notebook again that were saved with the model (in Python, variables=DICT gets "
            "them).",
        ),
    )
    timeout: float = field(
        default=300.0,
        kw_only=True,
        metadata=declare("--timeout", Syntax.NUMBER, "Give up on a suspicious file after SECONDS.", "SECONDS"),
    )

    def __post_init__(self) -> None:
        """Refuse values that cannot be right."""
        check_texts(source=self.source, format=self.format)
        check_switches(trust=self.trust, verify=self.verify, convert=self.convert)
        check_numbers(timeout=self.timeout)
        if not isinstance(self.variables, (bool, MutableMapping)):
            what = f"variables must be a dict or False, not {literal(repr(self.variables))}."
            raise RequestError(what, "Give a dict that gets the variables, such as globals().")
        Target.parse(self.target)
