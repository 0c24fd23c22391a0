"""The terminal command: what it prints, where, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from colab_save import __version__, save_model
from colab_save.frontends.terminal import main


def run(*arguments):
    """Run the command as a terminal does."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "colab_save", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert 0 == ended.value.code
    assert f"colab_save {__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize("command", ["demo", "list", "verify"])
def test_each_command_explains_itself(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert 0 == ended.value.code
    assert f"usage: colab-save {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["save"], ["verify"], ["list", "--form", "x"]])
def test_a_wrong_word_ends_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert 2 == ended.value.code
    assert "usage: colab-save" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["verify", "cats"], ["verify", "cats", "--from", "nowhere"], ["verify", "/"]])
def test_an_error_is_a_line_and_a_hint_and_ends_with_1(capsys, arguments):
    assert 1 == main(arguments)
    printed = capsys.readouterr()
    first, second = printed.err.splitlines()
    assert ("", True, True) == (printed.out, "Error: " in first, second.startswith("Hint: "))


def test_a_terminal_gets_the_same():
    ended = run("verify", "cats")
    assert (1, "", 2) == (ended.returncode, ended.stdout, len(ended.stderr.splitlines()))


def test_an_empty_store_is_listed(capsys):
    assert 0 == main(["list", "--from", "."])
    printed = capsys.readouterr()
    assert ("", True) == (printed.err, bool(printed.out.strip()))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A store with a model, ``cats``, and beside it a file of Keras that nobody has proven."""
    import keras

    folder = tmp_path_factory.mktemp("store")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    save_model(model, "cats", to=str(folder), verify=False)
    model.save(folder / "foreign.keras")
    return folder


@pytest.mark.tensorflow
def test_a_saved_model_is_listed(saved):
    ended = run("list", "c*", "--from", str(saved))
    assert 0 == ended.returncode
    assert "cats" in ended.stdout


@pytest.mark.tensorflow
def test_a_proven_model_ends_with_0(saved):
    ended = run("verify", "cats", "--from", str(saved))
    assert 0 == ended.returncode, ended.stderr
    assert ended.stdout.startswith("PASSED")


@pytest.mark.tensorflow
def test_a_model_that_cannot_be_proven_ends_with_1(saved):
    ended = run("verify", str(saved / "foreign.keras"))
    assert 1 == ended.returncode
    assert ended.stdout.startswith("SKIPPED")
