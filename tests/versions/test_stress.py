"""Four notebooks save 200 times into one store with retention: no version that is kept is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from colab_save.artifact.layout import Place
from colab_save.artifact.version import new_version
from colab_save.progress import ignore_steps
from colab_save.stores.local import LocalStore
from colab_save.versions.finding import contents_of, versions_of
from colab_save.versions.pruning import Retention, prune
from colab_save.versions.publishing import publish
from tests.making import stage
from tests.versions.test_publishing import check_lists_nothing_half

pytestmark = pytest.mark.outside

WRITERS, SAVES, KEEP, TAGGED = 4, 50, 3, 10
"""Processes, saves of each, versions that stay, and every how many saves one is tagged."""

WRITER = """
import sys
from tests.versions.test_stress import write
sys.stdin.readline()  # all begin at once
write(*sys.argv[1:])
"""


def write(root, work, writer):
    """Save in turn under the writer's own name and under a shared one; print each save as a line of JSON."""
    store = LocalStore(Path(root))
    for number in range(SAVES):
        name = "shared" if number % 2 else f"own-{writer}"
        version = new_version(newest=next(reversed(versions_of(store, name)), ""))
        tags = (f"{writer}-{number}",) if number % TAGGED < 2 else ()
        content = {"model.keras": f"{name} {version}".encode() * 100, "sample.npz": b"sample"}
        staged, described = stage(Path(work), content, name=name, version=version, tags=tags)
        publish(store, Place.of_version(name, version), staged, described, ignore_steps)
        pruned = prune(store, described, Retention(KEEP))
        saved = {"name": name, "version": version, "tags": tags, "pruned": pruned.versions, "notes": pruned.notes}
        print(json.dumps(saved), flush=True)


def test_four_writers_lose_nothing_of_200_saves(tmp_path, record_property):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    root, saves = tmp_path / "store", []
    command = [sys.executable, "-c", WRITER, str(root), str(tmp_path / "work")]
    writers = [
        subprocess.Popen(
            [*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        saves += map(json.loads, writer.communicate(timeout=120)[0].splitlines())
    store = LocalStore(root)
    found = {(item.name, item.version) for item in contents_of(store).manifests}
    pruned = Counter((save["name"], version) for save in saves for version in save["pruned"])
    expected = set(kept(saves))
    row = (
        f"{WRITERS} writers: {len(saves)} saves, {len(pruned)} pruned, {len(found)} there, {len(expected - found)} lost"
    )
    record_property("table", row)
    assert WRITERS * SAVES == len({(save["name"], save["version"]) for save in saves})
    assert set() == expected - found
    assert found | pruned.keys() == {(save["name"], save["version"]) for save in saves}
    assert [] == [note for save in saves for note in save["notes"]]
    assert {1} == set(pruned.values())
    assert not found & pruned.keys()
    check_lists_nothing_half(store)


def kept(saves):
    """Return the versions of each name that are kept: the newest ones, and those with a tag."""
    for name in {save["name"] for save in saves}:
        own = sorted((save for save in saves if save["name"] == name), key=lambda save: save["version"], reverse=True)
        for place, save in enumerate(own):
            if place < KEEP or save["tags"]:
                yield name, save["version"]
