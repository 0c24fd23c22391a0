"""A repeated proof rests on the full one before, as far as only values differ, and still catches every loss."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import DamagedFileError, RoundTripError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.full_proofs import MOST, FullProof, FullProofs, Likeness
from colab_save.saving.pipeline import save
from colab_save.saving.plan import Destination
from colab_save.stores.local import LocalStore
from colab_save.versions.curating import delete_version
from colab_save.versions.listing import list_models
from tests import zoo

pytestmark = pytest.mark.tensorflow

X, Y = zoo.rows(8, 4), zoo.rows(8, 2)


class Watching(keras.layers.Layer):
    """Prints in which mode it is called."""

    def call(self, inputs, training=False):
        print("trains" if training else "infers")
        return inputs * 2.0 if training else inputs


class Annealed(keras.layers.Layer):
    """Adds a loss by a number that a callback sets, and that no config has."""

    def __init__(self):
        super().__init__()
        self.amount = 0.0

    def call(self, inputs):
        self.add_loss(self.amount * keras.ops.mean(inputs))
        return inputs


class Losing(keras.layers.Layer):
    """Writes another weight once its weight is more than one."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * self.scale

    def save_own_variables(self, store):
        store["0"] = np.minimum(self.scale.numpy(), 1.0)


class Straying(keras.layers.Layer):
    """Answers otherwise in a fresh process, once its weight is more than one."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        is_fresh = 1.0 if "colab_save_custom_code" in __name__ else 0.0
        return inputs + is_fresh * keras.ops.maximum(self.scale - 1.0, 0.0)


def made(*others, compiled=True):
    layers = [keras.layers.Dense(3, name="first"), *others, keras.layers.Dense(2, name="last")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
        move(model)
    return model


def move(model):
    """Change the values of a model, as training does."""
    if model.compiled:
        model.fit(X, Y, verbose=0)
    else:
        model.set_weights([weight + 0.1 for weight in model.get_weights()])


def kept(model, target="cats", **fields):
    return save(SaveRequest(model, target, **{"formats": "keras", "sample": X, **fields})).manifest


def twice(model, **fields):
    first = kept(model, **fields)
    move(model)
    return first, kept(model, **fields)


def test_only_values_that_differ_rest_on_the_version_before():
    first, second = twice(made())
    assert ("", first.version, Outcome.PASSED) == (first.rests_on, second.rests_on, second.outcome)


def test_before_the_optimizer_has_variables_a_proof_is_another():
    model = made(compiled=False)
    model.compile("adam", "mse")
    kept(model)
    move(model)
    assert "" == kept(model).rests_on


def test_every_later_one_rests_on_the_full_proof():
    model = made()
    first, _ = twice(model)
    move(model)
    assert first.version == kept(model).rests_on


@pytest.mark.parametrize("compiled", [True, False])
def test_random_layers_and_models_that_do_not_train_rest_too(compiled):
    first, second = twice(made(keras.layers.Dropout(0.5), keras.layers.BatchNormalization(), compiled=compiled))
    assert first.version == second.rests_on


def test_a_class_of_ones_own_rests_too():
    first, second = twice(made(Watching()))
    assert first.version == second.rests_on


def test_an_attribute_on_which_only_training_depends_makes_the_proof_full():
    layer = Annealed()
    model = made(layer)
    kept(model)
    layer.amount = 0.5
    assert "" == kept(model, formats="auto").rests_on


@pytest.mark.parametrize("formats", ["saved_model", "weights", "keras,saved_model"])
def test_other_formats_rest_too(formats):
    first, second = twice(made(keras.layers.Dropout(0.5)), formats=formats)
    assert first.version == second.rests_on


def test_a_collection_rests_too():
    models = {"one": made(), "other": made(compiled=False)}
    first = kept(models, sample=None)
    move(models["one"])
    assert first.version == kept(models, sample=None).rests_on


def test_a_plain_file_rests_too(tmp_path):
    first, second = twice(made(), target=str(tmp_path / "cats.keras"))
    assert first.version == second.rests_on


def test_the_live_model_does_not_train_again(capsys):
    model = made(Watching(), compiled=False)
    kept(model)
    move(model)
    capsys.readouterr()
    kept(model)
    assert {"infers"} == set(capsys.readouterr().out.split())


def test_the_report_names_the_version_that_it_rests_on():
    model = made()
    first = kept(model)
    move(model)
    report = save(SaveRequest(model, "cats", formats="keras", sample=X))
    [trip] = report.manifest.round_trips
    said = f"rests on the full proof of cats@{first.version}"
    assert (True, True) == (said in str(report), said in trip.verdicts[Aspect.STEP].reason)


def test_a_load_names_it_too_and_passes():
    model = made(keras.layers.Dropout(0.5))
    first, second = twice(model)
    report = load(LoadRequest("cats"))
    assert (second.version, Outcome.PASSED) == (report.manifest.version, report.round_trip.outcome)
    assert f"rests on the full proof of cats@{first.version}" in str(report)


def test_a_base_that_was_pruned_is_still_named():
    first, _ = twice(made(), keep=1)
    assert [first.version] == [manifest.rests_on for manifest in list_models().manifests]


def test_nothing_rests_on_a_version_that_was_pruned():
    model = made()
    twice(model, keep=1)
    move(model)
    third = kept(model, keep=1)
    move(model)
    assert ("", third.version) == (third.rests_on, kept(model).rests_on)


def test_nothing_rests_on_a_version_that_was_deleted():
    model = made()
    first, _ = twice(model)
    delete_version(f"cats@{first.version}")
    move(model)
    assert "" == kept(model).rests_on


def test_a_manifest_with_an_impossible_base_is_damaged():
    _, second = twice(made())
    assert second == Manifest.from_json(second.to_json(), "x")
    with pytest.raises(DamagedFileError, match="is not a version id"):
        Manifest.from_json(second.to_json().replace(second.rests_on, "../../elsewhere"), "x")


def changed_loss(model):
    model.compile("adam", "mae", metrics=["mae"])
    model.fit(X, Y, verbose=0)


def changed_metric(model):
    model.compile("adam", "mse", metrics=["mse"])
    model.fit(X, Y, verbose=0)


def changed_rate(model):
    model.optimizer.learning_rate = 0.5


def changed_argument(model):
    model.get_layer("first").activation = keras.activations.relu


def frozen_layer(model):
    model.get_layer("first").trainable = False


def changed_policy(model):
    model.get_layer("first").dtype_policy = keras.DTypePolicy("mixed_bfloat16")


CHANGES = [changed_loss, changed_metric, changed_rate, changed_argument, frozen_layer, changed_policy]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_is_proven_in_full(change):
    model = made()
    kept(model)
    change(model)
    assert "" == kept(model).rests_on


def test_another_layer_is_proven_in_full():
    kept(made())
    assert "" == kept(made(keras.layers.Dense(3))).rests_on


def test_other_code_is_proven_in_full():
    def holding(factor):
        class Scaling(keras.layers.Layer):
            def call(self, inputs):
                return inputs * factor

        return made(Scaling())

    kept(holding(2.0))
    assert "" == kept(holding(3.0)).rests_on


@pytest.mark.parametrize("fields", [{"sample": X + 1}, {"sample": X[:2]}, {"rtol": 1e-3}, {"full": True}])
def test_another_sample_tolerance_or_the_wish_makes_it_full(fields):
    model = made()
    kept(model)
    assert "" == kept(model, **fields).rests_on


def test_another_name_or_store_is_proven_in_full(tmp_path):
    model = made()
    kept(model)
    assert ("", "") == (kept(model, "dogs").rests_on, kept(model, to=str(tmp_path / "elsewhere")).rests_on)


def test_a_full_proof_is_what_later_ones_rest_on():
    model = made()
    kept(model)
    again = kept(model, full=True)
    assert again.version == kept(model).rests_on


def test_nothing_rests_on_what_was_not_proven():
    model = made()
    kept(model, verify=False)
    assert "" == kept(model).rests_on


@pytest.mark.parametrize(("layer", "aspect"), [(Losing, "weights"), (Straying, "outputs")])
def test_a_loss_that_comes_later_is_caught(layer, aspect):
    model = made(layer(name="own"), compiled=False)
    kept(model)
    kept(model)
    model.get_layer("own").scale.assign(3.0)
    with pytest.raises(RoundTripError, match=aspect):
        kept(model)


def test_only_so_many_names_are_remembered(tmp_path):
    proofs, store = FullProofs(), LocalStore(tmp_path)
    for number in range(MOST + 1):
        proofs.remember(Destination(store, f"m{number}"), FullProof(f"{number}", Likeness("", ()), (), "", ()))
    found = [proofs.find(Destination(store, name)) for name in ("m0", "m1", f"m{MOST}")]
    assert [False, True, True] == [proof is not None for proof in found]
