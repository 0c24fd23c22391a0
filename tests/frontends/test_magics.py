"""The magics in a real IPython: what a line asks for, what is shown, and how it fails.

A fake stands in for the actions, so that nothing is saved here; the last tests do that, in a real kernel.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

import pytest

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.manifest import Manifest, Payload
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict
from colab_save.errors import AmbiguousModelError, ColabSaveError, NoModelError, RequestError, UnknownNameError
from colab_save.frontends.action import Runner
from colab_save.frontends.languages import PYTHON
from colab_save.frontends.magics import ModelMagics, register, unregister
from colab_save.hints import action, option
from colab_save.reports.listing import Listing
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.request.request import SaveRequest
from colab_save.stores.base import UploadState
from colab_save.versions.curating import Change

TRIP = RoundTrip("keras", {aspect: Verdict(Outcome.PASSED) for aspect in Aspect})


class Model:
    """Stands for `keras.Model`, which the loaded module named ``keras`` says is a model."""


@dataclass
class FakeActions:
    """What the magics have asked for."""

    loaded: object = field(default_factory=Model)
    variables: dict = field(default_factory=dict)
    saves: list = field(default_factory=list)
    loads: list = field(default_factory=list)
    lists: list = field(default_factory=list)
    changes: list = field(default_factory=list)

    def save(self, request, on_step):
        self.saves.append(request)
        manifest = manifest_of(request.target or "model")
        return SaveReport(manifest, f"models/{manifest.name}", "local", UploadState.DONE, f"%loadmodel {manifest.name}")

    def load(self, request, on_step):
        self.loads.append(request)
        beside = {"variables": self.variables, "is_trusted": True}
        return LoadReport(self.loaded, request.target, "models", "keras", TRIP, manifest_of("cats"), **beside)

    def list_saved(self, pattern="*", source=None):
        self.lists.append((pattern, source))
        return Listing("models", "local", (manifest_of("cats"),))

    def change(self, what):
        def ask(target=None, source=None, **more):
            self.changes.append((what, target, source, more))
            return Change(f"{target}@1", what, "models", manifest_of("cats"))

        return ask


def manifest_of(name):
    payloads, facts = (Payload("keras", "model.keras"),), ModelFacts("keras", "Model")
    return Manifest(name, "20260822T101530Z-3fa2", "2026-08-22T10:15:30+00:00", payloads, (), facts, (TRIP,))


def runner(fake, **stand_ins):
    """What carries the actions out: the fake, and nothing else."""
    known = {"save": fake.save, "load": fake.load, "list": fake.list_saved}
    changes = {name: fake.change(name) for name in ("delete", "restore")}
    return Runner({}, {**known, **changes, **stand_ins})


@pytest.fixture
def fake():
    return FakeActions()


@pytest.fixture
def shell(fresh_ipython, fake, monkeypatch):
    """IPython with our magics, and nothing else in its namespace than ``Model``."""
    keras = type(sys)("keras")
    keras.Model = Model
    monkeypatch.setitem(sys.modules, "keras", keras)
    register(fresh_ipython, ModelMagics(fresh_ipython, runner(fake)))
    fresh_ipython.push({"Model": Model})
    yield fresh_ipython
    unregister(fresh_ipython)


def run(shell, cell):
    """Run a cell that is expected to work; what it printed and displayed, as text."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        result = shell.run_cell(cell)
    result.raise_error()
    shown = [output.data["text/plain"] for output in captured.outputs]
    return captured.stdout + "\n".join(shown)


def fail(shell, cell):
    """Run a cell that is expected to fail; its error and what was printed."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        result = shell.run_cell(cell)
    assert not result.success
    return result.error_in_exec, re.sub(r"\x1b\[[\d;]*m", "", captured.stdout)


# --- what is asked ---


@pytest.mark.parametrize(
    ("line", "target"),
    [("model cats", "cats"), ("model", "model"), ("", "model"), ("./cats.keras", "./cats.keras")],
)
def test_a_line_saves_the_model_under_its_target(shell, fake, line, target):
    run(shell, f"model = Model()\n%savemodel {line}")
    assert [(shell.user_ns["model"], target)] == [(asked.model, asked.target) for asked in fake.saves]


def test_options_reach_the_request(shell, fake):
    run(
        shell,
        "model, x, serve = Model(), [[1], [2], [3]], len\n"
        "%savemodel model cats --to drive --format keras,h5 --sample x[:2] --no-verify --force --rtol 1e-3 --atol 0 "
        '--timeout 60 --tag best --tag small --note "two words" --option endpoint=serve --option title=first '
        "--metric f1=1/len(x[:2]) --metric 'top 5=0.9'",
    )
    model = shell.user_ns["model"]
    expected = SaveRequest(
        model,
        "cats",
        to="drive",
        formats=("keras", "h5"),
        sample=[[1], [2]],
        verify=False,
        force=True,
        rtol=1e-3,
        atol=0,
        timeout=60,
        tags=("best", "small"),
        metrics={"f1": 0.5, "top 5": 0.9},
        note="two words",
        options={"endpoint": len, "title": "first"},
    )
    assert [expected] == fake.saves


@pytest.mark.parametrize("source", ["models['my cat']", "box.model", "list(models.values())[0]", "(model)"])
def test_the_model_may_be_an_expression(shell, fake, source):
    run(
        shell,
        "import types\nmodel = Model()\nmodels = {'my cat': model}\nbox = types.SimpleNamespace(model=model)\n"
        f"%savemodel {source} cats",
    )
    assert shell.user_ns["model"] is fake.saves[0].model


def test_a_line_in_a_function_sees_its_variables(shell, fake):
    run(shell, "def save(net, name):\n    %savemodel net $name --note {name}\nmodel = Model()\nsave(model, 'cats')")
    assert [(shell.user_ns["model"], "cats", "cats")] == [(got.model, got.target, got.note) for got in fake.saves]


def test_texts_take_values_as_in_any_magic(shell, fake):
    run(shell, "model = Model()\nfor i in range(2):\n    %savemodel model run-{i} --tag v$i")
    assert [("run-0", ("v0",)), ("run-1", ("v1",))] == [(asked.target, asked.tags) for asked in fake.saves]


def test_expressions_are_not_touched_by_ipythons_expansion(shell, fake):
    run(shell, "model, x = Model(), 7\n%savemodel model cats --sample {x} --option a={'b':x}")
    assert [({7}, {"a": {"b": 7}})] == [(asked.sample, asked.options) for asked in fake.saves]


def test_a_text_with_braces_that_mean_nothing_stays(shell, fake):
    run(shell, "model = Model()\n%savemodel model cats --note 'costs {nothing} $x'")
    assert "costs {nothing} $x" == fake.saves[0].note


def test_loading_asks_for_what_was_typed(shell, fake):
    run(shell, "net = Model()\n%loadmodel cats@best --from drive --format keras --into net --trust --no-verify")
    (asked,) = fake.loads
    assert ("cats@best", "drive", "keras", True, False) == (
        asked.target,
        asked.source,
        asked.format,
        asked.trust,
        asked.verify,
    )
    assert shell.user_ns["net"] is asked.into


@pytest.mark.parametrize(
    ("line", "asked"), [("", ("*", None)), ("cat*", ("cat*", None)), ("'my cats' --from ./here", ("my cats", "./here"))]
)
def test_listing_asks_for_what_was_typed(shell, fake, line, asked):
    run(shell, f"%listmodels {line}")
    assert [asked] == fake.lists


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("%deletemodel cats", ("delete", "cats", None, {})),
        ("%deletemodel cats@best --from ./here --for-good", ("delete", "cats@best", "./here", {"for_good": True})),
        ("%restoremodel cats@2026", ("restore", "cats@2026", None, {})),
        ("%restoremodel --from ./here", ("restore", None, "./here", {})),
    ],
)
def test_deleting_and_bringing_back_ask_for_what_was_typed_and_show_it(shell, fake, line, asked):
    assert asked[0] in run(shell, line)
    assert [asked] == fake.changes


# --- what is shown and returned ---


def test_a_save_shows_its_report_once(shell):
    assert 1 == run(shell, "model = Model()\n%savemodel model cats").count("PASSED  cats")


def test_a_save_in_the_middle_of_a_cell_shows_its_report(shell):
    assert "%loadmodel cats" in run(shell, "model = Model()\n%savemodel model cats\nx = 1")


def test_a_listing_is_shown(shell):
    assert "cats" in run(shell, "%listmodels\nx = 1")


def test_a_load_gives_the_model_and_shows_its_report(shell, fake):
    shown = run(shell, "net = %loadmodel cats")
    assert shell.user_ns["net"] is fake.loaded
    assert "cats" in shown


def test_a_load_assigns_the_model_where_that_is_asked(shell, fake):
    run(shell, "%loadmodel cats --as net")
    assert shell.user_ns["net"] is fake.loaded
    assert None is shell.run_line_magic("loadmodel", "cats --as net")


def test_a_load_says_which_variable_it_replaced(shell):
    shell.push({"net": Model()})
    assert "The loaded model replaced the variable net, an object of class Model." in run(
        shell, "%loadmodel cats --as net"
    )


def test_a_load_into_a_model_of_that_name_replaces_nothing(shell, fake):
    shell.push({"net": fake.loaded})
    assert "replaced" not in run(shell, "%loadmodel cats --into net --as net")


def test_a_load_sets_the_variables_whose_names_are_free(shell, fake):
    fake.variables |= {"threshold": 0.5, "labels": ["cat"]}
    shell.push({"labels": ["dog"]})
    shown = run(shell, "net = %loadmodel cats")
    assert (0.5, ["dog"]) == (shell.user_ns["threshold"], shell.user_ns["labels"])
    assert "Variables set as they were saved: threshold." in shown
    assert "Variables not set" in shown


def test_a_load_without_variables_sets_the_model_only(shell, fake):
    fake.variables |= {"threshold": 0.5}
    assert "Variables" not in run(shell, "net = %loadmodel cats --no-variables")
    assert "threshold" not in shell.user_ns


@pytest.mark.parametrize("name", ["list", "re", "In", "_"])
def test_a_name_that_is_not_free_is_refused_before_loading(shell, fake, name):
    shell.push({"re": re})
    error, _ = fail(shell, f"%loadmodel cats --as {name}")
    assert "which a model must not replace" in error.message
    assert [] == fake.loads


@pytest.mark.parametrize("name", ["2nd", "a.b", "class"])
def test_a_name_that_is_no_variable_is_refused_before_loading(shell, fake, name):
    error, _ = fail(shell, f"%loadmodel cats --as {name}")
    assert isinstance(error, RequestError)
    assert [] == fake.loads


@pytest.mark.parametrize("magic", ["savemodel", "loadmodel", "listmodels", "deletemodel", "restoremodel"])
def test_help_is_printed_and_nothing_is_done(shell, fake, magic):
    assert run(shell, f"model = Model()\n%{magic} --help").startswith(f"usage: %{magic}")
    assert [] == fake.saves + fake.loads + fake.lists + fake.changes


def test_ipython_shows_the_help_too(shell):
    found = shell.object_inspect("%savemodel")
    assert found["docstring"].startswith("usage: %savemodel")


# --- how it fails ---


@pytest.mark.parametrize(
    ("cell", "kind", "words"),
    [
        ("%savemodel", NoModelError, "no model"),
        ("a, b = Model(), Model()\n%savemodel", AmbiguousModelError, "a (Model), b (Model)"),
        ("model = Model()\n%savemodel modle cats", UnknownNameError, "Did you mean 'model'"),
        ("model = Model()\n%savemodel cats", UnknownNameError, "%savemodel model cats"),
        ("model = Model()\n%savemodel 'my cats'", UnknownNameError, '%savemodel model "my cats"'),
        ("model = Model()\n%savemodel model cats --sampel x", UnknownNameError, "Did you mean '--sample'?"),
        ("model = Model()\n%savemodel model cats --sample x.y", UnknownNameError, "--sample x.y: there is no variable"),
        ("model = Model()\n%savemodel model cats --format kears", UnknownNameError, "Did you mean 'keras'?"),
        (
            "model = Model()\n%savemodel model cats --metric f1=good",
            RequestError,
            "The metric f1 must be a number, not 'good'.",
        ),
        ("model = Model()\n%savemodel model cats --for servin", RequestError, "Did you mean 'serving'?"),
        ("model = Model()\n%savemodel model 'cats", RequestError, "is not closed"),
        ("%loadmodel", RequestError, "needs a TARGET"),
        ("%deletemodel", RequestError, "needs a TARGET"),
        ("%deletemodel cats --forgood", UnknownNameError, "Did you mean '--for-good'"),
    ],
)
def test_a_wrong_word_is_one_line_and_a_hint_and_the_cell_fails(shell, cell, kind, words):
    error, printed = fail(shell, cell)
    assert kind is type(error)
    assert words in printed
    lines = printed.strip().splitlines()
    assert [f"{kind.__name__}:", "Hint:"] == [line.split()[0] for line in lines]


def test_an_ordinary_bug_shows_its_stack(shell, fake):
    def broken(request, on_step):
        return 1 / 0

    register(shell, ModelMagics(shell, runner(fake, save=broken)))
    _, printed = fail(shell, "model = Model()\n%savemodel model")
    assert "Traceback (most recent call last)" in printed


def fail_with_a_reference(*_, **__):
    raise ColabSaveError("It failed.", f"Give {option('to')}, see {action('list')}.")


def test_a_magic_that_fails_speaks_of_magics(shell, fake):
    register(shell, ModelMagics(shell, runner(fake, load=fail_with_a_reference)))
    error, printed = fail(shell, "%loadmodel cats")
    assert "Hint: Give --to, see %listmodels." == printed.strip().splitlines()[-1]
    assert "Give --to, see %listmodels." == error.hint


def test_a_report_of_a_magic_speaks_of_magics(shell, fake):
    change = Change("cats@1", "is gone", "models", None, ("bring it back", action("restore", "cats")))
    register(shell, ModelMagics(shell, runner(fake, delete=lambda **_: change)))
    assert "bring it back: %restoremodel cats" in run(shell, "%deletemodel cats")


def test_a_function_that_fails_in_a_cell_speaks_of_python(shell):
    error, _ = fail(shell, "from colab_save import save_model\nsave_model(1, 'cats', purpose='servin')")
    assert isinstance(error, RequestError)
    assert PYTHON is error.language


def test_a_function_that_fails_below_a_cell_magic_speaks_of_python(shell, fake):
    names = "from colab_save.hints import option, render"
    run(shell, f"%%savemodel net cats\n{names}\nnet, said = Model(), render(option('to'))")
    assert "to=" == shell.user_ns["said"]


def test_the_help_of_a_magic_speaks_of_magics(shell):
    assert "%restoremodel brings it back" in " ".join(run(shell, "%deletemodel --help").split())
    assert "%restoremodel brings it back" in " ".join(shell.object_inspect("%deletemodel")["docstring"].split())


def test_no_error_can_be_taken_for_a_missing_import():
    import colab_save.errors

    kinds = [kind for kind in vars(colab_save.errors).values() if isinstance(kind, type)]
    assert [] == [kind for kind in kinds if issubclass(kind, ImportError)]


# --- the cell magic ---


def test_a_cell_runs_and_its_model_is_saved(shell, fake):
    run(shell, "%%savemodel net cats\nnet = Model()")
    assert [(shell.user_ns["net"], "cats")] == [(asked.model, asked.target) for asked in fake.saves]


@pytest.mark.parametrize("error", ["ValueError('broken')", "KeyboardInterrupt()"])
def test_a_cell_that_fails_is_saved_shown_once_and_fails(shell, fake, error):
    failure, printed = fail(shell, f"%%savemodel net cats\nnet = Model()\nraise {error}")
    assert ["cats"] == [asked.target for asked in fake.saves]
    assert type(failure).__name__ == error.partition("(")[0]
    assert 1 == printed.count("Traceback (most recent call last)")
    assert "the model was saved after it" in printed


def test_a_wrong_option_is_refused_before_the_cell_runs(shell, fake):
    for line in ("net --nonsense", "net --format kears", "net --for nothing", "net --tag /"):
        fail(shell, f"%%savemodel {line}\nran = True")
    assert "ran" not in shell.user_ns
    assert [] == fake.saves


def test_a_model_that_the_cell_does_not_make_is_refused_before_it_runs(shell, fake):
    shell.push({"net": Model()})
    error, _ = fail(shell, "%%savemodel cats\nran = True")
    assert "There is no variable 'cats', and the cell, which did not run, makes none." == error.message
    assert "run %savemodel net cats." in error.hint
    assert "ran" not in shell.user_ns
    assert [] == fake.saves


def test_a_cell_that_fails_before_it_makes_the_model_saves_no_other_one(shell, fake):
    shell.push({"net": Model()})
    failure, printed = fail(shell, "%%savemodel cats\nraise ValueError('broken')\ncats = Model()")
    assert isinstance(failure, UnknownNameError)
    assert "ValueError" in printed
    assert [] == fake.saves


def test_a_cell_that_cannot_run_saves_nothing(shell, fake):
    shell.push({"net": Model()})
    failure, printed = fail(shell, "%%savemodel net\nnet = (")
    assert isinstance(failure, RequestError)
    assert "net = (" in printed
    assert [] == fake.saves


def test_a_cell_that_fails_before_its_model_exists_says_both(shell):
    failure, printed = fail(shell, "%%savemodel net cats\nraise ValueError('broken')\nnet = Model()")
    assert isinstance(failure, UnknownNameError)
    assert "ValueError" in printed


def test_without_its_extension_the_magics_are_gone(shell):
    unregister(shell)
    assert None is shell.find_line_magic("savemodel")
    assert None is shell.find_cell_magic("savemodel")
