"""The kill matrix on the misbehaving Drive: SIGKILL before each call that a save makes there or to its local copy.

The child dies, the mount lives on. Then the version before is whole, nothing half is listed, and `publish_local_copies`
brings the new one there from its local copy, if it had come that far. The table at the end of the run counts.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

import pytest

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.layout import Place
from colab_save.errors import ColabSaveError
from colab_save.progress import Clock, ignore_steps
from colab_save.stores.drive.drive import DriveStore
from colab_save.versions.pending import pending, publish_local_copies, publish_with_local_copy
from colab_save.versions.uploading import see_through
from tests.fake_colab.fixtures import fuse_colab  # noqa: F401 - a fixture
from tests.fuse_drive.fixtures import fuse  # noqa: F401 - a fixture
from tests.killing import CALLS, Children, row
from tests.making import V1, V2, V3, stage
from tests.versions.test_publishing import KINDS, check_lists_nothing_half, check_whole

pytestmark = pytest.mark.outside


def save(kind, store, work, version):
    """Save as a save does; without the attribute, so that the local copy stays."""
    place = Place.of_plain(kind.key, version) if kind.key else Place.of_version("cats", version)
    facts, name = ModelFacts("keras", "Model"), kind.key or "cats"
    staged, manifest = stage(work / version, kind.files(version), version=version, name=name, facts=facts)
    published = publish_with_local_copy(store, place, staged, manifest, ignore_steps)
    see_through(published, Clock(ignore_steps), wait=False, flush=False)


def save_and_die(kind, number, folder, work, home):
    """Save the second version, and be killed before the call of that number to something on Drive or in the cache."""
    os.environ["XDG_CACHE_HOME"] = home
    store = DriveStore(folder)
    places = (str(store.root), home)
    numbers = itertools.count()

    def listen(event, arguments):
        is_ours = event in CALLS and any(str(path).startswith(places) for path in arguments[:2])
        if is_ours and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(listen)
    save(KINDS[kind], store, Path(work), V2)


@pytest.fixture(scope="module")
def kill(fuse_colab):  # noqa: F811
    """Run a save that is killed in a child process, and return whether it was killed before it had ended."""
    here = "tests.versions.test_killing_on_drive"
    with Children(here, "save_and_die", "google.colab", environment=fuse_colab.environment) as children:
        yield lambda kind, number, folder, *places: children.was_killed(
            KINDS.index(kind), number, folder, *map(str, places)
        )


def lost_after(kind, store, work, *, is_last_of_few):
    """Return what is wrong after the writer was killed, in words."""
    try:
        before = check_whole(kind, store)
        check_lists_nothing_half(store)
        has_copy = any(save.name.endswith(V2) for save in pending(0.5).saves)
        publish_local_copies()
        if V2 in {before, V2 * has_copy} and check_whole(kind, store) != V2:
            yield "the new one was published, and is not there"
        if is_last_of_few:
            save(kind, store, work, V3)
            if check_whole(kind, store) != V3:
                yield "the next save is not the newest"
    except (ColabSaveError, AssertionError) as error:
        yield f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(("kind", "stride"), [*zip(KINDS, (2, 3, 3), strict=True)], ids=["artifact", "file", "folder"])
def test_a_save_that_is_killed_at_any_call_on_drive_costs_nothing(
    fuse_colab,  # noqa: F811
    kill,
    kind,
    stride,
    tmp_path,
    monkeypatch,
    record_property,
):
    DriveStore().prepare(0)
    fuse_colab.drive.order("set", has_uncommitted=False)
    lost, published, kills, work = {}, 0, 0, tmp_path / "work"
    for number in itertools.count(0, stride):
        home = tmp_path / f"home {number}"
        monkeypatch.setenv("XDG_CACHE_HOME", str(home))
        store = DriveStore(f"MyDrive/{type(kind).__name__} {number}")
        save(kind, store, work, V1)
        was_killed = kill(kind, number, store.folder, work, home)
        kills += was_killed
        published += any(not save.is_in_store for save in pending(0.5).saves)
        if found := list(lost_after(kind, store, work, is_last_of_few=kills % 4 == 0)):
            lost[number] = found
        if not was_killed:
            break
    record_property("table", row(f"Drive, {type(kind).__name__}", kills, lost))
    assert {} == lost
    assert kills > 10
    assert published > 3
