"""Saving with buttons: what the fake is asked, what is shown, and that the panel stays usable."""

from __future__ import annotations

import numpy as np
import pytest

from colab_save.format_table import format_names, purposes
from colab_save.frontends.actions import action_of
from colab_save.frontends.namespace import save_request
from colab_save.progress import Stage, Step
from colab_save.request.option import options_of
from colab_save.request.request import SaveRequest
from colab_save.settings import Origin, change
from colab_save.stores.drive.drive_state import Mounted
from colab_save.widgets.choices import WORDS
from colab_save.widgets.fields import GONE
from colab_save.widgets.working import SAVING
from tests.widgets.fake_actions import MISSING, REFUSED, panel_in


@pytest.fixture
def tab(panel):
    return panel.save


def shown(tab):
    return tab.work.result.value


# --- what there is ---


def test_the_models_of_the_notebook_are_offered_and_new_ones_after_each_cell(tab, shell):
    assert ["net"] == [name for _, name in tab.model.options]
    shell.run_cell("other = Model()")
    assert ["net", "other"] == [name for _, name in tab.model.options]
    assert "net" == tab.model.value


def test_without_a_model_it_says_what_to_do(shell, fake):
    panel = panel_in(shell, fake)
    assert GONE not in panel.save.empty._dom_classes
    shell.run_cell("net = Model()")
    assert GONE in panel.save.empty._dom_classes
    panel.close()


def test_a_closed_panel_leaves_no_widget_open(shell, fake):
    panel = panel_in(shell, fake)
    widgets = list(inside(panel.widget))
    panel.close()
    assert len(widgets) > 20
    assert [] == [widget for widget in widgets if widget.comm is not None]


def inside(widget):
    """A widget, and all that is in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def test_a_closed_panel_no_longer_looks(shell, fake):
    panel = panel_in(shell, fake)
    panel.close()
    panel.close()
    assert "post_run_cell" not in [event for event, called in shell.events.callbacks.items() if panel.refresh in called]


@pytest.mark.parametrize("purpose", purposes())
def test_each_purpose_is_offered_in_words_and_says_what_its_format_holds(tab, purpose):
    assert (WORDS[purpose], purpose) in tab.purpose.options
    tab.purpose.value = purpose
    assert "holds outputs" in tab.about.value


def test_to_put_a_model_on_a_phone_picks_litert(tab, fake):
    tab.purpose.value = dict(tab.purpose.options)["Put it on a phone"]
    assert "litert holds outputs; drops all but the forward pass; needs no other package" in tab.about.value
    tab.save.click()
    assert [("mobile", ("litert",))] == [(request.purpose, purposes()[request.purpose]) for request in fake.of("save")]


def test_to_exchange_a_model_picks_onnx(tab, fake):
    tab.purpose.value = dict(tab.purpose.options)["Exchange it"]
    assert "onnx holds outputs; drops all but the forward pass; needs tf2onnx" in tab.about.value
    tab.save.click()
    assert [("exchange", ("onnx",))] == [(request.purpose, purposes()[request.purpose]) for request in fake.of("save")]


@pytest.mark.parametrize("name", format_names())
def test_each_format_can_be_picked(tab, fake, name):
    tab.purpose.value = "pick"
    tab.formats.boxes[name].value = True
    tab.save.click()
    assert [(name,)] == [request.formats for request in fake.of("save")]


def test_formats_picked_and_left_again_are_not_asked_for(tab, fake):
    tab.purpose.value = "pick"
    tab.formats.boxes["h5"].value = True
    tab.purpose.value = "training"
    tab.save.click()
    assert [("training", ("auto",))] == [(request.purpose, request.formats) for request in fake.of("save")]


# --- what is asked ---


def test_one_click_saves_the_model_under_its_variables_name(tab, shell, fake):
    tab.save.click()
    assert [SaveRequest(shell.user_ns["net"], "net")] == fake.of("save")


def test_a_name_that_was_typed_for_a_model_is_never_that_of_another_one(tab, shell, fake):
    tab.name.value = "discriminator"
    shell.run_cell("generator = Model()\ndel net")
    tab.save.click()
    assert [SaveRequest(shell.user_ns["generator"], "generator")] == fake.of("save")


def test_a_name_that_was_typed_stays_while_its_model_is_there(tab, shell):
    tab.name.value = "discriminator"
    shell.run_cell("generator = Model()\nnet = Model()")
    assert ("net", "discriminator") == (tab.model.value, tab.name.value)


@pytest.mark.parametrize(("purpose", "is_export"), [("training", False), ("mobile", True), ("serving", True)])
def test_a_purpose_that_makes_an_export_says_so(tab, purpose, is_export):
    tab.purpose.value = purpose
    assert is_export is ("An export: the name still means its newest model." in tab.about.value)


def test_what_is_filled_in_reaches_the_request(tab, shell, fake):
    shell.push({"x": np.ones((2, 2)), "serve": len})
    tab.name.value, tab.tags.value, tab.note.value = "my cats", "best, v 2,", "second fold"
    tab.where.folder.value = "./here"
    for name, value in {"verify": True, "force": True, "rtol": "1e-3", "options": "signatures={'a': serve}"}.items():
        tab.more.inputs[name].value = value
    tab.save.click()
    expected = SaveRequest(
        shell.user_ns["net"],
        "my cats",
        to="./here",
        tags=("best", "v 2"),
        note="second fold",
        verify=False,
        force=True,
        rtol=1e-3,
        options={"signatures": {"a": len}},
    )
    assert [expected] == fake.of("save")


@pytest.mark.parametrize("name", [option.name for option in options_of(SaveRequest)])
def test_each_field_of_the_request_can_be_reached(tab, name):
    own = {"model": tab.model, "target": tab.name, "to": tab.where.folder, "formats": tab.formats}
    own |= {"purpose": tab.purpose, "sample": tab.sample, "tags": tab.tags, "note": tab.note}
    assert name in {**own, **tab.more.inputs}


def test_the_line_that_is_shown_asks_for_the_same(tab, shell, fake):
    tab.name.value, tab.note.value, tab.tags.value = "my cats", "costs $5 {and more}", "best"
    tab.save.click()
    [line, call] = tab.spelled.lines
    typed = action_of("save").magic_command.read(
        line.removeprefix("%savemodel "), lambda text: text.replace("{chr(36)}", "$")
    )
    assert fake.of("save")[0].tags == save_request(typed, shell.user_ns).tags
    assert 'colab_save.save_model(net, "my cats", tags=("best",), note="costs $5 {and more}")' == call


# --- where to ---


def test_in_colab_drive_is_meant_and_mounted_in_the_click(shell, fake):
    fake.mounted = Mounted.NO
    shell.run_cell("net = Model()")
    panel = panel_in(shell, fake)
    panel.save.save.click()
    assert ["mount", "save"] == [asked[0] for asked in fake.asked]
    assert fake.of("save")[0].to is None
    panel.close()


def test_the_store_of_the_settings_is_shown_and_meant(shell, fake, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "s3://user:geheim@host/bucket")
    panel = panel_in(shell, fake)
    assert ("s3://user:…@host/bucket", None) == (panel.save.where.folder.placeholder, panel.save.where.location)
    panel.close()


def test_a_setting_that_changes_is_shown_after_the_cell(tab, shell, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "./experiments")
    shell.run_cell("1")
    assert "./experiments" == tab.where.folder.placeholder


def test_a_panel_opens_with_a_bad_setting(shell, fake):
    change({"to": 5}, Origin.IPYTHON)
    panel_in(shell, fake).close()


def test_a_mount_that_is_refused_saves_nothing_and_says_why(shell, fake):
    fake.mounted, fake.error = Mounted.NO, MISSING
    shell.run_cell("net = Model()")
    panel = panel_in(shell, fake)
    panel.save.save.click()
    assert ["mount"] == [asked[0] for asked in fake.asked]
    assert "There is no &#x27;cast&#x27; in models." in panel.save.work.result.value
    panel.close()


@pytest.mark.parametrize("mounted", [state for state in Mounted if state is not Mounted.ABSENT])
def test_the_state_of_drive_is_shown(shell, fake, mounted):
    fake.mounted = mounted
    panel = panel_in(shell, fake)
    assert f"Drive is {mounted}" in panel.save.where._state.value
    assert (mounted is Mounted.NO) == (GONE not in panel.save.where.mount._dom_classes)
    panel.close()


# --- while it works, and afterwards ---


def test_the_report_is_shown_in_place(tab):
    tab.save.click()
    assert "PASSED" in shown(tab)
    assert "%loadmodel net" in shown(tab)


def test_a_second_click_while_it_works_saves_nothing(tab, fake):
    fake.is_patient = True
    tab.save.click()
    assert tab.save.disabled
    tab.save.click()
    fake.go()
    assert 1 == len(fake.of("save"))
    assert not tab.save.disabled


def test_progress_tells_the_step_the_bytes_and_the_seconds(tab, fake):
    seen = []
    fake.steps = [Step(stage, 2_000_000, 4_000_000, "drive") for stage in SAVING for _ in "ab"]
    tab.work._status.observe(lambda change: seen.append(change["new"]), "value")
    tab.save.click()
    assert "Step 4 of 4: publish drive · 2.0 MB of 4.0 MB · 0 s" in seen
    assert [f"Step {number} of 4" for number in (1, 2, 3, 4)] == list(dict.fromkeys(text[:11] for text in seen))


def test_cancel_ends_the_save_and_says_so(tab, fake):
    fake.steps = [Step(Stage.STAGE), tab.work.cancel.click, Step(Stage.VERIFY), Step(Stage.PUBLISH)]
    tab.save.click()
    assert "CancelledError: Cancelled in the step verify." in shown(tab)
    assert [] == fake.saved
    fake.steps = []
    tab.save.click()
    assert "PASSED" in shown(tab)


def test_an_error_is_shown_as_in_a_cell_and_the_panel_stays_usable(tab, fake):
    fake.error = REFUSED
    tab.save.click()
    for line in REFUSED._render_traceback_():
        assert line in shown(tab)
    tab.save.click()
    assert "PASSED" in shown(tab)


def test_a_foreign_error_is_shown_too(tab, fake):
    fake.error = ZeroDivisionError("in <b>your</b> layer")
    tab.save.click()
    assert "ZeroDivisionError: in &lt;b&gt;your&lt;/b&gt; layer" in shown(tab)
    assert not tab.work.is_busy


@pytest.mark.parametrize(("field", "value"), [("rtol", "1 +"), ("options", "no pair"), ("options", "(a=1")])
def test_a_wrong_word_in_more_options_is_an_error_in_place(tab, fake, field, value):
    tab.more.inputs[field].value = value
    tab.save.click()
    assert "RequestError" in shown(tab)
    assert [] == fake.of("save")


def test_a_name_that_cannot_be_one_is_an_error_in_place(tab, fake):
    tab.name.value = "@"
    tab.save.click()
    assert "TargetError: &#x27;@&#x27; cannot be a name." in shown(tab)
    assert [] == fake.of("save")


def test_two_panels_take_turns(panel, shell, fake):
    other = panel_in(shell, fake)
    fake.is_patient = True
    panel.save.save.click()
    other.save.save.click()
    fake.go()
    assert 2 == len(fake.of("save"))
    other.close()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("my/model", "model"),
        ("../up", "up"),
        ("cats.keras", "cats"),
        ("s3://b/cats", "cats"),
        (r"a\b", "b"),
        ("~", "cats"),
        ("a.b/", "a"),
    ],
)
def test_a_path_in_the_place_of_the_name_is_refused_there_and_then(tab, fake, typed, meant):
    tab.name.value = typed
    assert f"such as {meant}, and choose the folder under Where to" in tab.spelled.widget.value
    tab.save.click()
    assert "is a path, which would leave the store" in shown(tab)
    assert [] == fake.of("save")
