"""Notebooks that others could have written, as files of cells: run and saved in one kernel, loaded in another.

A file is a notebook, by its family. Its first lines say what is expected of it: the outcome, the model's variable, an
expression that asks it, and one that trains it further; some name the modules that they need. A witness of its own in
both kernels (`tests/others/witness.py`) says whether the save changed the live model, and whether what was loaded is
what was saved, whatever the report says: what the report calls PASSED and the witness does not is a silent loss.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from packaging.version import Version

from tests.kernels import started
from tests.others.witness import TOLD

TESTS = Path(__file__).parent
WITNESS = TESTS / "others"
"""The folder that a kernel imports the witness from."""

OUTCOMES = ("whole", "partial", "refused", "silent")


@dataclass(frozen=True)
class Notebook:
    """One file.

    Attributes:
        name: Its folder of `tests`, family and name.
        fields: The lines ``# word: text`` that it begins with.
        cells: Its cells.
    """

    name: str
    fields: dict[str, str] = field(repr=False)
    cells: list[str] = field(repr=False)

    @classmethod
    def of(cls, name):
        head, *cells = re.split(r"^# %%.*\n", (TESTS / f"{name}.py").read_text("utf-8"), flags=re.MULTILINE)
        return cls(name, dict(re.findall(r"^# (\w+): (.*)$", head, re.MULTILINE)), cells)

    @property
    def family(self):
        return self.name.split("/")[-2]

    @property
    def saved(self):
        """The name to save under."""
        return self.name.rpartition("/")[2]

    @property
    def expected(self):
        """The outcome; behind a colon the file says why it is none better.

        A line ``older`` says so for a Keras older than the version that it begins with: ``3.15 partial: reason``.
        """
        version, _, older = self.fields.get("older", "0 ").partition(" ")
        is_older = Version(metadata.version("keras")) < Version(version)
        return (older if is_older else self.fields["expected"]).partition(":")[0]


@dataclass(frozen=True)
class Seen:
    """What became of one model.

    Attributes:
        outcome: One of the outcomes.
        reasons: Why it is not whole.
        changed: What the save has changed in the live model, or in what is random.
        seconds: How long the save took.
        rung: See `rung_of`; empty if nothing was saved.
    """

    outcome: str
    reasons: list[str]
    changed: list[str]
    seconds: float
    rung: str = ""


@dataclass(frozen=True)
class Pair:
    """Two kernels in one folder: one runs notebooks, the other only loads."""

    runs: object
    loads: object
    folder: Path

    def see(self, notebook):
        """Run a notebook, save its model, and load it in the other kernel."""
        model, saved = notebook.fields["model"], notebook.saved
        witness(self.runs, "reset")
        for cell in self.runs.run_all(notebook.cells):
            if cell.status != "ok" and notebook.expected == "does not run":
                return Seen("does not run", [], [], 0.0)
            assert cell.status == "ok", last_line(cell)
        witness(self.runs, "before", model)
        self.runs.run("%load_ext colab_save")
        began = time.perf_counter()
        line = self.runs.run(f"%savemodel {model} {saved}")
        seconds = time.perf_counter() - began
        told = witness(self.runs, "after", model, saved)
        if line.status != "ok":
            return Seen("refused", [last_line(line)], told["changed"], seconds)
        path = str(self.folder / f"{saved}.noted")
        asked = [notebook.fields.get(word, "") for word in ("answer", "again")]
        witness(self.runs, "note", model, *asked, path)
        lacks, differ = lacking(told["manifest"]), self.load(notebook, asked, path)
        how = told["changed"], seconds, rung_of(told["manifest"], line.shown.get("text/plain", ""))
        if lacks:
            return Seen("partial", [*lacks, *differ, line.shown.get("text/plain", "")], *how)
        return Seen("silent" if differ else "whole", differ, *how)

    def load(self, notebook, asked, path):
        """Return how what the other kernel loads differs from what was saved."""
        model, is_random = notebook.fields["model"], "random" in notebook.fields
        witness(self.loads, "reset")
        line = self.loads.run(f"%load_ext colab_save\n{model} = %loadmodel {notebook.saved}")
        if line.status != "ok":
            return [f"load: {last_line(line)}"]
        return witness(self.loads, "compare", model, *asked, is_random, path)


@contextlib.contextmanager
def start_pair(folder, environment=None):
    """Start two kernels in a folder, and end them."""
    path = os.pathsep.join(filter(None, [str(WITNESS), os.environ.get("PYTHONPATH")]))
    environment = {**(environment or {}), "PYTHONPATH": path}
    with started(folder, environment) as runs, started(folder, environment) as loads:
        yield Pair(runs, loads, folder)


def witness(kernel, function, *given):
    """Ask the witness in a kernel, beside its cells."""
    shell = "get_ipython()"
    text = f"__import__('witness').{function}({', '.join([shell, *map(repr, given)])})"
    cell = kernel.run(text, is_kept=False)
    assert cell.status == "ok", (text, last_line(cell))
    told = [line.removeprefix(TOLD) for line in cell.printed.splitlines() if line.startswith(TOLD)]
    return json.loads(told[-1]) if told else None


def last_line(cell):
    """The error of a cell, as a person reads it."""
    for error in cell.errors:
        return f"{error['ename']}: {error['evalue']}"
    return cell.text[-300:]


def lacking(manifest):
    """What a manifest admits not to have, or not to have proven to fail.

    The program of a module holds less than a Keras model, and is all that there is of it.
    """
    worse = {("code", "SKIPPED")}  # it is known to lack names; outputs that were skipped may well come back
    lost = {"FAILED"} if manifest["facts"]["kind"] == "module" else {"FAILED", "NOT_HELD"}
    return [
        f"{trip['format']} {aspect}: {verdict['outcome']} {verdict.get('reason', '')}"
        for trip in manifest["round_trips"]
        for aspect, verdict in trip["verdicts"].items()
        if verdict["outcome"] in lost or (aspect, verdict["outcome"]) in worse
    ]


def rung_of(manifest, report):
    """How the objects of the notebook came back: the highest rung that any of them needed."""
    if "rebuilt by the call that made it" in report:
        return "call"
    models = [manifest["facts"], *(part["facts"] for part in manifest["parts"])]
    if any(facts.get("remade") for facts in models):
        return "attributes"
    has_code = any(file["path"] == "custom_code.py" for file in manifest["files"])
    return "config" if has_code else "no code of the notebook"


RECORDED = "notebook of others"
"""The property of a test that has a row of the tables."""


def recorded(title, notebook, found):
    """The property to record for the table of a title."""
    row = [title, notebook.family, notebook.saved, found.outcome, bool(found.changed), found.rung, found.seconds]
    return RECORDED, row


def tables(rows):
    """The lines of the tables, by title and family, from what `recorded` made."""
    for title in sorted({title for title, *_ in rows}):
        yield from table(title, [row for heading, *row in rows if heading == title])


def table(title, rows):
    """The lines of one table."""
    yield " | ".join([title, "models", *OUTCOMES, "live model changed"])
    for family in [*sorted({family for family, *_ in rows}), ""]:
        found = [row for row in rows if family in {"", row[0]}]
        counts = Counter(outcome for _, _, outcome, *_ in found)
        numbers = [len(found), *(counts[outcome] for outcome in OUTCOMES), sum(row[3] for row in found)]
        yield " | ".join([family or "all", *map(str, numbers)])
    rungs = Counter(rung for *_, rung, _ in rows if rung)
    yield " | ".join(["by rung", *(f"{rung}: {count}" for rung, count in rungs.most_common())])
    median = statistics.median(seconds for *_, seconds in rows)
    worst, name = max((seconds, f"{family}/{name}") for family, name, *_, seconds in rows)
    yield f"seconds per save | median: {median:.1f} | worst: {worst:.1f} ({name})"
