"""Models of tf_keras in each format, and saved and loaded as a user does."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.artifact.round_trip import Aspect
from colab_save.dialect import dialect_of, is_functional, kind_of, nodes_of
from colab_save.formats.base import Context, get_format
from colab_save.fresh_process.child import NOT_NEEDED
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.model.repairing import Record, repair
from colab_save.nested import leaves
from colab_save.proof.comparing import compare, compare_weights
from colab_save.proof.tolerances import compare_outputs
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.sampling.sampling import take_sample
from colab_save.saving.pipeline import save
from tests import old_zoo
from tests.zoo import rows

pytestmark = pytest.mark.tensorflow

CASES = [
    *(("sequential", name) for name in ("keras", "h5", "weights", "saved_model", "litert")),
    *(("subclassed", name) for name in ("keras", "weights")),
    *(("many_inputs", name) for name in ("keras", "saved_model")),
    ("nested", "h5"),
    ("text", "saved_model"),
    ("mixed_precision", "keras"),
    ("of_old_optimizer", "h5"),
]
CUSTOM = {"Classifier": old_zoo.Classifier, "Scale": old_zoo.Scale}


@functools.cache
def subject(make):
    """A model, what it is, and what it answers."""
    model = getattr(old_zoo, make)()
    return model, examine(model), take_sample(model, None, get_format("keras").run)


def brought_back(make, name, folder):
    """Write a model in a format and read it; return the aspects that were lost, and the outputs before and after."""
    (model, facts, sample), plug = subject(make), get_format(name)
    assert not plug.refusal(model)
    plug.save(model, folder, sample, plug.Options())
    loaded = plug.load(folder / plug.payload, Context(CUSTOM, dialect="tf_keras"))
    found = compare(facts, examine(loaded))
    lost = {aspect: found[aspect][0] for aspect in plug.holds if found.get(aspect)}
    return lost, *compare_outputs(sample.outputs, plug.run(loaded, sample.inputs), None, None)


@pytest.mark.parametrize(("make", "name"), CASES)
def test_a_model_comes_back_as_it_was(make, name, tmp_path):
    lost, _, differences = brought_back(make, name, tmp_path)
    assert ({}, []) == (lost, differences)


def test_an_old_optimizer_is_lost_in_a_keras_file_and_only_that_is_said(tmp_path):
    lost, *_ = brought_back("of_old_optimizer", "keras", tmp_path)
    assert [(Aspect.TRAINING, "iterations")] == [(aspect, found.where) for aspect, found in lost.items()]


@pytest.mark.parametrize("name", ["h5", "weights"])
def test_formats_that_would_lose_a_vocabulary_refuse_it(name):
    assert "vocabulary" in get_format(name).refusal(subject("text")[0])


def repaired(model, folder, custom):
    """Write a model as a Keras file, read and repair it; return the differences between the facts."""
    plug, facts = get_format("keras"), examine(model)
    plug.save(model, folder, take_sample(model, None, plug.run), plug.Options())
    loaded = plug.load(folder / plug.payload, Context(custom, dialect="tf_keras"))
    repair(loaded, folder / plug.payload, Record.of(facts), custom)
    return {aspect: [str(each) for each in found] for aspect, found in compare(facts, examine(loaded)).items() if found}


def test_arguments_of_layers_that_the_config_drops_are_put_back(tmp_path):
    layers = tf_keras.layers
    model = tf_keras.Sequential([layers.Input((4,)), layers.AlphaDropout(0.3, noise_shape=(4, 1)), layers.Dense(2)])
    assert {} == repaired(model, tmp_path, {})


class TwoOptimizers(tf_keras.Model):
    """Has a compile of its own, with an optimizer that Keras does not know."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = tf_keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)

    def compile(self, other=None, **kwargs):
        super().compile(**kwargs)
        self.other = other


def test_the_state_of_an_optimizer_of_an_own_compile_is_put_back(tmp_path):
    model = TwoOptimizers()
    model(rows(2, 3))
    model.compile(tf_keras.optimizers.Adam(0.1))
    model.other.apply_gradients([(tf.ones_like(variable), variable) for variable in model.trainable_variables])
    assert {} == repaired(model, tmp_path, {"TwoOptimizers": TwoOptimizers})


def test_it_is_a_kind_of_its_own():
    model = subject("many_inputs")[0]
    assert ("tf_keras", "tf_keras") == (kind_of(model), dialect_of(model))


def test_a_subclassed_model_that_was_called_is_no_graph():
    models = [subject(make)[0] for make in ("subclassed", "nested", "sequential")]
    assert [False, True, True] == list(map(is_functional, models))


def test_the_calls_of_a_graph_are_in_their_order():
    assert ["given", "inner", "inner", "head"] == [layer.name for layer, _ in nodes_of(subject("nested")[0])]


def test_the_state_of_metrics_is_no_weight():
    assert [] == [item.path for item in subject("subclassed")[1].variables if "total" in item.path]


@pytest.fixture(scope="module")
def saving(tmp_path_factory):
    """A model of custom classes, saved in every format that holds it, the report, the store and the user's home."""
    store, home = str(tmp_path_factory.mktemp("store")), str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", home)
        model = old_zoo.subclassed()
        report = save(SaveRequest(model, "old", to=store, formats="keras,weights,saved_model"))
    return model, report, store, home


@pytest.fixture
def saved(saving, monkeypatch):
    """The same, for the user who saved it."""
    *found, home = saving
    monkeypatch.setenv("XDG_CONFIG_HOME", home)
    return found


def test_a_fresh_process_proves_every_format(saved):
    _, report, _ = saved
    assert {"keras", "weights", "saved_model"} == {
        trip.format for trip in report.manifest.round_trips if trip.is_passed
    }


@pytest.mark.parametrize("name", ["keras", "weights"])
def test_it_loads_as_a_model_of_tf_keras(saved, name):
    _, _, store = saved
    loaded = load(LoadRequest("old", source=store, format=name))
    assert (True, True) == (loaded.is_proven, isinstance(loaded.model, tf_keras.Model))


def test_it_trains_on_where_it_stood(saved):
    model, _, store = saved
    loaded = load(LoadRequest("old", source=store)).model
    inputs, targets = rows(8, 4, seed=2), rows(8, 2, seed=3)
    first, second = (each.fit(inputs, targets, verbose=0, shuffle=False).history["loss"] for each in (model, loaded))
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_weights_load_into_a_model_of_tf_keras(saved):
    _, report, store = saved
    target = old_zoo.Classifier()
    target(rows(2, 4))
    load(LoadRequest("old", source=store, into=target))
    assert [] == compare_weights(report.manifest.facts, examine(target))


def test_the_artifact_says_which_keras_opens_it(saved):
    _, report, _ = saved
    text = Path(report.where, "README.md").read_text("utf-8")
    assert (True, False) == ("import tf_keras" in text, "import keras" in text)
    assert {"tf_keras"} == {"keras", "tf_keras"} & report.manifest.environment.keys()


def test_a_model_of_keras_3_costs_no_import_of_tf_keras():
    program = (
        f"import sys; sys.modules.update({dict.fromkeys(NOT_NEEDED)}); import keras;"
        "from colab_save.model.examining import examine; from colab_save.sampling.sampling import take_sample;"
        "from colab_save.sampling.running import run_keras;"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]);"
        "examine(model), take_sample(model, None, run_keras); print('tf_keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "False" == done.stdout.strip(), done.stderr


def test_a_sample_of_a_subclassed_model_is_what_it_was_called_with():
    sample = subject("subclassed")[2]
    assert [(4, 4)] == [item.shape for _, item in leaves(sample.inputs)]
