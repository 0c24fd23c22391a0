"""The walk enters objects of the user's classes in a model, and not those of installed packages."""

from __future__ import annotations

import importlib
import sys

import keras
import pytest
import tensorflow as tf

from colab_save.model.walking import is_plain_object, walk_variables
from tests import zoo

pytestmark = pytest.mark.tensorflow

SOURCE = "class Holder:\n    def __init__(self, held):\n        self.held = held\n"


@pytest.fixture
def holder_in(tmp_path, monkeypatch):
    """Make a class in a module below a folder, as it is imported from there."""

    def make(folder, module):
        file = tmp_path.joinpath(folder, *module.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True)
        file.write_text(SOURCE)
        monkeypatch.syspath_prepend(tmp_path / folder)
        return importlib.import_module(module).Holder

    yield make
    for name in ("colab_save_toy", "colab_save_space", "colab_save_space.toy"):
        sys.modules.pop(name, None)


def paths(holder):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.parts = holder(tf.Variable(1.0))
    return [path for path, _ in walk_variables(model)]


@pytest.mark.parametrize("folder", ["lib/python3.12/site-packages", "dist-packages"])
@pytest.mark.parametrize("module", ["colab_save_toy", "colab_save_space.toy"])  # the latter in a package without a file
def test_an_object_of_an_installed_package_is_not_part_of_a_model(folder, module, holder_in):
    assert "parts/held" not in paths(holder_in(folder, module))


@pytest.mark.parametrize("folder", ["project", "my-packages"])
def test_an_object_of_the_users_own_files_is_part_of_a_model(folder, holder_in):
    assert "parts/held" in paths(holder_in(folder, "colab_save_toy"))


@pytest.mark.parametrize(
    "value",
    [
        zoo.Scale(),
        keras.optimizers.SGD(),
        keras.metrics.Mean(),
        tf.Variable(1),
        zoo.Counter(),
        test_an_object_of_the_users_own_files_is_part_of_a_model,
        zoo.Scale,
        zoo,
        3,
    ],
    ids=lambda value: type(value).__name__,
)
def test_parts_of_models_and_code_are_not_plain_objects(value):
    assert not is_plain_object(value)
