"""Models that others write, as cells: saved by one line in one kernel, loaded in another that never ran them.

A file of `tests/others` is a notebook, by its family. Its first lines say what is expected of it: the outcome, the
model's variable, an expression that asks it, and one that trains it further. A witness of its own in both kernels
(`tests/others/witness.py`) says whether the save changed the live model, and whether what was loaded is what was saved,
whatever the report says: what the report calls PASSED and the witness does not is a silent loss.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.kernels import started
from tests.others.witness import TOLD

# jupyter_client 7.4.9, which Colab pins, is older than its Python.
pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

NOTEBOOKS = Path(__file__).parent / "others"
EVERY = sorted(path.relative_to(NOTEBOOKS).with_suffix("").as_posix() for path in NOTEBOOKS.glob("*/*.py"))
FEW = (
    "audio/spectrogram_in_a_layer",
    "generative/vae",
    "graph/dense_gcn",
    "keras2/tf_keras_convnet",
    "layers/preprocessing_of_every_kind",
    "reinforcement/deep_q_breakout",
    "structured/from_scratch_feature_encoding",
    "text/end_to_end_vectorization",
    "timeseries/stateful_lstm",
    "training/custom_train_step",
    "transfer/lora_dense",
    "vision/convnet_of_digits",
)
"""One of each family, for every run; ``--hypothesis-profile=thorough`` asks for all."""

OUTCOMES = ("whole", "partial", "refused", "silent")


@dataclass(frozen=True)
class Notebook:
    """One file.

    Attributes:
        name: Its family and name.
        fields: The lines ``# word: text`` that it begins with.
        cells: Its cells.
    """

    name: str
    fields: dict[str, str] = field(repr=False)
    cells: list[str] = field(repr=False)

    @classmethod
    def of(cls, name):
        head, *cells = re.split(r"^# %%.*\n", (NOTEBOOKS / f"{name}.py").read_text("utf-8"), flags=re.MULTILINE)
        return cls(name, dict(re.findall(r"^# (\w+): (.*)$", head, re.MULTILINE)), cells)

    @property
    def family(self):
        return self.name.partition("/")[0]

    @property
    def saved(self):
        """The name to save under."""
        return self.name.partition("/")[2]

    @property
    def expected(self):
        """The outcome; behind a colon the file says why it is none better."""
        return self.fields["expected"].partition(":")[0]


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
        how = told["changed"], seconds, rung_of(told["manifest"])
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
    """What a manifest admits not to have, or not to have proven to fail."""
    worse = {("code", "SKIPPED")}  # it is known to lack names; outputs that were skipped may well come back
    found = [
        f"{trip['format']} {aspect}: {verdict['outcome']} {verdict.get('reason', '')}"
        for trip in manifest["round_trips"]
        for aspect, verdict in trip["verdicts"].items()
        if verdict["outcome"] in ("FAILED", "NOT_HELD") or (aspect, verdict["outcome"]) in worse
    ]
    return [] if manifest["facts"]["kind"] == "module" else found


def rung_of(manifest):
    """How the objects of the notebook came back: the highest rung that any of them needed."""
    models = [manifest["facts"], *(part["facts"] for part in manifest["parts"])]
    if any(facts.get("remade") for facts in models):
        return "attributes"
    has_code = any(file["path"] == "custom_code.py" for file in manifest["files"])
    return "config" if has_code else "no code of the notebook"


@pytest.fixture(scope="module")
def pair(request, tmp_path_factory):
    """Two kernels for the notebooks of a family; the few of every run share theirs."""
    folder = tmp_path_factory.mktemp(request.param)
    path = os.pathsep.join(filter(None, [str(NOTEBOOKS), os.environ.get("PYTHONPATH")]))
    with started(folder, {"PYTHONPATH": path}) as runs, started(folder, {"PYTHONPATH": path}) as loads:
        yield Pair(runs, loads, folder)


def pytest_generate_tests(metafunc):
    if "pair" in metafunc.fixturenames:
        is_thorough = metafunc.config.getoption("--hypothesis-profile") == "thorough"
        rows = [
            # --dist loadgroup, which .ci/thorough uses, has one worker run a family, in the same two kernels
            pytest.param(family, name, id=name, marks=pytest.mark.xdist_group(family))
            for name in (EVERY if is_thorough else FEW)
            for family in [name.partition("/")[0] if is_thorough else "few"]
        ]
        metafunc.parametrize(("pair", "name"), rows, indirect=True, scope="module")


@pytest.fixture(scope="module")
def name(request):
    return request.param


def test_a_model_of_others_comes_back_as_expected(pair, name, record_property):
    notebook = Notebook.of(name)
    found = pair.see(notebook)
    record_property("model of others", [name, found.outcome, bool(found.changed), found.rung, found.seconds])
    assert found.outcome != "silent", "\n".join(found.reasons)
    assert (notebook.expected, []) == (found.outcome, found.changed), "\n".join(found.reasons)


def table(rows):
    """The rows of the table, by family, from what the tests recorded."""
    yield " | ".join(["models of others", "models", *OUTCOMES, "live model changed"])
    for family in [*sorted({name.partition("/")[0] for name, *_ in rows}), ""]:
        found = [row for row in rows if row[0].startswith(family)]
        counts = Counter(outcome for _, outcome, *_ in found)
        numbers = [
            len(found),
            *(counts[outcome] for outcome in OUTCOMES),
            sum(is_changed for *_, is_changed, _, _ in found),
        ]
        yield " | ".join([family or "all", *map(str, numbers)])
    rungs = Counter(rung for *_, rung, _ in rows if rung)
    yield " | ".join(["by rung", *(f"{rung}: {count}" for rung, count in rungs.most_common())])
    median = statistics.median(seconds for *_, seconds in rows)
    worst, name = max((seconds, name) for name, *_, seconds in rows)
    yield f"seconds per save | median: {median:.1f} | worst: {worst:.1f} ({name})"
