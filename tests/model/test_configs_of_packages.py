"""What the ``get_config`` of a package drops is written where a second object shows that it belongs there."""

from __future__ import annotations

import importlib
import itertools
import sys
import zipfile

import keras
import pytest

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import RoundTripError
from colab_save.loading.pipeline import load
from colab_save.model.configs import Configs
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

SOURCE = """
import keras


class Scaling(keras.layers.Layer):
    def __init__(self, factor=1.0, limit=None, **arguments):
        super().__init__(**arguments)
        self.factor, self.limit = factor, limit

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "of_the_package": True}

    @classmethod
    def from_config(cls, config):
        assert config.pop("of_the_package")
        return cls(**config)


class Deriving(Scaling):
    def __init__(self, factor=1.0, **arguments):
        super().__init__(**arguments)
        self.twice = 2 * factor

    def call(self, inputs):
        return inputs * self.twice


class Client(Scaling):
    def __init__(self, factor=1.0, api_key="", **arguments):
        super().__init__(factor, **arguments)
        self.api_key = api_key


class Sampler:
    def __init__(self, temperature=1.0):
        self.temperature = temperature

    def get_config(self):
        return {"temperature": self.temperature}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package=__name__)
class Greedy(Sampler):
    pass


@keras.saving.register_keras_serializable(package=__name__)
class TopK(Sampler):
    pass


class Drawn(Greedy):
    pass


@keras.saving.register_keras_serializable(package=__name__)
class Writer(keras.Sequential):
    def __init__(self, layers=None, **arguments):
        super().__init__(layers, **arguments)
        self.compile()

    def compile(self, optimizer="auto", loss="mse", *, sampler=None, **arguments):
        super().compile("sgd" if optimizer == "auto" else optimizer, loss, **arguments)
        self.sampler = sampler or TopK()


class Whole(Scaling):
    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "limit": self.limit}
"""

_numbers = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with layers, as pip leaves it."""
    folder, name = tmp_path / "site-packages", f"nicelayers{next(_numbers)}"
    (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
    (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / f"{name}-1.0.dist-info" / "top_level.txt").write_text(f"{name}\n")
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    yield importlib.import_module(name)
    sys.modules.pop(name)


def around(layer):
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(zoo.rows(4, 3), zoo.rows(4, 2), verbose=0)
    return model


def test_a_dropped_argument_comes_back(package):
    report = save(SaveRequest(around(package.Scaling(3.0, limit=7)), "cats"))
    assert Outcome.PASSED is report.outcome
    assert "get_config() of Scaling drops 'factor' (written: 3.0), 'limit' (written: 7)." in report.notes


def test_an_argument_that_no_attribute_holds_is_a_loss(package):
    with pytest.raises(RoundTripError, match="outputs"):
        save(SaveRequest(around(package.Deriving(3.0)), "cats", formats="keras"))


def test_a_whole_config_is_written_as_the_package_returns_it(package):
    layer = package.Whole(3.0)
    before = layer.get_config()
    with Configs.of(around(layer)).whole():
        assert before == layer.get_config()
    assert Outcome.PASSED is save(SaveRequest(around(package.Whole(3.0)), "cats")).outcome


def writer(package, sampler):
    model = package.Writer([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(sampler=sampler)
    model.fit(zoo.rows(4, 3), zoo.rows(4, 2), verbose=0)
    return model


def test_what_only_its_own_compile_takes_comes_back(package, tmp_path):
    report = save(SaveRequest(writer(package, package.Greedy(0.7)), "cats", to=str(tmp_path)))
    found = load(LoadRequest("cats", source=str(tmp_path))).model.sampler
    assert (Outcome.PASSED, package.Greedy, 0.7) == (report.outcome, type(found), found.temperature)


def test_what_nobody_finds_by_its_name_is_a_loss(package):
    assert Outcome.PARTIAL is save(SaveRequest(writer(package, package.Drawn(0.7)), "cats")).outcome


def test_a_secret_that_a_package_leaves_out_stays_out(package, tmp_path):
    report = save(SaveRequest(around(package.Client(3.0, api_key="n0t-for-others")), "cats", to=str(tmp_path)))
    assert (Outcome.PARTIAL, True) == (report.outcome, "api_key" in str(report))
    assert b"n0t-for-others" not in b"".join(map(contents_of, tmp_path.rglob("*")))


def contents_of(path):
    if path.suffix == ".keras":
        return zipfile.ZipFile(path).read("config.json")
    return path.read_bytes() if path.is_file() else b""
