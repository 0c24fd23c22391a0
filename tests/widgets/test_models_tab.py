"""What is saved, with buttons: found, loaded, checked, compared, tagged, deleted and brought back."""

from __future__ import annotations

import html
import threading

import ipywidgets
import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import ColabSaveError, MissingPackageError
from colab_save.hints import action, option
from colab_save.request.option import options_of
from colab_save.request.request import LoadRequest
from colab_save.stores.drive.drive_state import Mounted
from colab_save.widgets.fields import GONE
from colab_save.widgets.version_list import PAGE
from tests.widgets.fake_actions import MISSING, Model, manifest, panel_in

OLD, NEW = "20260821T101530Z-0001", "20260822T101530Z-0002"


@pytest.fixture
def tab(panel, fake):
    """The tab, over a store with two versions of cats; the newer one is ticked."""
    fake.saved = [manifest(version=NEW, tags=("best",)), manifest(version=OLD)]
    panel.tabs.selected_index = 1
    panel.models.versions.boxes[0].value = True
    return panel.models


def shown(tab):
    return tab.work.result.value


def rows(tab):
    """The rows that are shown: what is beside the boxes."""
    pairs = zip(tab.versions.boxes, tab.versions.cells, tab.versions._rows, strict=True)
    return [f"{box.description} {cells.value}" for box, cells, row in pairs if GONE not in row._dom_classes]


# --- what there is ---


def test_the_store_is_asked_when_the_tab_is_first_opened(panel, fake):
    assert [] == fake.of("list")
    panel.tabs.selected_index = 1
    panel.tabs.selected_index = 0
    panel.tabs.selected_index = 1
    assert 1 == len(fake.of("list"))


def test_a_late_answer_of_the_store_before_is_not_shown(tab, fake):
    fake.is_patient = True
    tab.where.folder.value = "./slow"
    tab.where.folder.value = "./quick"
    slow, quick = fake.waiting
    fake.saved = [manifest("of_quick")]
    quick()
    fake.saved = [manifest("of_slow")]
    slow()
    assert ["of_quick"] == [row.partition(" ")[0] for row in rows(tab)]


def test_a_late_error_of_the_store_before_is_not_shown(tab, fake):
    fake.is_patient = True
    tab.where.folder.value = "./slow"
    tab.where.folder.value = "./quick"
    slow, quick = fake.waiting
    quick()
    fake.unlisted = MISSING
    slow()
    assert ("", 2) == (shown(tab), len(rows(tab)))


def test_an_error_of_the_store_is_shown(tab, fake):
    fake.unlisted = MISSING
    tab.look.click()
    assert ("There is no" in shown(tab), []) == (True, rows(tab))


def test_the_versions_of_one_store_never_stand_under_the_name_of_another(tab, fake):
    fake.is_patient = True
    tab.where.folder.value = "./other"
    assert ([], True) == (rows(tab), "Listing…" in tab.empty.value)


def test_the_versions_stay_while_their_own_store_is_asked_again(tab, fake):
    fake.is_patient = True
    tab.look.click()
    assert 2 == len(rows(tab))


def test_a_store_is_asked_once_its_name_is_whole(tab):
    assert not tab.where.folder.continuous_update


def test_each_version_tells_its_name_age_outcome_size_formats_and_tags(tab):
    for word in ("cats", "PASSED", "1.0 kB", "keras", NEW, "best"):
        assert word in rows(tab)[0]


def test_an_export_is_told_from_a_model(panel, fake):
    fake.saved = [manifest(version=NEW, is_export=True), manifest(version=OLD)]
    panel.models.refresh()
    assert [True, False] == ["export" in row for row in rows(panel.models)]


def test_versions_can_be_sorted_by_what_was_measured(panel, fake):
    fake.saved = [manifest(version=NEW, metrics={"loss": 0.5}), manifest(version=OLD, metrics={"loss": 0.25})]
    panel.models.refresh()
    panel.models.versions.order.value = "best loss"
    assert ["loss 0.25", "loss 0.5"] == [
        row.partition('csp-metrics">')[2].partition("<")[0] for row in rows(panel.models)
    ]


def test_names_and_notes_are_text_and_never_markup(panel, fake):
    fake.saved = [manifest(note="<b>fat</b>")]
    panel.models.refresh()
    assert "&lt;b&gt;fat&lt;/b&gt;" in rows(panel.models)[0]


def test_an_empty_store_says_so(panel):
    panel.tabs.selected_index = 1
    assert "Nothing is saved in models yet." in panel.models.empty.value
    assert GONE in panel.models._actions._dom_classes


def test_a_drive_that_is_not_mounted_is_not_mounted_for_a_list(shell, fake):
    fake.mounted = Mounted.NO
    panel = panel_in(shell, fake)
    panel.tabs.selected_index = 1
    assert "Google Drive is not mounted." in panel.models.empty.value
    assert [] == fake.asked
    panel.models.where.mount.click()
    assert ["mount", "list"] == [asked[0] for asked in fake.asked]
    panel.close()


def test_a_save_is_listed_at_once(panel, tab):
    panel.save.save.click()
    assert 3 == len(rows(tab))


def test_many_versions_come_in_pages(panel, fake):
    fake.saved = [manifest(f"n{number:03}", f"20260822T1015{number % 60:02}Z-0001") for number in range(25)]
    panel.models.refresh()
    versions = panel.models.versions
    assert (PAGE, "1 to 10 of 25 versions") == (len(rows(panel.models)), versions.place.value)
    versions.on.click()
    versions.on.click()
    assert (5, True) == (len(rows(panel.models)), versions.on.disabled)
    versions.back.click()
    assert "11 to 20 of 25 versions" == versions.place.value


def test_a_version_that_was_saved_in_part_is_shown_as_that(panel, fake):
    fake.saved = [manifest("cats", NEW, is_partial=True), manifest("dogs", OLD)]
    panel.models.refresh()
    versions = panel.models.versions
    assert "csp-PARTIAL" in versions.cells[0].value
    versions.order.value = "outcome"
    assert ["cats", "dogs"] == [row.split(" ")[0] for row in rows(panel.models)]


def test_versions_are_found_by_words_and_sorted(panel, fake):
    fake.saved = [manifest("cats", NEW, size=5), manifest("dogs", OLD, Outcome.FAILED, size=9, note="the Second fold")]
    panel.models.refresh()
    versions = panel.models.versions
    versions.order.value = "largest"
    assert ["dogs", "cats"] == [row.split(" ")[0] for row in rows(panel.models)]
    versions.words.value = "second failed"
    assert ["dogs"] == [row.split(" ")[0] for row in rows(panel.models)]
    versions.words.value = "nothing"
    assert [] == rows(panel.models)


def test_what_is_ticked_stays_so_on_another_page(panel, fake):
    fake.saved = [manifest(f"n{number:02}", NEW) for number in range(12)]
    panel.models.refresh()
    versions = panel.models.versions
    versions.boxes[0].value = True
    versions.on.click()
    assert not versions.boxes[0].value
    versions.back.click()
    assert versions.boxes[0].value
    assert 1 == len(versions.ticked)


# --- loading ---


def test_load_gives_the_variable_the_model_and_shows_the_report(tab, shell, fake):
    tab.variable.value = "back"
    tab.load.click()
    assert [LoadRequest(f"cats@{NEW}")] == fake.of("load")
    assert isinstance(shell.user_ns["back"], Model)
    assert "loaded, and proven" in shown(tab)


def test_without_a_variable_the_model_gets_its_own_name(tab, shell):
    tab.load.click()
    assert isinstance(shell.user_ns["cats"], Model)


def test_a_name_that_no_variable_may_have_is_not_offered_for_one(shell, fake):
    fake.saved = [manifest("list")]
    panel = panel_in(shell, fake)
    panel.tabs.selected_index = 1
    panel.models.versions.boxes[0].value = True
    panel.models.load.click()
    assert isinstance(shell.user_ns["model"], Model)
    panel.close()


def test_a_load_says_which_variable_it_replaced(tab, shell):
    shell.push({"back": 1.5})
    tab.variable.value = "back"
    tab.load.click()
    assert "The loaded model replaced the variable back, an object of class float." in shown(tab)


def test_a_load_sets_the_variables_whose_names_are_free(tab, shell, fake):
    fake.variables |= {"threshold": 0.5, "labels": ["cat"]}
    shell.push({"labels": ["dog"]})
    tab.load.click()
    assert (0.5, ["dog"]) == (shell.user_ns["threshold"], shell.user_ns["labels"])
    assert "Variables set as they were saved: threshold." in shown(tab)


def test_a_load_without_variables_sets_the_model_only(tab, shell, fake):
    fake.variables |= {"threshold": 0.5}
    tab.more.inputs["variables"].value = True
    tab.load.click()
    assert "threshold" not in shell.user_ns


@pytest.mark.parametrize("name", ["list", "In", "html"])
def test_a_name_that_is_not_free_shows_why_instead_of_the_line(tab, shell, name):
    shell.push({"html": html})
    tab.variable.value = name
    assert "which a model must not replace" in tab.spelled.widget.value
    assert "“Into”: model" in tab.spelled.widget.value


@pytest.mark.parametrize("name", ["not one", "for", "1", "list", "In"])
def test_a_variable_that_cannot_be_one_loads_nothing(tab, fake, name):
    tab.variable.value = name
    tab.load.click()
    assert "RequestError" in shown(tab)
    assert [] == fake.of("load")


def test_more_options_reach_the_request(tab, fake, shell):
    tab.more.inputs["trust"].value = True
    tab.more.inputs["into"].value = "net"
    tab.where.folder.value = "./here"
    tab.versions.boxes[0].value = True
    tab.load.click()
    assert [LoadRequest(f"cats@{NEW}", source="./here", trust=True, into=shell.user_ns["net"])] == fake.of("load")


@pytest.mark.parametrize("name", [option.name for option in options_of(LoadRequest)])
def test_each_field_of_the_request_can_be_reached(tab, name):
    assert name in {"target", "source", *tab.more.inputs}


def test_the_line_that_is_shown_loads_the_same(tab):
    tab.variable.value = "back"
    assert (f"%loadmodel cats@{NEW} --as back", f'back = colab_save.load_model("cats@{NEW}")') == tab.spelled.lines


def test_verifying_again_gives_no_variable(tab, shell, fake):
    before = set(shell.user_ns)
    tab.verify.click()
    assert [LoadRequest(f"cats@{NEW}")] == fake.of("load")
    assert before == set(shell.user_ns)
    assert "loaded, and proven" in shown(tab)


def test_a_load_that_fails_says_why_and_gives_no_variable(tab, shell, fake):
    fake.error = MISSING
    tab.load.click()
    assert "Hint: Did you mean &#x27;cats&#x27;?" in shown(tab)
    assert "cats" not in shell.user_ns


# --- what else can be done ---


def test_the_card_of_a_version_opens(tab):
    tab.card.click()
    assert f"cats@{NEW}" in shown(tab)
    assert "load it" in shown(tab)


def test_a_version_can_be_looked_into(tab, fake):
    tab.inside.click()
    assert ("inspect", f"cats@{NEW}", None) in fake.asked
    assert f'colab_save.inspect_model("cats@{NEW}")' in html.unescape(shown(tab))


def test_looking_into_one_that_cannot_be_read_says_why_in_place(tab, fake):
    fake.error = MISSING
    tab.inside.click()
    assert "Hint: Did you mean &#x27;cats&#x27;?" in shown(tab)
    assert not tab.inside.disabled


def test_a_version_is_opened_in_netron_and_the_link_is_shown(tab, fake):
    tab.netron.click()
    assert ("netron", f"cats@{NEW}", None) in fake.asked
    assert '<a href="http://127.0.0.1:8080" target="_blank"' in shown(tab)
    assert f'colab_save.open_in_netron("cats@{NEW}")' in html.unescape(shown(tab))


def test_logs_are_written_and_then_offered_to_be_shown(tab, fake):
    assert GONE in tab.logs.widget._dom_classes
    tab.tensorboard.click()
    assert ("log", f"cats@{NEW}", None) in fake.asked
    assert "%tensorboard --logdir logs/cats" in shown(tab)
    assert f'colab_save.open_in_tensorboard("cats@{NEW}")' in html.unescape(shown(tab))
    assert GONE not in tab.logs.widget._dom_classes
    tab.logs.show.click()
    assert ["logs/cats"] == fake.of("show logs")


def test_no_output_widget_is_made_where_the_classic_notebook_shows_nothing_beside_one(tab):
    assert ipywidgets.__version__.startswith("7.") == (tab.logs.output is None)


def test_tensorboard_that_does_not_open_is_said_in_place(tab, fake):
    tab.tensorboard.click()
    fake.error = MissingPackageError("tensorboard is not installed.", "%pip install 'colab_save[tensorboard]'")
    tab.logs.show.click()
    assert "Hint: %pip install 'colab_save[tensorboard]'" in html.unescape(shown(tab))


def test_logs_of_another_version_are_offered_no_longer(tab):
    tab.tensorboard.click()
    tab.inside.click()
    assert GONE in tab.logs.widget._dom_classes


def test_a_viewer_that_is_not_installed_is_said_in_place_with_the_command(tab, fake):
    fake.error = MissingPackageError("netron is not installed.", "%pip install 'colab_save[netron]'")
    tab.netron.click()
    assert "Hint: %pip install 'colab_save[netron]'" in html.unescape(shown(tab))
    assert not tab.netron.disabled


def test_two_that_are_ticked_can_be_compared_and_nothing_else(tab, fake):
    assert tab.compare.disabled
    tab.versions.boxes[1].value = True
    alone = (tab.load, tab.verify, tab.card, tab.inside, tab.netron, tab.tensorboard, tab.curation.delete)
    assert [True] * len(alone) == [made.disabled for made in alone]
    tab.compare.click()
    assert ("compare", f"cats@{NEW}", f"cats@{OLD}", None) in fake.asked
    assert (f'colab_save.compare_versions("cats@{NEW}", "cats@{OLD}")',) == tab.spelled.lines


def test_tags_are_set(tab, fake):
    assert "best" == tab.curation.tags.value
    tab.curation.tags.value = "baseline, v 2"
    tab.curation.tag.click()
    assert ("tag", f"cats@{NEW}", None, ("baseline", "v 2")) in fake.asked
    assert "has the tags baseline, v 2." in shown(tab)
    assert f'colab_save.tag_version("cats@{NEW}", ("baseline", "v 2"))' in html.unescape(shown(tab))


@pytest.mark.parametrize("is_beside", [False, True])
def test_what_is_shown_speaks_of_the_panel(tab, fake, is_beside):
    """Also in the thread that works beside the message loop, which has a language of its own."""
    fake.error = ColabSaveError("It failed.", f"Tick {option('tags')}, see {action('list')}.")
    fake.start_with = (lambda work, tick: joined(work)) if is_beside else fake.start_with
    tab.load.click()
    assert "Tick “Tags”, see “Look again” on the Models tab." in html.unescape(shown(tab))


def joined(work):
    """Run work in a thread."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_deleted_version_is_gone_and_can_be_brought_back(tab, fake):
    assert GONE in tab.curation.undoing._dom_classes
    tab.curation.delete.click()
    assert 1 == len(rows(tab))
    assert GONE not in tab.curation.undoing._dom_classes
    tab.curation.undo.click()
    assert ("restore", f"cats@{NEW}", None) in fake.asked
    assert GONE in tab.curation.undoing._dom_classes


def test_its_space_can_be_freed_instead(tab, fake):
    tab.curation.delete.click()
    tab.curation.remove.click()
    assert ("delete", f"cats@{NEW}", None, True) in fake.asked
    assert f"%deletemodel cats@{NEW} --for-good" in shown(tab)
    assert f'colab_save.delete_version("cats@{NEW}", for_good=True)' in html.unescape(shown(tab))


def test_a_delete_that_fails_offers_no_undo(tab, fake):
    fake.error = MISSING
    tab.curation.delete.click()
    assert "NotFoundError" in shown(tab)
    assert GONE in tab.curation.undoing._dom_classes
    assert 2 == len(rows(tab))


@pytest.mark.parametrize("ticks", [[], [0, 1]])
def test_nothing_is_offered_for_none_and_for_two(tab, ticks):
    tab.versions.boxes[0].value = False
    for index in ticks:
        tab.versions.boxes[index].value = True
    assert all(made.disabled for made in (tab.load, tab.verify, tab.card, tab.curation.tag, tab.curation.delete))
