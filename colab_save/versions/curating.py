"""Change a committed version: tag, delete, restore.

The actions of the frontends call these. A deleted version's manifest is renamed, so that no reader sees the version and
one renaming restores it. A save that comes a day later (`publishing`) removes its files, or `delete_version` does.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from colab_save.artifact.layout import Place, deletion_now
from colab_save.artifact.manifest import MANIFEST, Manifest
from colab_save.custom_code.signing import is_own, signed
from colab_save.errors import NotFoundError, TargetError, UntrustedError
from colab_save.hints import action, literal, render
from colab_save.quantities import size_in_words
from colab_save.reports.card import Card, Remark, Shown
from colab_save.reports.json_fields import version_fields
from colab_save.reports.listing import Listing
from colab_save.stores.base import Store
from colab_save.stores.opening import open_store
from colab_save.target import NEWEST, Target, check_tag, without_secrets
from colab_save.types import Json
from colab_save.versions.finding import (
    committed,
    deleted,
    exports_in_words,
    find,
    names_of,
    readable,
    versions_of,
)
from colab_save.versions.listing import list_deleted
from colab_save.versions.local_copies import keys_of
from colab_save.versions.pruning import remove
from colab_save.versions.publishing import commit
from colab_save.wording import did_you_mean

REMOVED = "is deleted for good; its files are removed"
"""Done to a version that cannot be restored."""

UNREADABLE = "is deleted; its manifest cannot be read, so it cannot be restored"
"""Done to a damaged version."""


@dataclass(frozen=True, slots=True)
class Change(Shown):
    """A change that was made to a version.

    Attributes:
        target: Its full name.
        done: What was done, in words.
        where: The folder that it is in, or was.
        manifest: The version after the change; ``None`` if its manifest cannot be read.
        line: A label and the action to do next.
        notes: What the user should know, one sentence each.
    """

    target: str
    done: str
    where: str
    manifest: Manifest | None = field(repr=False)
    line: tuple[str, str] | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    def card(self) -> Card:
        """Return what is shown: what was done, the version, and the action that undoes it."""
        facts = {"where": literal(self.where)} | ({"size": size_in_words(self.manifest.size)} if self.manifest else {})
        remarks = tuple(Remark("note", note) for note in self.notes)
        return Card(f"{literal(self.target)} {self.done}", "", facts=facts, remarks=remarks, line=self.line)

    def to_json(self) -> dict[str, Json]:
        """Return what was done to which version."""
        version = version_fields(self.manifest) if self.manifest else None
        done = {"target": self.target, "done": self.done, "where": self.where, "version": version}
        return {**done, "notes": list(map(render, self.notes))}


def tag_version(target: str, tags: str | Iterable[str], *, source: str | None = None) -> Change:
    """Set the tags of a version, and take them from the other versions of that name.

    Args:
        target: A name, ``name@tag`` or ``name@version-prefix``.
        tags: All tags that the version will have; none removes its tags.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Returns:
        What was done, with the manifest as it is now.

    Raises:
        NotFoundError: There is no such version.
        TargetError: A path, or a text that cannot be a tag.
    """
    wanted = tuple(dict.fromkeys((tags,) if isinstance(tags, str) else tags))
    for tag in wanted:
        check_tag(tag)
    store, name = open_store(source), _name(target)
    _, manifest = find(store, name)
    notes = _notes(store, name, manifest)
    tagged = _with_tags(store, manifest, wanted)
    for other in committed(store, manifest.name):
        if other.version != manifest.version and set(wanted) & set(other.tags):
            _with_tags(store, other, tuple(tag for tag in other.tags if tag not in wanted))
    done = f"has the tags {literal(', '.join(wanted))}" if wanted else "has no tags"
    return replace(_change(store, tagged, done), notes=notes)


def delete_version(target: str, *, source: str | None = None, for_good: bool = False) -> Change:
    """Delete a version: nothing lists or loads it any more. `restore_version` can restore it for a day.

    Args:
        target: A name, ``name@tag`` or ``name@version-prefix``.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.
        for_good: Remove the files now to free their space, also those of a version that is deleted already.

    Returns:
        What was done, with the action that undoes it.

    Raises:
        NotFoundError: There is no such version.
        TargetError: A path.
    """
    store, name = open_store(source), _name(target)
    key, version, manifest = _deletable(store, name, also_deleted=for_good)
    folder = Place.of_version(name.name, version).folder
    done, line, notes = REMOVED, None, _notes(store, name, manifest)
    if for_good:
        remove(store, name.name, version, key)
    else:
        store.move(f"{folder}/{key}", f"{folder}/{deletion_now(datetime.now(UTC))}")
        done = UNREADABLE if manifest is None else "is deleted; it can be restored for a day"
        if manifest is not None:
            line = ("restore it", action("restore", f"{manifest.name}@{manifest.version}", **_from(source)))
    return Change(f"{name.name}@{version}", done, f"{store.location}/{folder}", manifest, line, notes)


def restore_version(target: str | None = None, *, source: str | None = None) -> Change | Listing:
    """Restore a deleted version whose files are still there, or list what can be restored.

    Args:
        target: ``name@version-prefix`` or ``name@tag``; a name alone means its most recent deleted version. Default:
            list the deleted versions.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Returns:
        What was done, with the action that loads it; or the deleted versions.

    Raises:
        NotFoundError: There is no such deleted version, or not all of its files.
        TargetError: A path.
    """
    if target is None:
        return list_deleted(source=source)
    store, name = open_store(source), _name(target)
    key, manifest = _restorable(store, name)
    place = Place.of_version(manifest.name, manifest.version)
    back = f"{place.folder}/{MANIFEST}"
    if lost := {*keys_of(place, manifest)} - {back, *store.walk(place.folder)}:
        raise NotFoundError(
            f"{literal(min(lost))} is no longer in {literal(store.location)}: the removal of its version had begun.",
            f"{action('list')} shows the other versions.",
        )
    store.move(f"{place.folder}/{key}", back)
    line = action("load", f"{manifest.name}@{manifest.version}", name="model", **_from(source))
    return _change(store, manifest, "is restored", ("load it", line))


def _deletable(store: Store, target: Target, *, also_deleted: bool) -> tuple[str, str, Manifest | None]:
    """Find a version to delete: the file name of its manifest, its id, and the manifest.

    A damaged version, which lists name but nothing can load, is found by its own id only.

    Raises:
        UntrustedError: A manifest cannot be read, and no single version's id begins as the target says.
    """
    if also_deleted and target.selector and (known := next(deleted(store, target.name, target.selector), None)):
        return known[0], known[1].version, known[1]
    try:
        _, manifest = find(store, target)
    except UntrustedError as error:
        prefix = "" if target.selector == NEWEST else target.selector
        matching = [version for version in versions_of(store, target.name) if prefix and version.startswith(prefix)]
        if len(matching) == 1:
            return MANIFEST, matching[0], None
        hint = f"{error.references[1]} To delete a damaged version, give its id, as in {target.name}@ID."
        raise type(error)(error.references[0], hint) from error
    return MANIFEST, manifest.version, manifest


def _restorable(store: Store, target: Target) -> tuple[str, Manifest]:
    """Find the newest deleted version that a target means, and the file name of its manifest."""
    wanted = "" if target.selector == NEWEST else target.selector
    if found := next(deleted(store, target.name, wanted), None):
        return found
    others = list(deleted(store, target.name))
    if found := next((pair for pair in others if wanted in pair[1].tags), None):
        return found
    known = [word for _, manifest in others for word in (*manifest.tags, manifest.version)]
    names = (name for name in names_of(store) if next(deleted(store, name), None))
    raise NotFoundError(
        f"There is no deleted version {literal(repr(str(target)))} in {literal(store.location)}.",
        (did_you_mean(wanted, known) if others else did_you_mean(target.name, names))
        or "Nothing there is deleted; the files of a deleted version are removed after a day.",
    )


def _change(store: Store, manifest: Manifest, done: str, line: tuple[str, str] | None = None) -> Change:
    folder = Place.of_version(manifest.name, manifest.version).folder
    return Change(f"{manifest.name}@{manifest.version}", done, f"{store.location}/{folder}", manifest, line)


def _notes(store: Store, target: Target, manifest: Manifest | None) -> tuple[str, ...]:
    """Return a note on the newer exports, which a change of what a name alone means leaves as they are."""
    if manifest is None or not target.is_newest:
        return ()
    newer = itertools.takewhile(lambda item: item.version > manifest.version, readable(store, target.name))
    return tuple(filter(None, [exports_in_words([item for item in newer if item.is_export])]))


def _from(source: str | None) -> dict[str, str]:
    """Return the option that names a store, without the secrets of a URL."""
    return {"source": without_secrets(source)} if source else {}


def _name(target: str) -> Target:
    parsed = Target.parse(target)
    if parsed.path:
        raise TargetError(
            f"{literal(repr(parsed.path))} is a path; only a name has versions.", "Give a name such as cats."
        )
    return parsed


def _with_tags(store: Store, manifest: Manifest, tags: tuple[str, ...]) -> Manifest:
    """Write a manifest with other tags; it is signed again only if this user had signed it."""
    if tags == manifest.tags:
        return manifest
    changed = replace(manifest, tags=tags, signature="")
    changed = signed(changed) if is_own(manifest) else replace(changed, signature=manifest.signature)
    with tempfile.TemporaryDirectory(prefix="colab_save_") as folder:
        commit(store, Place.of_version(manifest.name, manifest.version), Path(folder, "artifact"), changed)
    return changed
