"""List the versions in a store: the committed ones, and the deleted ones that can be restored.

Every frontend calls `list_models`, `curating.restore_version` calls `list_deleted`; completion calls both.
"""

from __future__ import annotations

import fnmatch

from colab_save.artifact.layout import Place
from colab_save.reports.listing import Listing
from colab_save.stores.opening import open_store
from colab_save.versions.finding import contents_of, deleted, names_of
from colab_save.versions.local_copies import keys_of


def list_models(pattern: str = "*", source: str | None = None) -> Listing:
    """List the committed versions in a store, newest first.

    Args:
        pattern: Names to list, with ``*`` and ``?``. Default: all.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Raises:
        StoreError: The store is not available.
    """
    store = open_store(source)
    found = contents_of(store, pattern)
    keys = {
        f"{manifest.name}@{manifest.version}": keys_of(Place.of_version(manifest.name, manifest.version), manifest)
        for manifest in found.manifests
    }
    upload_states = store.upload_states(keys) if store.address else {}
    others = 0 if any(found[:3]) else len({manifest.name for manifest in contents_of(store).manifests})
    return Listing(
        store.location,
        store.kind,
        found.manifests,
        found.damaged,
        found.unfinished,
        upload_states,
        pattern=pattern,
        others=others,
    )


def list_deleted(pattern: str = "*", source: str | None = None) -> Listing:
    """List the deleted versions that can be restored, newest first.

    Args:
        pattern: Names to list, with ``*`` and ``?``.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.
    """
    store = open_store(source)
    names = (name for name in names_of(store) if fnmatch.fnmatchcase(name, pattern))
    found = [manifest for name in names for _, manifest in deleted(store, name)]
    newest_first = sorted(found, key=lambda manifest: manifest.version, reverse=True)
    return Listing(store.location, store.kind, tuple(newest_first), kind="deleted version")
