"""What a report says of the settings and of the fresh process."""

from __future__ import annotations

import pytest

from colab_save.diagnosing import session
from colab_save.fresh_process.warm import WarmStatus


@pytest.fixture(autouse=True)
def sockets(tmp_path, monkeypatch):
    """Keep out of the way of a warm process that this user has."""
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def test_settings_that_nobody_set_are_the_defaults():
    defaults = "to: Drive in Colab, ./models elsewhere; keep: 0; warm: True; cache_gb: 5.0"
    assert defaults == session.settings().text


def test_a_setting_is_told_with_its_origin(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "3")
    assert "; keep: 3, set by COLAB_SAVE_KEEP in the environment; " in session.settings().text


def test_bad_and_unknown_settings_are_told(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "all")
    monkeypatch.setenv("COLAB_SAVE_STORE", "drive")
    text = session.settings().text
    assert "keep: all, set by COLAB_SAVE_KEEP in the environment, which is a bad value; " in text
    assert text.endswith("; no such setting: COLAB_SAVE_STORE")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (WarmStatus(is_running=False), "no warm process runs; a save starts one, and forks from it"),
        (WarmStatus(is_running=False, reason="it is switched off"), "started anew for each use: it is switched off"),
        (WarmStatus(is_running=True), "a warm process is importing Keras"),
        (
            WarmStatus(is_running=True, is_ready=True, pid=7, idle=12.4, memory=600_000_000),
            "forked from a warm process (600 MB, idle for 12 s)",
        ),
        (WarmStatus(is_running=True, is_ready=True), "forked from a warm process"),
    ],
)
def test_how_fresh_processes_are_made_is_told_in_words(status, text):
    assert text == session._in_words(status)


def test_asking_starts_none(sockets):
    assert not session.fresh_process().fields["is_running"]
    assert [] == list(sockets.iterdir())


def test_forks_that_cannot_be_trusted_are_told_with_the_reason(monkeypatch):
    monkeypatch.setattr("colab_save.fresh_process.warm.CAN_FORK", False)
    assert "started anew for each use: forks are trusted on Linux only" == session.fresh_process().text
