"""The report for bug reports: it always comes, in time, and without what nobody else should read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import colab_save
from colab_save.diagnosing.doctor import PROBES, diagnose, doctor
from colab_save.errors import StoreUnavailableError
from colab_save.frontends.languages import TERMINAL
from colab_save.frontends.terminal import main
from colab_save.hints import option, render, speaking
from colab_save.reports.diagnosis import Finding
from tests.making import manifest

ROOT = Path(__file__).parents[2]


def run(folder, *arguments, **variables):
    """Run the command as a terminal does, in a folder, with another one first on Python's path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), **variables}
    command = [sys.executable, "-m", "colab_save", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


# --- what it has ---


def test_each_subject_has_its_line():
    lines = str(doctor()).splitlines()[1:]
    assert [*PROBES] == [line.strip().partition(":")[0] for line in lines]


def test_nothing_is_unknown_where_nothing_is_broken():
    assert [] == [name for name, finding in doctor().findings.items() if "error" in finding.fields]


def test_the_version_that_is_running_comes_first():
    assert f"  colab_save: {colab_save.__version__}" in str(doctor()).splitlines()[1]


def test_json_has_each_subject_with_its_text():
    document = json.loads(json.dumps(doctor().to_json()))
    assert [name.replace(" ", "_") for name in PROBES] == [*document]
    assert [] == [name for name, subject in document.items() if not subject["text"]]


def test_html_is_one_text_that_a_click_selects():
    html = diagnose({"default store": lambda: Finding("a <b> {c}"), "disk": lambda: Finding("full")})._repr_html_()
    assert "<code>default store: a &lt;b&gt; {c}\ndisk: full</code>" in html


def test_a_text_of_others_is_shown_as_it_is():
    assert "  store: {option:trust} x" in str(diagnose({"store": lambda: Finding("{option:trust}\n x")}))


def test_nothing_is_written_anywhere(own_folder):
    home = Path(os.environ["XDG_CACHE_HOME"]).parent
    doctor()
    assert ([], False) == ([*own_folder.iterdir()], home.exists())


def test_the_terminal_prints_it_and_ends_with_0(capsys):
    assert 0 == main(["doctor"])
    assert 0 == main(["doctor", "--json"])
    text, brace, document = capsys.readouterr().out.partition("{\n")
    assert text.startswith("Diagnosis of colab_save. Paste it into a bug report.")
    assert colab_save.__version__ == json.loads(brace + document)["colab_save"]["version"]


def test_a_magic_shows_it(fresh_ipython, capsys):
    fresh_ipython.run_line_magic("load_ext", "colab_save")
    fresh_ipython.run_cell("%modeldoctor").raise_error()
    assert "Diagnosis of colab_save" in capsys.readouterr().out
    fresh_ipython.run_line_magic("unload_ext", "colab_save")


def test_nothing_heavy_is_imported():
    script = "import sys, colab_save; colab_save.doctor(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set() == {"tensorflow", "keras", "numpy", "h5py", "IPython", "fsspec"}.intersection(ended.stdout.split())


# --- what fails ---


def test_a_probe_that_fails_costs_its_own_line_only():
    found = diagnose({"a": lambda: 1 // 0, "b": lambda: Finding("fine")}).findings
    assert ("not known (ZeroDivisionError: integer division or modulo by zero)", "fine") == (
        found["a"].text,
        found["b"].text,
    )
    assert "error" in found["a"].fields


def test_a_probe_that_hangs_is_given_up():
    released = threading.Event()
    found = diagnose({"a": released.wait}, 0.2).findings
    released.set()
    assert "no answer" == found["a"].text


def test_all_probes_are_asked_at_once():
    """Each waits for all the others."""
    together = threading.Barrier(9)

    def probe():
        together.wait(60)
        return Finding("fine")

    assert {"fine"} == {finding.text for finding in diagnose(dict.fromkeys("abcdefghi", probe), 60).findings.values()}


def test_an_error_of_ours_is_told_in_the_language_of_the_frontend():
    def probe():
        raise StoreUnavailableError(f"It needs {option('to')}.", "")

    with speaking(TERMINAL):
        assert "not known (StoreUnavailableError: It needs --to.)" == diagnose({"a": probe}).findings["a"].text


def test_a_probe_speaks_the_language_of_the_frontend():
    with speaking(TERMINAL):
        assert "--to" == diagnose({"a": lambda: Finding(render(option("to")))}).findings["a"].text


def test_without_a_home_and_an_account_it_comes(monkeypatch):
    def missing(_):
        raise KeyError("uid not found: 1000")

    for name in ("HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", missing)
    assert [*PROBES] == [*doctor().findings]


def test_in_a_working_folder_that_is_gone_it_comes(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    found = doctor().findings
    monkeypatch.chdir(tmp_path)
    broken = {name for name, finding in found.items() if "error" in finding.fields}
    assert {"working folder", "default store"} == broken


def test_a_cache_that_cannot_be_read_costs_its_own_line(own_folder):
    cache = Path(os.environ["XDG_CACHE_HOME"])
    (cache / "colab_save").parent.mkdir(parents=True)
    (cache / "colab_save").write_text("a file", "utf-8")
    assert "not known (NotADirectoryError: " in doctor().findings["cache"].text


def test_a_tensorflow_that_is_broken_is_not_imported(tmp_path):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("raise SystemExit('broken')", "utf-8")
    (tmp_path / "keras.py").write_text("1 // 0", "utf-8")
    ended = run(tmp_path, "doctor")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "tensorflow " in ended.stdout


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"Name: tensorflow\n"])
def test_broken_metadata_is_called_broken(tmp_path, content):
    for name in ("tensorflow-9.9.9.dist-info", "numpy-9.9.9.dist-info", "colab_save-9.9.9.dist-info"):
        (tmp_path / name).mkdir()
        if content is not None:
            (tmp_path / name / "METADATA").write_bytes(content)
    ended = run(tmp_path, "doctor")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "tensorflow broken, " in ended.stdout
    assert ", numpy broken, " in ended.stdout


# --- what it must not have ---

SECRETS = {
    "USER": "mallory",
    "JUPYTERHUB_USER": "trudy@example.org",
    "GIT_AUTHOR_NAME": "Eve Adams",
    "HF_TOKEN": "hf_swordfishswordfish",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "JUPYTER_TOKEN": "0123456789abcdef",
    "COLAB_SAVE_TO": "memory://AKIDEXAMPLE:wJalr/pass@shelf/mallory",
    "COLAB_SAVE_KEEP": "s3://AKIDEXAMPLE:wJalr/pass@bucket/mallory?sig=signature",
    "COLAB_SAVE_MALLORY": "wJalr",
    "KERAS_HOME": "/data/trudy/keras-hf_swordfishswordfish",
    "XLA_FLAGS": "--xla_dump_to=/home/mallory/dump",
    "TF_XLA_FLAGS": "eve.adams@example.org",
    "TF_VAR_admin": "terraformed",
}
LEAKS = (
    *("mallory", "trudy", "Eve Adams", "eve.adams", "example.org", "swordfish", "wJalr", "0123456789abcdef"),
    *("AKIDEXAMPLE", "signature", "terraformed"),
)


class TestPlanted:
    """A user whose name, secrets and home are everywhere."""

    @pytest.fixture(autouse=True)
    def planted(self, tmp_path, monkeypatch):
        home = tmp_path / "home" / "mallory"
        work = tmp_path / "mallory's work"
        for folder in (home, work, home / "tmp", home / ".config" / "colab_save", home / ".cache" / "colab_save"):
            folder.mkdir(parents=True, exist_ok=True)
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, value)
        for name, folder in {"HOME": "", "XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}.items():
            monkeypatch.setenv(name, str(home / folder))
        (home / ".config" / "colab_save" / "colab_save.key").write_text("ab" * 32, "ascii")
        monkeypatch.chdir(work)
        return home

    @staticmethod
    def fail():
        raise RuntimeError(f"{Path.home()}/x: {SECRETS['HF_TOKEN']} of eve.adams@example.org; {manifest().name} " * 5)

    @pytest.fixture
    def diagnosis(self, planted):
        return diagnose({**PROBES, "failing": self.fail})

    @pytest.mark.parametrize("leak", [*LEAKS, "ab" * 32, "/home/"])
    def test_it_is_in_no_form_of_the_report(self, diagnosis, leak):
        forms = (str(diagnosis), diagnosis._repr_html_(), json.dumps(diagnosis.to_json(), ensure_ascii=False))
        assert [False] * 3 == [leak.lower() in form.lower() for form in forms]

    def test_what_helps_is_still_there(self, diagnosis):
        text = str(diagnosis)
        assert "signing key: 1, in ~/.config/colab_save" in text
        assert "cache: ~/.cache/colab_save: nothing fetched" in text
        assert "default store: memory://…@shelf/… (remote): it answers" in text
        assert "settings: to: memory://…@shelf/…, set by COLAB_SAVE_TO in the environment; keep: s3://" in text
        assert "failing: not known (RuntimeError: ~/x: … of …; cats" in text

    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_it_is_not_in_what_the_terminal_prints(self, planted, form):
        ended = run(Path.cwd(), "doctor", *form)
        assert (0, "") == (ended.returncode, ended.stderr)
        assert [] == [leak for leak in (*LEAKS, "ab" * 32, "/home/") if leak.lower() in ended.stdout.lower()]
