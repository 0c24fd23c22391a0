"""The fresh process runs the package that asks it, and nothing of the notebook's folder. Keras is a stand-in here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import colab_save
from colab_save.fresh_process.job import OpenJob, to_line
from colab_save.fresh_process.own import OwnProcess
from colab_save.fresh_process.process import Verifier

STAND_IN = """
import colab_save

__version__ = "0"


class saving:
    get_custom_objects = dict

    def load_model(*_, **__):
        raise ValueError(colab_save.__file__)
"""

ASK = """
import sys
from colab_save.fresh_process.job import OpenJob, to_line
from colab_save.fresh_process.own import OwnProcess
from colab_save.fresh_process.process import Verifier

with Verifier() as verifier:
    print(verifier.ask(OpenJob("keras", "model.keras", 4 << 30, custom_code=sys.argv[1]), 60)["failed"])
"""


@pytest.fixture
def stand_ins(tmp_path):
    """A folder of packages, first on the child's path."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "keras.py").write_text(STAND_IN)
    return folder


def test_another_copy_that_is_installed_proves_nothing(stand_ins, monkeypatch):
    (stand_ins / "colab_save").mkdir()
    (stand_ins / "colab_save/__init__.py").write_text("raise SystemExit('this is another copy')")
    monkeypatch.setenv("PYTHONPATH", str(stand_ins))
    with Verifier() as verifier:
        answer = verifier.ask(OpenJob("keras", "model.keras", 4 << 30), 60)
    assert str(Path(colab_save.__file__).resolve()) in answer["failed"]


def test_a_package_in_a_zip_runs_from_there(stand_ins, tmp_path, monkeypatch):
    archive = shutil.make_archive(str(tmp_path / "x"), "zip", Path(colab_save.__file__).parents[1], "colab_save")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([archive, str(stand_ins)])}
    (tmp_path / "custom_code.py").write_text("CUSTOM_OBJECTS = {}")
    command = [sys.executable, "-P", "-c", ASK, str(tmp_path / "custom_code.py")]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert f"{archive}/colab_save/__init__.py" in run.stdout


def test_a_package_in_the_notebooks_folder_lets_nothing_else_of_it_in(stand_ins, tmp_path):
    notebook = tmp_path / "notebook"
    shutil.copytree(Path(colab_save.__file__).parent, notebook / "colab_save")
    (notebook / "own_module.py").touch()
    (notebook / "code.py").write_text("import own_module\nCUSTOM_OBJECTS = {}")
    env = {**os.environ, "PYTHONPATH": str(stand_ins)}
    command = [sys.executable, "-c", ASK, str(notebook / "code.py")]
    ask = subprocess.run(command, cwd=notebook, env=env, capture_output=True, text=True, check=True)
    assert "No module named 'own_module'" in ask.stdout


@pytest.mark.parametrize("line", ["no job", "[]", '{"kind": "reload"}', '{"kind": "dance", "job": {}}', "[" * 100_000])
def test_a_line_that_is_no_job_is_answered_and_the_next_one_is_done(stand_ins, tmp_path, monkeypatch, line):
    monkeypatch.setenv("PYTHONPATH", str(stand_ins))
    process = OwnProcess()
    try:
        process.begin(str(tmp_path))
        assert {"ready": True} == process.receive(60)
        process.send(line)
        assert "A line is no job" in (process.receive(60) or {}).get("error", "")
        process.send(to_line(OpenJob("keras", "model.keras", 4 << 30)))
        assert (process.receive(60) or {})["opened"] is False
    finally:
        process.close()
