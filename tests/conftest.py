"""What every test stands on: a quiet TensorFlow, and a working folder of its own."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@pytest.fixture(autouse=True)
def own_folder(tmp_path_factory, monkeypatch):
    """Run each test in an empty folder, so that the default store, ./models, is its own."""
    folder = tmp_path_factory.mktemp("cwd")
    monkeypatch.chdir(folder)
    return folder
