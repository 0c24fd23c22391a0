"""Whole saves of models with custom code: what the classes do not say is recorded, found or told, and proven."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.custom_code.running import load_custom_code
from colab_save.errors import RoundTripError
from colab_save.fresh_process.child import lacking_name
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

SCALE = 2.5


class Pipeline(keras.Model):
    """Made of two models, a function and numbers, and without a get_config."""

    def __init__(self, encoder, decoder, function, size=2, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.function, self.size = encoder, decoder, function, size

    def call(self, inputs):
        return self.function(self.decoder(self.encoder(inputs)))


class Weighted(keras.losses.Loss):
    """Its get_config drops the weight."""

    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


class Needs(keras.layers.Layer):
    """An argument without default, and no get_config: Keras records it."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


class Secretive(keras.layers.Layer):
    """It uses a name that no reader of its source can see, and looks a function up by another."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        name = "tw" + "ice"
        found = {"class_name": "function", "config": name, "module": __name__, "registered_name": name}
        self.factor = keras.saving.deserialize_keras_object(found)(0.5)

    def call(self, inputs):
        return inputs * self.factor * eval("SCALE")


class Astray(keras.layers.Layer):
    """It works here and nowhere else."""

    def call(self, inputs):
        return inputs * (eval("nowhere") if __name__.startswith("colab_save") else 2)


LOCK = threading.Lock()


class Locked(keras.layers.Layer):
    def call(self, inputs):
        with LOCK:
            return inputs * 2


class Holder(keras.layers.Layer):
    """It takes a function that Keras cannot look up, and has no get_config."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


def twice(value):
    return 2 * value


def of(layer):
    return keras.Sequential([keras.Input((3,)), layer])


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """A model made of objects, and the report of its save."""
    encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Needs(0.5)])
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model = Pipeline(encoder, decoder, twice, size=7)
    model.compile("adam", Weighted(3.0))
    model.fit(*DATA, verbose=0)
    folder = tmp_path_factory.mktemp("pipeline")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        return model, save(SaveRequest(model, "pipeline", to=str(folder / "store"), formats="keras"))


DATA = zoo.rows(8, 4), zoo.rows(8, 2)


def test_what_was_recorded_is_told_and_nothing_of_a_class_that_keras_records(pipeline):
    text = str(pipeline[1])
    assert "Pipeline has no get_config() for 'encoder' (written: Sequential object)" in text
    assert "get_config() of Weighted drops 'weight' (written: 3.0)" in text
    assert "Needs" not in text


def test_models_and_functions_that_a_constructor_takes_come_back_and_train_on(pipeline):
    model, report = pipeline
    report = load(LoadRequest("pipeline", source=str(Path(report.where).parents[1]), trust=True))
    loaded = report.model
    assert (True, 7, 0.5) == (report.is_proven, loaded.size, loaded.encoder.layers[1].factor)
    before, after = (each.fit(*DATA, verbose=0, shuffle=False).history["loss"] for each in (model, loaded))
    assert before == pytest.approx(after, rel=1e-5)


def test_plain_keras_opens_it_as_its_readme_says(pipeline, monkeypatch):
    folder = Path(pipeline[1].where)
    custom_code = load_custom_code(folder / "custom_code.py", "custom_code")
    blocks = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    exec(next(block for block in blocks if "from_config" in block), {})
    model = keras.saving.load_model(folder / "model.keras", custom_objects=custom_code)
    monkeypatch.delitem(sys.modules, "custom_code")
    assert (7, "twice") == (model.size, model.function.__name__)


def test_names_that_the_fresh_process_lacks_are_found_and_proven():
    with keras.saving.custom_object_scope({"twice": twice}):
        model = of(Secretive())
    report = save(SaveRequest(model, "secretive", formats="keras"))
    assert Outcome.PASSED is report.outcome, str(report)
    source = Path(report.where, "custom_code.py").read_text("utf-8")
    assert (True, True) == ("SCALE = 2.5\n" in source, "def twice(" in source)


def test_a_name_that_is_nowhere_is_told():
    with pytest.raises(RoundTripError, match="nowhere is not defined in the notebook either"):
        save(SaveRequest(of(Astray()), "astray", formats="keras"))


@pytest.mark.parametrize("name", ["Absent", "somewhere>Absent"])
@pytest.mark.parametrize("kind", ["class", "function"])
def test_what_keras_says_of_a_name_that_it_lacks_is_understood(name, kind):
    config = {"class_name": name, "config": {}, "module": None, "registered_name": name}
    if kind == "function":
        config |= {"class_name": "function", "config": name}
    with pytest.raises(TypeError) as caught:
        keras.saving.deserialize_keras_object(config)
    assert "Absent" == lacking_name(caught.value)


def test_what_keras_says_when_it_reads_hdf5_is_understood():
    with pytest.raises(ValueError, match="Unknown") as caught:
        keras.legacy.saving.deserialize_keras_object({"class_name": "Absent", "config": {}})
    assert "Absent" == lacking_name(caught.value)


def test_a_name_is_found_below_what_keras_makes_of_the_error():
    with pytest.raises(NameError) as caught:
        keras.layers.Lambda(lambda value: nowhere_at_all)(np.ones(1))  # noqa: F821
    assert "nowhere_at_all" == lacking_name(caught.value)


def test_other_errors_lack_no_name():
    assert "" == lacking_name(ValueError("of something else"))


def test_a_global_that_lives_is_named_and_auto_falls_back():
    model = of(Locked())
    report = save(SaveRequest(model, "locked"))
    assert (["saved_model"], Outcome.PARTIAL) == ([p.format for p in report.manifest.payloads], report.outcome)
    reason = "LOCK (used by Locked) holds a live _thread.lock, which source code cannot rebuild"
    assert reason in report.attempts[0].reason
    inputs = zoo.rows(2, 3)
    np.testing.assert_allclose(model(inputs), load(LoadRequest("locked")).model(inputs), rtol=1e-6)


class Guarded:
    """A function with a lock."""

    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, inputs):
        with self.lock:
            return inputs * 2


def test_what_cannot_be_recorded_is_refused_by_its_name():
    with pytest.raises(RoundTripError, match=r"the attribute function of Holder is not saved: it is a lock") as caught:
        save(SaveRequest(of(Holder(Guarded())), "holder", formats="keras"))
    assert "Return every argument of __init__ from get_config()." in caught.value.hint


def test_a_function_of_a_package_comes_back_by_its_public_name():
    report = save(SaveRequest(of(Holder(tf.nn.relu)), "holder", formats="keras"))
    assert Outcome.PASSED is report.outcome, str(report)
    assert "from tensorflow.nn import relu" in Path(report.where, "custom_code.py").read_text("utf-8")


TRACKER = keras.metrics.Mean()


class Tracking(keras.Model):
    """Its training notes the loss in a metric of the notebook, as official examples do."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)

    def compute_loss(self, *inputs, **named):
        loss = super().compute_loss(*inputs, **named)
        TRACKER.update_state(loss)
        return loss

    def get_config(self):
        return super().get_config()


def test_a_metric_that_its_training_uses_starts_anew_in_the_next_runtime():
    [trip] = save(SaveRequest(trained(Tracking), "cats", formats="keras")).manifest.round_trips
    assert [Outcome.PASSED] * 2 == [trip.verdicts[aspect].outcome for aspect in (Aspect.CODE, Aspect.STEP)]


class Locking(Tracking):
    """Its training uses what no code can rebuild."""

    def compute_loss(self, *inputs, **named):
        with LOCK:
            return super().compute_loss(*inputs, **named)


class Showing(Tracking):
    """Nothing that a proof runs uses what no code can rebuild."""

    def show(self):
        return LOCK


def trained(kind):
    return zoo.trained(kind(), zoo.rows(4, 3), zoo.rows(4, 2))


def test_code_that_lacks_what_only_its_training_uses_fails():
    with pytest.raises(RoundTripError, match=r"step: LOCK \(used by Locking\)(?s:.*)NameError"):
        save(SaveRequest(trained(Locking), "cats", formats="keras"))


def test_code_that_lacks_what_no_proof_runs_is_never_called_proven():
    report = save(SaveRequest(trained(Showing), "cats"))
    verdict = report.manifest.round_trips[0].verdicts[Aspect.CODE]
    assert (Outcome.SKIPPED, True) == (verdict.outcome, "LOCK" in verdict.reason)
    assert "saved, some code could not be captured" in str(report).splitlines()[0]


def of_keras_2(function):
    """A model of tf_keras whose Lambda layers hold a function with an argument, a lambda and one of TensorFlow."""
    inputs = tf_keras.layers.Input((4,))
    x = tf_keras.layers.Lambda(function, arguments={"by": 2.0})(inputs)
    x = tf_keras.layers.Lambda(lambda x: tf.reshape(x, (-1, 4)) + SCALE, output_shape=(4,))(x)
    model = tf_keras.Model(inputs, tf_keras.layers.Dense(2)(tf_keras.layers.Lambda(tf.math.softplus)(x)))
    model.compile("adam", "mse")
    model.fit(zoo.rows(8, 4), zoo.rows(8, 2), verbose=0)
    return model


def times(x, by):
    return x * by


def test_a_lambda_layer_of_keras_2_comes_back_by_the_names_of_its_functions(tmp_path):
    model = of_keras_2(times)
    before = [layer.get_config() for layer in model.layers]
    report = save(SaveRequest(model, "cats", to=str(tmp_path)))
    assert ["keras"] == list(report.manifest.formats)
    assert before == [layer.get_config() for layer in model.layers]
    other = load(LoadRequest("cats", source=str(tmp_path))).model
    assert np.allclose(model(zoo.rows(8, 4)), other(zoo.rows(8, 4)))
    assert other.layers[1].function(3.0, by=2.0) == 6.0


def test_a_lambda_layer_of_keras_2_whose_function_is_another_in_the_next_runtime_fails(tmp_path, monkeypatch):
    save(SaveRequest(of_keras_2(times), "cats", to=str(tmp_path)))
    monkeypatch.setitem(vars(sys.modules["__main__"]), "times", lambda x, by: x + by)
    with pytest.raises(RoundTripError):
        load(LoadRequest("cats", source=str(tmp_path)))
