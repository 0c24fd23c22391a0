"""How a panel is displayed, and what of it stays in a saved notebook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import colab_save
from colab_save.errors import RequestError
from colab_save.frontends.magics import register, unregister
from colab_save.reports.pending import PendingSave
from colab_save.stores.base import UploadState
from colab_save.widgets.board import Panel
from tests.widgets.fake_actions import REFUSED

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def displayed(panel, shell):
    """What the panel has sent to the front end: the bundles, in order."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        panel._ipython_display_()
    return [output.data for output in captured.outputs]


def test_widgets_and_a_still_picture_are_displayed(panel, displayed):
    live, still = displayed
    assert panel.widget.model_id == live[VIEW]["model_id"]
    assert VIEW not in still
    assert "colab-save-still" in still["text/html"]


def test_the_living_widgets_hide_the_still_picture(panel):
    hidden = re.search(r'data-panel="(\w+)"\] \{display: none\}', panel.widget.children[0].value)
    assert f'data-panel="{hidden[1]}"' in panel.still()


def test_the_still_picture_is_brought_up_to_date_with_each_result(panel, fake, displayed):
    from IPython.utils.capture import capture_output

    fake.error = REFUSED
    with capture_output() as captured:
        panel.save.save.click()
    assert "RoundTripError" in captured.outputs[-1].data["text/html"]
    assert "RoundTripError" in panel.still()


def test_the_bundle_holds_both_and_a_plain_text(panel):
    bundle = panel._repr_mimebundle_()
    assert {"text/plain", "text/html", VIEW} == set(bundle)
    assert "net — Model" in bundle["text/plain"]


def test_no_external_asset_is_loaded(panel):
    panel.save.save.click()
    sent = panel.still() + panel.widget.children[0].value
    assert [] == re.findall(r"(?:src|href|url\(|@import)[^>]{0,40}", sent)


def test_the_footer_tells_how_drive_stands(panel):
    assert "Drive: not available here" in panel.footer.widget.value


def test_the_footer_names_the_pending_saves(panel, fake):
    assert "safe" not in panel.footer.widget.value
    fake.unsafe = [PendingSave("cats@1", 1, UploadState.WRITTEN, "", "there", Path("here"))]
    panel.footer.refresh()
    assert "1 pending save: cats (written, not uploaded yet)" in panel.footer.widget.value


def test_the_magic_shows_a_panel(shell):
    from IPython.utils.capture import capture_output

    register(shell)
    with capture_output() as captured:
        shell.run_cell("%modelpanel").raise_error()
    assert VIEW in captured.outputs[0].data
    unregister(shell)


def test_the_function_gives_one(shell):
    made = colab_save.panel()
    assert isinstance(made, Panel)
    made.close()


def test_outside_a_notebook_there_is_no_panel(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setattr(InteractiveShell, "_instance", None)
    with pytest.raises(RequestError, match="only in a notebook"):
        colab_save.panel()
