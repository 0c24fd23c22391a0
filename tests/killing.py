"""Processes that save and are killed on their way, and what must be true of the store afterwards."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.layout import Place
from colab_save.artifact.metrics import Best
from colab_save.errors import ColabSaveError
from colab_save.progress import ignore_steps
from colab_save.stores.opening import open_store
from colab_save.versions.curating import delete_version, restore_version, tag_version
from colab_save.versions.finding import contents_of, is_committed
from colab_save.versions.pruning import Retention, prune
from colab_save.versions.publishing import publish
from tests.making import V1, V2, V3, stage
from tests.versions.test_publishing import KINDS, Artifact, check_lists_nothing_half, check_whole

V4, V5 = "20260825T101530Z-0004", "20260826T101530Z-0005"
LOSSES = {V1: 0.5, V2: 0.4, V3: 0.1, V4: 0.3, V5: 0.2}
CALLS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.scandir", "os.listdir", "os.truncate"}
"""The audit events of calls with a path."""


@dataclass(frozen=True)
class Case:
    """One kind of save, with a rule. Three versions are there, the first is tagged; a fourth is saved.

    Attributes:
        kept: What the rule leaves of the four.
        kept_before: What of the first three stays as long as the fourth is not there.
        kept_then: What it leaves when a fifth is saved.
    """

    name: str
    kind: object
    rule: Retention | None = None
    kept: tuple[str, ...] = ()
    kept_then: tuple[str, ...] = ()
    kept_before: tuple[str, ...] = (V1, V2, V3)

    def save(self, store, work, version, on_step=ignore_steps):
        kind = self.kind
        place = Place.of_plain(kind.key, version) if kind.key else Place.of_version("cats", version)
        more = {"tags": ("best",) if version == V1 else (), "metrics": {"loss": LOSSES[version]}}
        files, facts = kind.files(version), ModelFacts("keras", "Model")
        staged, described = stage(work / version, files, version=version, name=kind.key or "cats", facts=facts, **more)
        publish(store, place, staged, described, on_step)
        prune(store, described, self.rule)

    def prepare(self, store, work):
        """Save the first three, and prune none."""
        for version in (V1, V2, V3):
            replace(self, rule=None).save(store, work, version)

    def mend(self, store):
        """Do what a user can do after a kill, before anything is looked at."""


class Changing(Case):
    """In the place of the fourth save: deletes the third version, brings it back, tags and removes the second."""

    def save(self, store, work, version, on_step=ignore_steps):
        if version != V4:
            super().save(store, work, version, on_step)
            return
        where = str(store.root)
        delete_version(f"cats@{V3}", source=where)
        restore_version(f"cats@{V3}", source=where)
        tag_version(f"cats@{V2}", "good", source=where)
        delete_version(f"cats@{V2}", source=where, for_good=True)

    def mend(self, store):
        if not is_committed(store, f"cats/{V3}"):
            restore_version(f"cats@{V3}", source=str(store.root))


class LargeArtifact(Artifact):
    """Is written in several pieces."""

    def files(self, version):
        return {name: content * 80_000 for name, content in super().files(version).items()}


ARTIFACT, PLAIN_FILE, PLAIN_FOLDER = KINDS
CASES = [
    Case("publish", ARTIFACT, None, (V1, V2, V3, V4), (V1, V2, V3, V4, V5)),
    Case("publish, keep 1", ARTIFACT, Retention(1), (V1, V4), (V1, V5)),
    Case("publish, keep 1 and the best", ARTIFACT, Retention(1, Best.parse("loss")), (V1, V3, V4), (V1, V3, V5)),
    Case("replace a file", PLAIN_FILE),
    Case("replace a folder", PLAIN_FOLDER),
    Case("publish large files", LargeArtifact(), None, (V1, V2, V3, V4), (V1, V2, V3, V4, V5)),
    Changing("delete, restore, tag, remove", ARTIFACT, kept_before=(V1, V3)),
]

SERVER = """
import importlib, json, os, sys
module, name, *beforehand = sys.argv[1:]
for other in beforehand:
    importlib.import_module(other)
work = getattr(importlib.import_module(module), name)
for line in sys.stdin:  # a fork for each kill, so that Python starts only once
    pid = os.fork()
    if not pid:
        work(*json.loads(line))
        os._exit(0)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


def save_and_die(name, number, where, work):
    """Save the fourth version, and be killed before the call of that number to something in a folder."""
    tempfile.tempdir = work  # a process that is killed leaves what it has there
    case, store, steps = CASES[name], open_store(where), itertools.count()
    root = str(getattr(store, "root", "no folder"))

    def count(*_):
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(event, arguments):
        if event in CALLS and str(arguments[0]).startswith(root):
            count()

    sys.addaudithook(listen)
    case.save(store, Path(work), V4, count)


class Children:
    """Does work in children of one process, which may be killed.

    Args:
        module: Where the work is, as it is imported.
        name: What the function is called.
        beforehand: What the process imports once, so that its children need not.
        environment: What it needs.
    """

    def __init__(self, module, name, *beforehand, environment=()):
        known = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **dict(environment)}
        command, pipe = [sys.executable, "-c", SERVER, module, name, *beforehand], subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=known)

    def was_killed(self, *arguments):
        """Say whether the child was killed, or had done its work before; the arguments go as JSON."""
        self.process.stdin.write(json.dumps(arguments) + "\n")
        status = int(self.process.stdout.readline())
        assert status in {0, signal.SIGKILL}
        return status == signal.SIGKILL

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Killer(Children):
    """Runs the saves of `CASES` that are killed; the arguments are those of `Children`."""

    def __init__(self, *beforehand, environment=()):
        super().__init__("tests.killing", "save_and_die", *beforehand, environment=environment)

    def __call__(self, case, number, where, work):
        """Say whether the save was killed, or had been done before."""
        name = next(index for index, known in enumerate(CASES) if known.name == case.name)
        return self.was_killed(name, number, str(where), str(work))


def kill_everywhere(case, kill, store_with_three, work, stride=1):
    """Kill a save at every call, or at every other; gives how many kills there were, and what was lost at which.

    Args:
        case: What is saved.
        kill: Like a `Killer`.
        store_with_three: Gives, by the number of the call, a store with three versions and its location.
        work: A folder for stages.
        stride: At which calls.
    """
    lost, kills, was_killed = {}, -1, True
    while was_killed:
        kills += 1
        store, where = store_with_three(kills * stride)
        was_killed = kill(case, kills * stride, where, work)
        if found := list(lost_after(case, store, work)):
            lost[kills * stride] = found
    return kills, lost


def row(what, kills, lost):
    return f"{what:<42} {kills:>4} kills  {kills - len(lost):>4} survived  {len(lost):>4} lost"


def lost_after(case, store, work):
    """Give what is wrong with a store after its writer was killed, in words."""
    try:
        case.mend(store)
        newest = check_whole(case.kind, store)
        check_lists_nothing_half(store)
        if newest not in {V3, V4}:
            yield f"the newest is {newest}"
        there = {item.version for item in contents_of(store).manifests}
        if not case.kind.key:
            kept = case.kept if V4 in there else case.kept_before
            yield from (f"{version} is gone" for version in sorted({*kept} - there))
        case.save(store, work, V5)
        if check_whole(case.kind, store) != V5:
            yield "the next save is not the newest"
        expected = {V3 if version == V4 and V4 not in there else version for version in case.kept_then}
        if expected and expected != {item.version for item in contents_of(store).manifests}:
            yield "the next save did not leave what the rule keeps"
    except (ColabSaveError, AssertionError) as error:
        yield f"{type(error).__name__}: {error}"
