"""The kill matrix: SIGKILL before each call to the system that publishing and pruning make in a folder.

A real child process dies at the call of each number. Then nothing that was committed may be gone that the rule keeps,
nothing half may be listed, and the next save must work. The table at the end of the run counts.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from colab_save.errors import ColabSaveError
from colab_save.facts import ModelFacts
from colab_save.finding import find_plain, list_versions
from colab_save.metrics import Best
from colab_save.place import Place
from colab_save.pruning import Rule, prune
from colab_save.publishing import publish
from colab_save.stores.local import LocalStore
from tests.making import V1, V2, V3, stage
from tests.test_publishing import KINDS, check_lists_nothing_half, check_whole

pytestmark = pytest.mark.outside

V4, V5 = "20260825T101530Z-0004", "20260826T101530Z-0005"
LOSSES = {V1: 0.5, V2: 0.4, V3: 0.1, V4: 0.3, V5: 0.2}
CALLS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.scandir", "os.listdir", "os.truncate"}
"""The audit events of calls with a path."""


@dataclass(frozen=True)
class Case:
    """One kind of save, with a rule; the first version is tagged.

    Attributes:
        kept: What the rule leaves of the first four versions.
        kept_then: What it leaves when a fifth is saved.
    """

    name: str
    kind: object
    rule: Rule | None = None
    kept: tuple[str, ...] = (V1, V2, V3, V4)
    kept_then: tuple[str, ...] = (V1, V2, V3, V4, V5)

    def save(self, store, work, version, on_step):
        kind = self.kind
        place = Place.of_plain(kind.key, version) if kind.key else Place.of_version("cats", version)
        more = {"tags": ("best",) if version == V1 else (), "metrics": {"loss": LOSSES[version]}}
        files, facts = kind.files(version), ModelFacts("keras", "Model")
        staged, described = stage(work / version, files, version=version, name=kind.key or "cats", facts=facts, **more)
        publish(store, place, staged, described, on_step)
        prune(store, described, self.rule)


ARTIFACT, PLAIN_FILE, PLAIN_FOLDER = KINDS
CASES = [
    Case("publish", ARTIFACT),
    Case("publish, keep 1", ARTIFACT, Rule(1), (V1, V4), (V1, V5)),
    Case("publish, keep 1 and the best", ARTIFACT, Rule(1, Best.parse("loss")), (V1, V3, V4), (V1, V3, V5)),
    Case("replace a file", PLAIN_FILE, None, (), ()),
    Case("replace a folder", PLAIN_FOLDER, None, (), ()),
]

SERVER = """
import json, os, sys
from tests.test_killing import CASES, save_and_die
for line in sys.stdin:  # a fork for each kill, so that Python starts only once
    case, number, root, work = json.loads(line)
    pid = os.fork()
    if not pid:
        save_and_die(CASES[case], number, root, work)
        os._exit(0)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


def save_and_die(case, number, root, work):
    """Save the fourth version, and be killed before the call of that number to something in the store."""
    steps = itertools.count()

    def count(*_):
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(event, arguments):
        if event in CALLS and str(arguments[0]).startswith(root):
            count()

    sys.addaudithook(listen)
    case.save(LocalStore(Path(root)), Path(work), V4, count)


class Killer:
    """Runs saves that are killed, in children of one process."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        command, pipe = [sys.executable, "-c", SERVER], subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=environment)

    def __call__(self, case, number, root, work):
        """Say whether the child was killed, or had done its work before."""
        self.process.stdin.write(json.dumps([CASES.index(case), number, str(root), str(work)]) + "\n")
        status = int(self.process.stdout.readline())
        assert status in {0, signal.SIGKILL}
        return status == signal.SIGKILL

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def kill():
    killer = Killer()
    yield killer
    killer.close()


def lost_after(case, root, work):
    """Give what is wrong with a store after its writer was killed, in words."""
    store = LocalStore(root)
    try:
        newest = check_whole(case.kind, store)
        check_lists_nothing_half(store)
        if newest not in {V3, V4}:
            yield f"the newest is {newest}"
        there = {item.version for item in list_versions(store)[0]}
        if not case.kind.key:
            kept = set(case.kept) if V4 in there else {V1, V2, V3}
            yield from (f"{version} is gone" for version in sorted(kept - there))
        case.save(store, work, V5, lambda step: None)
        if check_whole(case.kind, store) != V5:
            yield "the next save is not the newest"
        expected = {V3 if version == V4 and V4 not in there else version for version in case.kept_then}
        if not case.kind.key and expected != {item.version for item in list_versions(store)[0]}:
            yield "the next save did not leave what the rule keeps"
    except (ColabSaveError, AssertionError) as error:
        yield f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_save_that_is_killed_at_any_call_costs_no_version(kill, case, tmp_path, record_property):
    before, work = tmp_path / "before", tmp_path / "work"
    for version in (V1, V2, V3):
        replace(case, rule=None).save(LocalStore(before), work, version, lambda step: None)
    lost = {}
    for number in itertools.count():
        root = tmp_path / "store"
        shutil.copytree(before, root)
        was_killed = kill(case, number, root, work)
        if found := list(lost_after(case, root, work)):
            lost[number] = found
        shutil.rmtree(root)
        if not was_killed:
            break
    record_property(
        "table", f"{case.name:<30} {number:>4} kills  {number - len(lost):>4} survived  {len(lost):>4} lost"
    )
    assert {} == lost
    assert number > 20


def test_a_plain_file_that_was_never_replaced_is_found(tmp_path):
    """What the cases above rely on: the one before is what `find_plain` gives."""
    PLAIN_FILE.save(LocalStore(tmp_path), tmp_path / "work", V1)
    assert V1 == find_plain(LocalStore(tmp_path), PLAIN_FILE.key)[1].version
