"""Publishing onto a Drive that misbehaves: each call of the file system fails once, late, or from then on."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from colab_save.errors import DamagedFileError, DigestError, NotFoundError, StoreError
from colab_save.progress import ignore_steps
from colab_save.request.request import LoadRequest
from colab_save.stores.drive.drive import DriveStore
from colab_save.versions.fetching import fetch
from colab_save.versions.finding import read_manifest
from colab_save.versions.locating import locate, step_back
from tests.fake_colab.fixtures import fuse_colab  # noqa: F401 - a fixture
from tests.fuse_drive.fixtures import fuse  # noqa: F401 - a fixture
from tests.making import V1, V2
from tests.versions.test_publishing import KINDS, check_every_interruption, work  # noqa: F401 - the last one is a fixture

pytestmark = pytest.mark.outside

CHANGING = ("readdir", "mkdir", "create", "open", "read", "write", "truncate", "flush", "unlink", "rmdir", "rename")
ERRNOS = ("EIO", "ENOTCONN", "ENOSPC", "EROFS", "EDQUOT")
FOLDERS = itertools.count()


class FaultyDriveStore(DriveStore):
    """Fails at a call by its number, counted by the file system itself; the errors take turns.

    Attributes:
        remembered: Seconds after which the kernel lists a folder again, and a bit.
    """

    remembered = 1.1

    def __init__(self, drive, counted, stride=1):
        super().__init__(f"MyDrive/{next(FOLDERS)}")
        self.drive, self.counted, self.stride = drive, counted, stride

    @property
    def calls(self):
        return self.drive.order("made")[:: self.stride]

    def arm(self, number, error, *, is_late, for_ever):
        name = ERRNOS[number % len(ERRNOS)]
        self.drive.order("arm", self.counted, number * self.stride, name, is_late=is_late, for_ever=for_ever)

    def disarm(self):
        self.drive.order("disarm")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize(
    ("is_late", "for_ever", "stride"),
    [(False, False, 2), (True, False, 2), (False, True, 4)],
    ids=["once", "late", "dead"],
)
def test_an_error_at_any_call_leaves_the_last_version_whole(
    fuse_colab,  # noqa: F811
    work,  # noqa: F811
    kind,
    is_late,
    for_ever,
    stride,
    record_property,
):
    def store_with_one(number):
        store = FaultyDriveStore(fuse_colab.drive, CHANGING, stride)
        kind.save(store, work, V1)
        return store

    error = StoreError("Refused.", "Try again.")
    calls = check_every_interruption(kind, store_with_one, work, error, is_late=is_late, for_ever=for_ever)
    when = "from then on" if for_ever else "done, then refused" if is_late else "refused"
    what = f"Drive, {type(kind).__name__}, {when}"
    record_property("table", f"{what:<45} {calls:>4} faults, all survived")
    assert calls > 20 // stride


@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "the next"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_what_a_save_costs_is_bounded_by_its_files(fuse_colab, work, kind, is_first, record_property):  # noqa: F811
    """Each created file, rename and listing costs a round trip; a folder above the artifact may hold thousands."""
    drive, folder = fuse_colab.drive, f"MyDrive/{next(FOLDERS)}"
    store = DriveStore(folder)
    store.prepare(0)  # mounts it
    if not is_first:
        kind.save(store, work, V1)
    files = {**kind.files(V2), "manifest.json": b""}
    drive.order("arm", CHANGING)
    kind.save(store, work, V2)
    calls = [made.split(" ", 1) for made in drive.order("made")]
    drive.order("disarm")
    count = Counter(name for name, _ in calls)
    what = f"Drive, {type(kind).__name__}, {'first' if is_first else 'next'} save of {len(files)} files"
    counts = ", ".join(f"{count[name]} {name}" for name in ("create", "rename", "write", "readdir"))
    record_property("table", f"{what:<45} {counts}")
    assert len(files) == count["create"]
    assert count["rename"] <= len(files) + 2
    assert count["write"] <= len(files)
    listed = {path for name, path in calls if name == "readdir"}
    assert all(path.startswith(f"/{folder}/cats") for path in listed), listed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_an_error_while_reading_leaves_the_last_version_whole(fuse_colab, work, kind):  # noqa: F811
    def store_with_one(number):
        store = FaultyDriveStore(fuse_colab.drive, ["getattr"], stride=5)
        kind.save(store, work, V1)
        return store

    error = StoreError("Refused.", "Try again.")
    calls = check_every_interruption(kind, store_with_one, work, error, is_late=False, for_ever=False)
    assert calls > 5


def after_a_runtime_went(colab, kind, folder, half):
    """Yield stores with an uploaded version, and one of which less or more was uploaded when the runtime ended."""
    for sent in (0, 1, 2, 3, 4, 8):
        store = DriveStore(f"MyDrive/{next(FOLDERS)}")
        kind.save(store, folder, V1)
        assert colab.drive.wait()
        colab.drive.order("set", bandwidth=0, half=half)
        kind.save(store, folder, V2)
        for _ in range(sent):
            colab.drive.order("upload", 600)
        colab.new_runtime()
        yield store
    colab.new_runtime()


@pytest.mark.parametrize("half", ["zero", "part"])
def test_a_runtime_that_ends_during_an_upload_costs_only_that_version(fuse_colab, work, half):  # noqa: F811
    """Drive uploads small files first, so a manifest may arrive before its payload; then its digests refuse it."""
    stores = after_a_runtime_went(fuse_colab, KINDS[0], work, half)
    whole = [[version for version in (V1, V2) if is_whole(store, version)] for store in stores]
    assert [V1] == whole[0]
    assert [V1, V2] == whole[-1]
    assert all(V1 in versions for versions in whole)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("half", ["zero", "part"])
def test_what_is_loaded_after_a_runtime_has_ended_is_whole(fuse_colab, work, kind, half):  # noqa: F811
    """Whatever had been uploaded by then: the new version, or the one that was there before it."""
    stores = after_a_runtime_went(fuse_colab, kind, work, half)
    loaded = [version_that_is_loaded(kind, store, work) for store in stores]
    assert (V1, V2) == (loaded[0], loaded[-1])
    assert {V1, V2} == set(loaded)


def version_that_is_loaded(kind, store, folder):
    """Fetch as a load does, match all of it with what was saved, and return the version."""
    request = LoadRequest(f"{store.root}/{kind.key}") if kind.key else LoadRequest("cats", source=str(store.root))
    found = locate(request)
    while True:
        manifest, cache = found.manifest, folder / f"{next(FOLDERS)}"
        try:
            files = fetch(found.store, found.place, manifest, list(kind.files(V1)), cache, ignore_steps)
        except DigestError as error:
            found = step_back(found, request, error)
            continue
        assert kind.files(manifest.version) == {path: file.read_bytes() for path, file in files.items()}
        return manifest.version


def is_whole(store, version):
    """Return whether a version opens with all its files; a cut-off one must be refused."""
    try:
        manifest = read_manifest(store, f"cats/{version}")
        for file in manifest.files:
            store.check(f"cats/{version}/{file.path}", file.size, file.sha256)
    except (NotFoundError, DamagedFileError, DigestError):
        return False
    return True
