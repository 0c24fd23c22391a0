"""The demo: the main job on real data, as a user runs it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from colab_save.errors import MissingPackageError
from colab_save.frontends.demo import load_digits, run_demo


def test_without_scikit_learn_the_demo_names_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingPackageError) as caught:
        run_demo()
    assert caught.value.hint == "pip install scikit-learn"


@pytest.mark.tensorflow
def test_the_digits_that_are_tested_are_not_those_that_were_trained():
    digits = load_digits()
    assert (1437, 8, 8, 1) == digits.train_images.shape
    assert (360, 8, 8, 1) == digits.test_images.shape
    assert (0.0, 1.0) == (digits.train_images.min(), digits.train_images.max())


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One run of the command, in an empty folder, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "colab_save", "demo"], cwd=folder, capture_output=True, text=True, check=False
    )
    print(done.stdout, done.stderr)
    return folder, done


@pytest.mark.tensorflow
def test_the_demo_exits_with_0(demo):
    _, done = demo
    assert done.returncode == 0, done.stderr


@pytest.mark.tensorflow
@pytest.mark.parametrize("aspect", ["outputs", "weights", "training"])
def test_the_demo_prints_passed_for_each_aspect_at_save_and_at_load(demo, aspect):
    _, done = demo
    assert len(re.findall(rf"{aspect}\W+PASSED", done.stdout)) == 2


@pytest.mark.tensorflow
def test_the_demo_prints_two_equal_accuracies(demo):
    _, done = demo
    new, old = re.findall(r"^Accuracy .*: +([\d.]+)$", done.stdout, re.MULTILINE)
    assert old == new


@pytest.mark.tensorflow
def test_the_demo_leaves_the_model_in_the_default_store(demo):
    folder, _ = demo
    assert len(list(folder.glob("models/digits/*/manifest.json"))) == 1
