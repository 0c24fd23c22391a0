"""The first step of a save: from what the user asked to a plan, with every refusal that needs no writing.

The pipeline calls `resolve` before anything is staged, and before the fresh process is started.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from typing import Any, TypeAlias

from colab_save.collections.extras import find_extras
from colab_save.collections.splitting import Division, divide
from colab_save.dialect import size_of
from colab_save.errors import NoSpaceError, RequestError, TargetError, UnsupportedError
from colab_save.formats.base import Format, read_options, require_packages
from colab_save.formats.table import get_format
from colab_save.hints import option
from colab_save.quantities import size_in_words
from colab_save.request.request import AUTO, PURPOSES, SaveRequest
from colab_save.saving.plan import Destination, Label, Plan, ProofRules, Upload
from colab_save.stores.table import open_folder_of, open_store
from colab_save.target import Target, check_name, last_part, without_secrets
from colab_save.versions.pruning import Retention

Attempts: TypeAlias = tuple[tuple[Format, ...], ...]

AUTO_ATTEMPTS = (("keras",), ("saved_model",))
"""What ``auto`` tries, in order."""

SAVED_MODEL = {"saved_model.pb", "keras_metadata.pb", "fingerprint.pb", "variables/", "assets/", "assets.extra/"}
"""What a SavedModel's folder holds; a plain save takes the place of such a folder and of no other."""

HEADROOM = 1.2
"""Bytes of a payload for each byte of weights and optimizer: headers, graph, sample."""

SPARE = 32 << 20
"""Bytes that the local disk must have besides: libhdf5 may end the whole process when it fills up (h5py 3.14)."""


def resolve(request: SaveRequest) -> Plan:
    """Turn a request into a plan, or refuse it.

    Raises:
        RequestError: The object, the target, the formats or the options cannot be used, or not together.
        MissingPackageError: A format needs a package that is not installed.
        StoreError: The store is not available, read-only or full; or the local disk is.
    """
    division = divide(request.model)
    extras = find_extras(request.extra, division.models.get(""), vars(sys.modules["__main__"]))
    target = Target.parse(request.target if request.target is not None else _default_name(request.model))
    asked = _attempts(request, target)
    _check_single(division, target)
    attempts, refusals = _usable(asked, division)
    options = read_options({plug.name: plug.Options for formats in asked for plug in formats}, request.options)
    destination = _prepared(request, target, _checked_size(division, attempts[0]))
    if destination.key:
        attempts, taken = free_attempts(destination, attempts)
        refusals |= taken
    return Plan(
        division=division,
        extras=extras,
        sample=request.sample,
        attempts=attempts,
        options=options,
        refusals=refusals,
        destination=destination,
        rules=ProofRules(request.verify, request.force, request.rtol, request.atol, request.timeout),
        label=Label(request.tags, request.note, request.metrics),
        retention=Retention.of(request.keep, request.keep_best),
        upload=Upload(request.wait, request.flush),
    )


def _check_single(division: Division, target: Target) -> None:
    """Refuse several models at one exact place."""
    if target.path and division.collection:
        raise RequestError(
            f"{last_part(target.path)!r} is one place, and there are {len(division.models)} models to save: "
            f"{', '.join(division.models)}.",
            f"Give a name, such as {last_part(target.path).partition('.')[0] or 'agent'}, to save them together.",
        )


def _usable(asked: Attempts, division: Division) -> tuple[Attempts, dict[str, str]]:
    """Return the attempts that can write what is saved, and why the other formats cannot.

    Raises:
        UnsupportedError: None can.
        MissingPackageError: One needs a package that is not installed.
    """
    found = {plug.name: _refusal(plug, division) for formats in asked for plug in formats}
    refusals = {name: reason for name, reason in found.items() if reason}
    usable = tuple(formats for formats in asked if not any(plug.name in refusals for plug in formats))
    if not usable:
        raise UnsupportedError(
            "; ".join(f"{name} cannot write this model: {reason}" for name, reason in refusals.items()) + ".",
            f"Leave {option('formats')} out, or choose one that can: keras for any Keras model, saved_model for "
            "anything callable.",
        )
    for formats in usable:
        for plug in formats:
            require_packages(plug, plug.requires)
    return usable, refusals


def _refusal(plug: Format, division: Division) -> str:
    """Say why a format cannot write one of the models; empty when it can write all."""
    found = ((name, plug.refusal(model)) for name, model in division.models.items())
    return next((f"{name}: {reason}" if name else reason for name, reason in found if reason), "")


def _checked_size(division: Division, formats: tuple[Format, ...]) -> int:
    """Return the bytes that the payloads will take, when the local disk can hold their stage."""
    arrays = division.collection.arrays if division.collection else ()
    weights = sum(map(size_of, division.models.values())) + sum(int(array.nbytes) for array in arrays)
    size = int(weights * HEADROOM * len(formats))
    _check_stage(size + int(weights * max(plug.scratch for plug in formats)))
    return size


def _prepared(request: SaveRequest, target: Target, size: int) -> Destination:
    """Open the store and see that it can take so many bytes under the target's name."""
    store, key = open_folder_of(target.path) if target.path else (open_store(request.to), "")
    store.prepare(size)
    if target.name:
        store.check_single(target.name)
    packs_folders = store.packs_folders and not request.unpacked
    source = without_secrets(request.to or "")
    return Destination(store, key or target.name, key, source, target.shown, packs_folders)


def free_attempts(destination: Destination, attempts: Attempts) -> tuple[Attempts, dict[str, str]]:
    """Return the attempts whose place is free or holds what a plain save may replace, and why the others may not.

    Raises:
        TargetError: None is left: the save would cost what somebody else keeps there.
    """
    reasons = {plug.name: _occupied(destination, plug.name) for formats in attempts for plug in formats}
    left = tuple(formats for formats in attempts if not any(reasons[plug.name] for plug in formats))
    taken = {name: reason for name, reason in reasons.items() if reason}
    if not left:
        raise TargetError(f"{'; '.join(taken.values())}.", "Give a path that is free; a save replaces only a model.")
    return left, taken


def _occupied(destination: Destination, format_name: str) -> str:
    """Say what stands where a plain save would go, unless it is a model of that kind or nothing; empty when none."""
    store, key = destination.store, destination.exact(format_name)
    names = store.keys(key)
    place = f"{store.location}/{key}"
    if format_name != "saved_model":
        return f"{place} is a folder" if names else ""
    if not names:
        return f"{place} is a file" if store.has(key) else ""
    others = sorted(set(names) - SAVED_MODEL)
    return f"{place} is a folder with {others[0]} in it" if others else ""


def _default_name(model: Any) -> str:
    """Name an artifact after its model, when nobody has named it."""
    if isinstance(model, (dict, list, tuple)):
        raise RequestError(f"Several models in a {type(model).__name__} have no name.", "Give one, such as gan.")
    name = str(getattr(model, "name", "") or type(model).__name__)
    check_name(name, name)
    return name


def _attempts(request: SaveRequest, target: Target) -> Attempts:
    """Choose the formats: as asked, by purpose, by the path's suffix, or ``auto``."""
    asked = tuple(request.formats) if request.purpose is None else PURPOSES[request.purpose]
    if target.path:
        if request.to is not None:
            raise RequestError(
                f"{target.shown!r} says where the file goes, and {option('to', without_secrets(request.to))} does too.",
                f"Leave {option('to')} out, or give a name instead of the path.",
            )
        asked = _formats_of_path(target, asked)
    if asked == (AUTO,):
        return tuple(tuple(get_format(name) for name in names) for names in AUTO_ATTEMPTS)
    return (tuple(get_format(name) for name in asked),)


def _formats_of_path(target: Target, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Match the formats asked for with the suffix of a path."""
    if len(asked) > 1:
        raise RequestError(
            f"{target.shown!r} is one place, and {', '.join(asked)} are {len(asked)} payloads.",
            f"Give a name, such as {last_part(target.path).partition('.')[0] or 'cats'}, to save them together.",
        )
    if target.format is None or asked == (target.format,):
        return asked
    if asked == (AUTO,):
        return (target.format,)
    raise RequestError(
        f"The suffix of {target.shown!r} means {target.format}, and {option('formats')} says {asked[0]}.",
        "Change one of them.",
    )


def _check_stage(size: int) -> None:
    """Refuse when the local disk cannot hold the stage: one copy of all payloads, and what is written on the way."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise NoSpaceError(
            f"Staging needs {size_in_words(size + SPARE)} in {folder}, and {size_in_words(free)} are free.",
            "Remove files from the local disk, or point TMPDIR at a larger one.",
        )
