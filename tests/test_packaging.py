"""What installing does: on Colab it adds this one package and changes no other, and it asks for nothing unused."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REQUIRED = [Requirement(line) for line in PROJECT["dependencies"]]
LINES = (ROOT / "tests" / "constraints-colab.txt").read_text("utf-8").splitlines()
PINS = {canonicalize_name(name): pin for name, _, pin in (line.partition("==") for line in LINES) if pin}
IMPORT = re.compile(r"^\s*(?:import|from(?= \S+ import )) ([\w.]+)(?: import .*| as \w+)?$", re.MULTILINE)
EXTRAS = {name for lines in PROJECT["optional-dependencies"].values() for name in lines}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this tree by the backend that pip would call."""
    builder = WheelBuilder(str(ROOT))
    return Path(next(iter(builder.build(directory=str(tmp_path_factory.mktemp("wheel"))))))


def pip(*arguments):
    """Run this environment's pip, which can reach no index."""
    command = [sys.executable, "-m", "pip", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("requirement", REQUIRED, ids=str)
def test_colab_already_carries_what_is_required(requirement):
    assert PINS[canonicalize_name(requirement.name)] in requirement.specifier


def test_installing_the_wheel_changes_no_installed_package(wheel, tmp_path):
    """Without an index pip can use only what is installed; in the colab environment that is what Colab carries."""
    report = tmp_path / "report.json"
    pip("install", "--dry-run", "--quiet", "--no-index", "--report", report, f"{wheel}[onnx]")
    added = {item["metadata"]["name"] for item in json.loads(report.read_text("utf-8"))["install"]}
    assert set() == added - {"colab_save"}


def test_the_wheel_holds_the_package_and_its_licence_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    places = {re.sub(r"^colab_save-[^/]+\.dist-info/", "dist-info/", name) for name in names}
    tracked = {f"colab_save/{path.relative_to(ROOT / 'colab_save')}" for path in (ROOT / "colab_save").rglob("*.py")}
    described = {
        f"dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    }
    assert tracked | described | {"colab_save/py.typed"} == places


def test_what_is_required_is_what_is_imported():
    named = [*REQUIRED, *map(Requirement, EXTRAS)]
    owners = {"google.protobuf": "protobuf", "sklearn": "scikit-learn"}
    owners |= {name: found.name for found in named for name in top_levels_of(found.name)}
    optional = {canonicalize_name(Requirement(line).name) for line in EXTRAS}
    not_installable = {"_typeshed", "google.colab"}
    needed = {
        canonicalize_name(owners[name])
        for path in (ROOT / "colab_save").rglob("*.py")
        for name in imports_of(path.read_text("utf-8"))
        if name not in sys.stdlib_module_names | not_installable | {"colab_save"}
    }
    assert {canonicalize_name(requirement.name) for requirement in REQUIRED} == needed - optional


def top_levels_of(distribution):
    """What an installed distribution is imported as."""
    try:
        listed = importlib.metadata.distribution(distribution).read_text("top_level.txt")
    except importlib.metadata.PackageNotFoundError:  # an extra that is not here
        return []
    return (listed or distribution.lower().replace("-", "_")).split()


def imports_of(text):
    """The top-level name of each import; two parts where the first is shared by many packages."""
    for name in IMPORT.findall(text):
        parts = name.split(".")
        yield ".".join(parts[:2]) if parts[0] == "google" else parts[0]
