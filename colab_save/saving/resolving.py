"""The first step of a save: from what the user asked to a plan, with every refusal that needs no writing.

`saving` calls `resolve` before anything is staged, and before the fresh process is started.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from colab_save.artifact.layout import SIDECAR, Place
from colab_save.collections.extras import Extras, find_extras
from colab_save.collections.splitting import Division, divide
from colab_save.dialect import size_of
from colab_save.errors import NoSpaceError, RequestError, TargetError, UnsupportedError
from colab_save.format_table import FORMATS, format_of_path, purposes
from colab_save.formats.base import Format, get_format, read_options, require_packages
from colab_save.hints import action, option
from colab_save.quantities import size_in_words
from colab_save.request.request import AUTO, SaveRequest
from colab_save.stores.base import Store
from colab_save.stores.opening import open_folder_of, open_store
from colab_save.target import Target, check_name, last_part, without_secrets
from colab_save.versions.finding import versions_of

HEADROOM = 1.2
"""Bytes of a payload for each byte of weights and optimizer: headers, graph, sample."""

SPARE = 32 << 20
"""Bytes that the local disk must have besides: libhdf5 may end the whole process when it fills up (h5py 3.14)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a save will do.

    Attributes:
        store: The store, prepared.
        name: The artifact's name; for a plain save the file's.
        key: For a plain save, the payload's key in the store, without the suffix of a format; else empty.
        attempts: Sets of formats to try, in order; the first whose round trips pass is published.
        options: The options of each format.
        refusals: Why a format that ``auto`` would try cannot write this model, by format.
        source: What ``source`` must say to find the artifact again; empty for the default store.
        path: For a plain save, the target as it was typed, without the secrets of a URL.
        division: What is saved, by its parts.
        extras: What else is kept, because the user named it.
    """

    store: Store
    name: str
    key: str
    attempts: tuple[tuple[Format, ...], ...]
    options: Mapping[str, Any]
    refusals: Mapping[str, str]
    source: str
    path: str
    division: Division
    extras: Extras

    def exact(self, format_name: str) -> str:
        """Give the key of a plain save in a format: as it was typed, or with the format's suffix."""
        return f"{self.key}{_suffix(self.key, format_name)}"

    def place(self, version: str, format_name: str) -> Place:
        """Say where a version goes."""
        if self.key:
            return Place.of_plain(self.exact(format_name), version)
        return Place.of_version(self.name, version)

    def newest(self, format_name: str) -> str:
        """Give the newest version in the same place, committed or not; empty when there is none."""
        folder = f"{self.exact(format_name)}{SIDECAR}" if self.key else self.name
        return next(reversed(versions_of(self.store, folder)), "")

    def load_line(self, format_name: str) -> str:
        """Write the line that brings the model back."""
        if self.key:
            return f"model = {action('load', self.path + _suffix(self.path, format_name))}"
        origin = {"source": self.source} if self.source else {}
        return f"model = {action('load', self.name, **origin)}"


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
    attempts = _attempts(request, target)
    _check_single(division, target)
    refusals = {plug.name: _refusal(plug, division) for formats in attempts for plug in formats}
    usable = tuple(formats for formats in attempts if not any(refusals[plug.name] for plug in formats))
    if not usable:
        raise UnsupportedError(
            "; ".join(f"{name} cannot write this model: {reason}" for name, reason in refusals.items() if reason) + ".",
            f"Leave {option('formats')} out, or choose one that can: keras for any Keras model, saved_model for "
            "anything callable.",
        )
    for formats in usable:
        for plug in formats:
            require_packages(plug, plug.record.requires)
    options = read_options({plug.name: plug.Options for formats in attempts for plug in formats}, request.options)
    weights = _size(division)
    size = int(weights * HEADROOM * len(usable[0]))
    _check_stage(size + int(weights * max(plug.scratch for plug in usable[0])))
    store, key = open_folder_of(target.path) if target.path else (open_store(request.to), "")
    store.prepare(size)
    if target.name:
        store.check_single(target.name)
    refused = {name: reason for name, reason in refusals.items() if reason}
    source = without_secrets(request.to or "")
    plan = Plan(store, key or target.name, key, usable, options, refused, source, target.shown, division, extras)
    return with_free_places(plan) if key else plan


def _check_single(division: Division, target: Target) -> None:
    """Refuse several models at one exact place."""
    if target.path and division.collection:
        raise RequestError(
            f"{last_part(target.path)!r} is one place, and there are {len(division.models)} models to save: "
            f"{', '.join(division.models)}.",
            f"Give a name, such as {last_part(target.path).partition('.')[0] or 'agent'}, to save them together.",
        )


def _refusal(plug: Format, division: Division) -> str:
    """Say why a format cannot write one of the models; empty when it can write all."""
    found = ((name, plug.refusal(model)) for name, model in division.models.items())
    return next((f"{name}: {reason}" if name else reason for name, reason in found if reason), "")


def _size(division: Division) -> int:
    arrays = division.collection.arrays if division.collection else ()
    return sum(map(size_of, division.models.values())) + sum(int(array.nbytes) for array in arrays)


def with_free_places(plan: Plan) -> Plan:
    """Leave the attempts whose place is free, or holds what a save may take the place of.

    Raises:
        TargetError: None is left: the save would cost what somebody else keeps there.
    """
    reasons = {plug.name: _occupied(plan, plug.name) for formats in plan.attempts for plug in formats}
    left = tuple(formats for formats in plan.attempts if not any(reasons[plug.name] for plug in formats))
    taken = {name: reason for name, reason in reasons.items() if reason}
    if not left:
        raise TargetError(f"{'; '.join(taken.values())}.", "Give a path that is free; a save replaces only a model.")
    return replace(plan, attempts=left, refusals={**plan.refusals, **taken})


def _occupied(plan: Plan, format_name: str) -> str:
    """Say what stands where a plain save would go, unless it is a model of that kind or nothing; empty when none."""
    key = plan.exact(format_name)
    names = plan.store.keys(key)
    place = f"{plan.store.location}/{key}"
    contents = FORMATS[format_name].contents
    if not contents:
        return f"{place} is a folder" if names else ""
    if not names:
        return f"{place} is a file" if plan.store.has(key) else ""
    others = sorted(set(names) - contents)
    return f"{place} is a folder with {others[0]} in it" if others else ""


def _default_name(model: Any) -> str:
    """Name an artifact after its model, when nobody has named it."""
    if isinstance(model, (dict, list, tuple)):
        raise RequestError(f"Several models in a {type(model).__name__} have no name.", "Give one, such as gan.")
    name = str(getattr(model, "name", "") or type(model).__name__)
    check_name(name, name)
    return name


def _attempts(request: SaveRequest, target: Target) -> tuple[tuple[Format, ...], ...]:
    """Choose the formats: as asked, by purpose, by the path's suffix, or ``auto``."""
    asked = tuple(request.formats) if request.purpose is None else purposes()[request.purpose]
    if target.path:
        if request.to is not None:
            raise RequestError(
                f"{target.shown!r} says where the file goes, and {option('to', without_secrets(request.to))} does too.",
                f"Leave {option('to')} out, or give a name instead of the path.",
            )
        asked = _formats_of_path(target, asked)
    if asked == (AUTO,):
        return tuple((get_format(record.name),) for record in FORMATS.values() if record.is_automatic)
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


def _suffix(path: str, format_name: str) -> str:
    """Give the suffix that a path of the old kind lacks: none for a folder, or where it has one."""
    return "" if format_of_path(path) else next(iter(FORMATS[format_name].suffixes), "")


def _check_stage(size: int) -> None:
    """Refuse when the local disk cannot hold the stage: one copy of all payloads, and what is written on the way."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise NoSpaceError(
            f"Staging needs {size_in_words(size + SPARE)} in {folder}, and {size_in_words(free)} are free.",
            "Remove files from the local disk, or point TMPDIR at a larger one.",
        )
