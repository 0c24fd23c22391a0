"""Choose the formats of a save: by name, by purpose, by the path's suffix, or by ``auto``.

`resolving` calls `choose`, `pipeline.check` calls `check_formats`; both write nothing and open no store.
"""

from __future__ import annotations

from colab_save.artifact.parts import collection_with
from colab_save.collections.splitting import Division
from colab_save.errors import RequestError, UnsupportedError
from colab_save.format_table import FORMATS, purposes
from colab_save.formats.base import Format, get_format, read_options, require_packages
from colab_save.hints import literal, option, without
from colab_save.request.request import AUTO, SaveRequest
from colab_save.saving.plan import Attempts, Choice
from colab_save.target import Target, last_part, without_secrets

_LEFT_OUT = f"Leave {option('formats')} out."
_OTHERS = (
    f"{_LEFT_OUT} Or choose {option('formats', 'keras')} for any Keras model. Or choose "
    f"{option('formats', 'saved_model')} for anything that can be called."
)
_CALLABLE = "Save what holds the weights: a Keras model, or an object with a method that is a tf.function."


def choose(request: SaveRequest, target: Target, division: Division) -> Choice:
    """Choose formats that can write what is saved, and read their options.

    Raises:
        RequestError: The target, the formats or the options are not valid, or not together.
        UnsupportedError: No format can write it.
        MissingPackageError: A format needs a package that is not installed.
    """
    wanted = _attempts(request, target)
    _check_single(division, target)
    attempts, refusals = _usable(wanted, division)
    kinds = {plug.name: plug.Options for formats in wanted for plug in formats}
    is_export = not target.path and _is_export(request, wanted)
    return Choice(
        attempts,
        read_options(kinds, request.options),
        refusals,
        is_export=is_export,
        is_automatic=not _is_chosen(request),
    )


def check_formats(request: SaveRequest, target: Target) -> None:
    """Refuse formats and options that are wrong for every model.

    Raises:
        RequestError: The target, the formats or the options are not valid, or not together.
        MissingPackageError: A format that the user chose needs a package that is not installed.
    """
    wanted = _attempts(request, target)
    plugs = [plug for formats in wanted for plug in formats]
    read_options({plug.name: plug.Options for plug in plugs}, request.options)
    for plug in plugs if len(wanted) == 1 else ():
        require_packages(plug, plug.record.requires)


def _attempts(request: SaveRequest, target: Target) -> Attempts:
    """Return the formats to try: by name, by purpose, by the path's suffix, or those of ``auto``."""
    names = tuple(request.formats) if request.purpose is None else purposes()[request.purpose]
    if target.path:
        if request.to is not None:
            raise RequestError(
                f"{literal(repr(target.shown))} and {option('to', without_secrets(request.to))} both say where "
                "to save.",
                f"Leave {option('to')} out, or give a name instead of the path.",
            )
        names = _formats_of_path(target, names)
    if names == (AUTO,):
        return tuple((get_format(record.name),) for record in FORMATS.values() if record.is_automatic)
    return (tuple(get_format(name) for name in names),)


def _is_export(request: SaveRequest, wanted: Attempts) -> bool:
    """Return whether the user chose formats that are all for other programs; ``auto`` may fall back to one."""
    return _is_chosen(request) and all(plug.record.is_for_export for formats in wanted for plug in formats)


def _is_chosen(request: SaveRequest) -> bool:
    """Return whether the user chose formats, by name or by purpose; a suffix is no choice."""
    return request.purpose is not None or tuple(request.formats) != (AUTO,)


def _formats_of_path(target: Target, names: tuple[str, ...]) -> tuple[str, ...]:
    """Match the formats that the user named with the suffix of a path."""
    if len(names) > 1:
        raise RequestError(
            f"The path {literal(repr(target.shown))} takes one payload, but {len(names)} formats were given: "
            f"{', '.join(names)}.",
            f"Give a name, such as {last_part(target.path).partition('.')[0] or 'cats'}, to save them together.",
        )
    if target.format is None or names == (target.format,):
        return names
    if names == (AUTO,):
        return (target.format,)
    raise RequestError(
        f"The suffix of {literal(repr(target.shown))} means {target.format}, but {option('formats')} is {names[0]}.",
        f"Change the suffix, or leave {option('formats')} out.",
    )


def _check_single(division: Division, target: Target) -> None:
    """Refuse to save a collection to a path."""
    if target.path and division.collection:
        path, whole = literal(repr(last_part(target.path))), collection_with(division.models)
        raise RequestError(
            f"The path {path} takes one model, and this is {whole}.",
            f"Give a name, such as {last_part(target.path).partition('.')[0] or 'agent'}, to save all of it.",
        )


def _usable(wanted: Attempts, division: Division) -> tuple[Attempts, dict[str, str]]:
    """Return the attempts that can write what is saved, and why formats that come before them cannot.

    Raises:
        UnsupportedError: No attempt can.
        MissingPackageError: A format needs a package that is not installed.
    """
    found = {plug.name: _refusal(plug, division) for formats in wanted for plug in formats}
    refusals = {name: reason for name, reason in found.items() if reason}
    usable = tuple(formats for formats in wanted if not any(plug.name in refusals for plug in formats))
    if not usable:
        reasons = [f"{name} cannot write this model: {reason}." for name, reason in refusals.items()]
        failed = {option("formats", name) for name in refusals} | ({_LEFT_OUT} if len(wanted) > 1 else set())
        raise UnsupportedError("\n".join(reasons), without(_OTHERS, failed) or _CALLABLE)
    for formats in usable:
        for plug in formats:
            require_packages(plug, plug.record.requires)
    before = wanted[: wanted.index(usable[-1])]
    return usable, {plug.name: refusals[plug.name] for formats in before for plug in formats if plug.name in refusals}


def _refusal(plug: Format, division: Division) -> str:
    """Return why a format cannot write one of the models; empty if it can write all."""
    found = ((name, plug.refusal(model)) for name, model in division.models.items())
    return next((f"{name}: {reason}" if name else reason for name, reason in found if reason), "")
