"""Saves to Drive from request to report: what becomes of a model when Drive refuses it, or takes its time."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from colab_save.errors import StoreUnavailableError, TargetError
from colab_save.loading.pipeline import load
from colab_save.progress import Stage
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.pending import pending, publish_local_copies
from tests import zoo
from tests.fake_colab.fixtures import colab  # noqa: F401 - a fixture

pytestmark = pytest.mark.tensorflow


def test_a_model_is_not_lost_when_drive_dies_while_it_is_published(colab, monkeypatch):  # noqa: F811
    rename = os.rename

    def dead(source, target, **options):
        if Path(target).is_relative_to(colab.mountpoint):
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        rename(source, target, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", dead)
        with pytest.raises(StoreUnavailableError, match="ENOTCONN") as caught:
            save(SaveRequest(zoo.sequential(), "cats", to="drive", verify=False))
    [waiting] = pending().saves
    assert str(waiting.copy) in caught.value.hint
    assert (waiting.name,) == publish_local_copies().published
    assert load(LoadRequest("cats", source="drive")).is_proven


def test_waiting_and_flushing_are_told_in_the_report(colab, monkeypatch):  # noqa: F811
    monkeypatch.setattr(os, "getxattr", lambda path, name: b"0", raising=False)
    report = save(SaveRequest(zoo.sequential(), "cats", to="drive", verify=False, wait=5, flush=True))
    assert "upload: flushed: uploaded to Drive, which is now unmounted" in str(report)
    assert "drive.mount('/content/drive')" in str(report)
    assert not colab.is_mounted


def test_a_name_that_drive_has_twice_is_refused_before_anything_is_staged(colab):  # noqa: F811
    for name in ("cats", "cats (1)"):
        (colab.cloud / "MyDrive/colab_save" / name).mkdir(parents=True)
    steps = []
    with pytest.raises(TargetError, match="two folders named 'cats'"):
        save(SaveRequest(zoo.sequential(), "cats", to="drive"), steps.append)
    assert {Stage.RESOLVE} == {step.stage for step in steps}
