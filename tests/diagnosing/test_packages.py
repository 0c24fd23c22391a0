"""The versions of packages, by their metadata alone."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from colab_save.diagnosing.packages import MODULES, REQUIRED, USED, packages

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install packages by their metadata alone, as the only ones there are; none of them is loaded."""
    known = {MODULES.get(name, name) for name in (*REQUIRED, *USED)}
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "modules", {name: module for name, module in sys.modules.items() if name not in known})

    def install(name, version):
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")

    return install


def names(requirements):
    return {re.split(r"[\[<>=;]", text)[0].strip() for text in requirements}


def test_each_requirement_is_asked_for():
    assert names(PROJECT["dependencies"]) == set(REQUIRED)


def test_each_package_of_an_extra_for_users_is_asked_for():
    extras = PROJECT["optional-dependencies"]
    wanted = names(item for name, items in extras.items() if name not in {"docs", "test"} for item in items)
    assert wanted <= set(USED)


def test_what_is_not_installed_is_told_if_it_is_required(installed):
    installed("numpy", "2.1.3")
    found = packages()
    assert found.text.startswith("numpy 2.1.3; not installed: tensorflow, keras, h5py, ")
    assert "netron" not in found.text
    assert found.fields["versions"]["netron"] is None


@pytest.mark.parametrize(("name", "shown"), [("tf-nightly", "tensorflow"), ("keras-nightly", "keras")])
def test_a_package_under_another_name_is_told_with_it(installed, name, shown):
    installed(name, "9.0.dev1")
    assert f"{shown} 9.0.dev1 ({name})" in packages().text


def loaded(monkeypatch, name, version):
    module = ModuleType(name)
    module.__version__ = version
    monkeypatch.setitem(sys.modules, name, module)


def test_a_package_that_was_replaced_since_it_was_loaded_wants_a_restart(installed, monkeypatch):
    installed("tensorflow", "2.21.0")
    loaded(monkeypatch, "tensorflow", "2.20.0")
    assert "tensorflow 2.21.0 (2.20.0 is loaded: restart the session)" in packages().text


def test_a_package_that_is_loaded_as_it_is_installed_needs_no_word(installed, monkeypatch):
    installed("tf-nightly", "9.0.dev1")
    loaded(monkeypatch, "tensorflow", "9.0.dev1")
    assert packages().text.startswith("tensorflow 9.0.dev1 (tf-nightly); ")


def test_a_module_that_is_half_loaded_is_not_asked(installed, monkeypatch):
    class Lazy(ModuleType):
        def __getattr__(self, name):
            raise AssertionError(name)

    installed("tensorflow", "2.21.0")
    monkeypatch.setitem(sys.modules, "tensorflow", Lazy("tensorflow"))
    assert packages().text.startswith("tensorflow 2.21.0; ")
