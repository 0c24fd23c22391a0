"""The demo: the main job on real data, as a user runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from colab_save.errors import MissingPackageError
from colab_save.frontends.demo import load_digits, run_demo
from colab_save.hints import pip


def test_without_scikit_learn_the_demo_names_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingPackageError) as caught:
        run_demo()
    assert pip("scikit-learn") == caught.value.references[1]


@pytest.mark.tensorflow
def test_the_digits_that_are_tested_are_not_those_that_were_trained():
    digits = load_digits()
    assert (1437, 8, 8, 1) == digits.train_images.shape
    assert (360, 8, 8, 1) == digits.test_images.shape
    assert (0.0, 1.0) == (digits.train_images.min(), digits.train_images.max())


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One run of the command in a pipe, in an empty folder, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "colab_save", "demo"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    return folder, done


@pytest.mark.tensorflow
def test_the_demo_exits_with_0(demo):
    _, done = demo
    assert done.returncode == 0, done.stderr


@pytest.mark.tensorflow
def test_a_log_gets_no_chatter_of_tensorflow_and_no_progress(demo):
    _, done = demo
    assert "" == done.stderr
    assert "|" not in done.stdout


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
def test_the_demo_says_which_images_each_accuracy_is_of(demo):
    _, done = demo
    assert 2 == done.stdout.count("Accuracy on the test images")
    assert "The metrics in the report are of the training images." in done.stdout


@pytest.mark.tensorflow
def test_the_demo_prints_how_long_both_saves_took(demo):
    _, done = demo
    took = re.search(r"^PASSED in [\d.]+ s; the first save took ([\d.]+) s\.$", done.stdout, re.MULTILINE)
    assert took[1] == re.search(r"time: ([\d.]+) s", done.stdout)[1]


@pytest.mark.tensorflow
def test_the_demo_leaves_both_versions_in_the_default_store(demo):
    folder, _ = demo
    assert 2 == len(list(folder.glob("models/digits/*/manifest.json")))
