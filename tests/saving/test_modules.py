"""What Keras cannot describe comes back in an empty process as an object of its class, and trains on as it was."""

from __future__ import annotations

import collections
import re
import sys
import threading
import uuid
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.custom_code.running import load_custom_code
from colab_save.errors import RoundTripError, UnsupportedError, UntrustedCodeError
from colab_save.format_table import FORMATS
from colab_save.formats.checkpoint import CheckpointFormat
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.model.module_configs import module_config
from colab_save.proof.comparing import compare_weights
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import modules
from tests.modules import Dense, called, loop, train
from tests.zoo import Counter, rows

pytestmark = pytest.mark.tensorflow


class Block(keras.layers.Layer):
    """A layer of the notebook, whose argument is in no attribute of its name and in no config."""

    def __init__(self, units):
        super().__init__()
        self.inner = keras.layers.Dense(units)

    def call(self, inputs):
        return self.inner(inputs) * 2.0


class Mixed(tf.Module):
    """Layers and an optimizer of Keras in a module, and what its constructor was called with in no attribute."""

    def __init__(self, units, rate):
        super().__init__()
        self.block = Block(units)
        self.encoder = keras.Sequential([keras.Input((units,)), keras.layers.Dense(2, name="last")])
        self.last = self.encoder.layers[-1]
        self.optimizer = keras.optimizers.SGD(rate, momentum=0.9)
        self.lock = threading.Lock()  # which no file holds
        self.token = "hf_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7"

    def __call__(self, x):
        return self.encoder(self.block(x))

    def fit(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(x) ** 2)
        weights = [*self.block.trainable_variables, *self.encoder.trainable_variables]
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return float(loss)


def saved(model, folder, **changes):
    return save(SaveRequest(model, "cats", to=str(folder), **changes))


def loaded(folder, **changes):
    """Load what a fixture of the module saved, whose key is none of this test's."""
    return load(LoadRequest("cats", source=str(folder), trust=True, **changes)).model


def trip(report):
    return report.manifest.round_trips[0]


def verdicts(report):
    return {aspect: verdict.outcome for aspect, verdict in trip(report).verdicts.items()}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    model, folder = modules.sequential(), tmp_path_factory.mktemp("stack")
    return model, folder, saved(model, folder, sample=rows(2, 4))


def test_a_module_without_functions_is_saved_by_auto(stack):
    _, _, report = stack
    assert (Outcome.PASSED, ("checkpoint",)) == (report.outcome, report.manifest.formats)


def test_its_rung_is_told(stack):
    assert "Stack is rebuilt from its attributes, without its constructor." in stack[2].notes


def test_it_comes_back_as_an_object_of_its_class(stack):
    model, folder, _ = stack
    back = loaded(folder)
    assert ("Stack", True) == (type(back).__name__, back.first is back.again)
    assert np.allclose(model(rows(2, 4)), back(rows(2, 4)))


def test_its_code_is_readable_and_runs_alone(stack):
    _, folder, report = stack
    code = load_custom_code(folder / "cats" / report.manifest.version / "custom_code.py", "of_the_stack")
    assert {"Stack", "Dense"} <= code.keys()


def test_a_module_with_functions_is_saved_as_a_program_as_before(tmp_path):
    report = saved(Counter(), tmp_path)
    assert (Outcome.PASSED, ("saved_model",)) == (report.outcome, report.manifest.formats)


def test_what_was_set_later_comes_back(tmp_path):
    model = called(Dense(2))
    model.extra = tf.Variable([1.0, 2.0])
    model.kinds = collections.OrderedDict(a=slice(None, 2), b=range(3), c=collections.deque([1], 2), d=uuid.UUID(int=1))
    saved(model, tmp_path, sample=rows(2, 4))
    own = load(LoadRequest("cats", source=str(tmp_path))).model
    assert ([1.0, 2.0], model.kinds) == (own.extra.numpy().tolist(), own.kinds)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    model, folder = Mixed(3, 0.1), tmp_path_factory.mktemp("mixed")
    model.fit(rows(8, 4))
    return model, folder, saved(model, folder, sample=rows(2, 4))


def test_layers_and_optimizers_in_a_module_go_on_as_they_were(mixed):
    model, folder, _ = mixed
    back = loaded(folder)
    assert back.last is back.encoder.layers[-1]
    assert [model.fit(rows(8, 4)) for _ in range(2)] == [back.fit(rows(8, 4)) for _ in range(2)]


def test_a_layer_of_the_notebook_in_a_live_module_is_loaded_from_the_captured_code(mixed, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "Mixed", Mixed, raising=False)
    back = loaded(mixed[1])
    assert (Mixed, "Block") == (type(back), type(back.block).__name__)


def test_what_could_not_be_written_is_named_and_its_code_is_not_passed(mixed):
    report = mixed[2]
    reason = trip(report).verdicts[Aspect.CODE].reason
    assert (Outcome.SKIPPED, True, True) == (verdicts(report)[Aspect.CODE], "lock" in reason, "token" in reason)


def test_no_secret_is_in_the_file(mixed):
    _, folder, _ = mixed
    assert not any(b"hf_a1B2c3" in file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    model, folder = loop(), tmp_path_factory.mktemp("loop")
    return model, folder, saved(model, folder)


def test_a_loop_of_ones_own_is_proven_but_for_outputs_that_it_does_not_have(held):
    found = verdicts(held[2])
    proven = (Aspect.WEIGHTS, Aspect.TRAINING, Aspect.STRUCTURE, Aspect.CODE)
    assert dict.fromkeys(proven, Outcome.PASSED) == {aspect: found[aspect] for aspect in proven}
    assert "Of its parts, model gave equal answers" in trip(held[2]).verdicts[Aspect.OUTPUTS].reason


def test_a_loop_goes_on_where_it_was_also_in_a_live_one(held):
    model, folder, _ = held
    back, other = loaded(folder), loop(is_trained=False)
    assert other is loaded(folder, into=other)
    losses = [train(model), train(model)]
    assert (losses, losses) == ([train(back), train(back)], [train(other), train(other)])
    assert (4, 4) == (int(back.epoch), int(other.epoch))


def test_the_live_object_is_as_it_was_if_another_is_loaded_into_it(held):
    other = loop(4)
    before = examine(other)
    with pytest.raises(Exception, match="does not fit"):
        loaded(held[1], into=other)
    assert before == examine(other)


def test_attributes_of_somebody_else_are_set_on_trust_only(stack):
    with pytest.raises(UntrustedCodeError, match="sets their attributes"):
        load(LoadRequest("cats", source=str(stack[1])))


class Named(dict):
    """A dict with attributes."""


class Amount(float):
    """A number with attributes."""


def test_a_container_of_a_users_class_comes_back_with_what_it_holds(tmp_path):
    model = called(Dense(2))
    model.own = Named(a=1)
    saved(model, tmp_path, sample=rows(2, 4))
    own = loaded(tmp_path).own
    assert ("Named", {"a": 1}) == (type(own).__name__, own)


class Notes:
    """A plain object that holds a list and a dict."""

    def __init__(self, log, counts):
        self.log, self.counts = log, counts


def test_lists_and_dicts_that_two_places_hold_are_one_again(tmp_path):
    model, log, counts = called(Dense(2)), [1.0], {"a": [2]}
    model.log, model.counts, model.notes, model.others = log, counts, Notes(log, counts), Notes([1.0], {"a": [2]})
    saved(model, tmp_path, sample=rows(2, 4))
    own = loaded(tmp_path)
    own.log.append(3.0)
    own.counts["a"].append(4)
    assert ([1.0, 3.0], [2, 4]) == (list(own.notes.log), list(own.notes.counts["a"]))
    assert ([1.0], {"a": [2]}) == (own.others.log, own.others.counts)


def test_a_list_that_contains_itself_is_named():
    model = called(Dense(2))
    model.notes = Notes([1.0], {})
    model.notes.log.append(model.notes.log)
    assert {"notes.log": "refers to itself"} == module_config(model, lambda kind: kind.__name__).lost


def test_lists_of_one_moment_are_not_taken_for_one(tmp_path):
    model = called(Dense(2))
    model.own = [Named(a=number) for number in range(20)]
    saved(model, tmp_path, sample=rows(2, 4))
    assert [{"a": number} for number in range(20)] == list(map(dict, loaded(tmp_path).own))


def test_an_object_that_attributes_alone_do_not_make_is_no_plain_one(tmp_path):
    model = called(Dense(2))
    model.own = Amount(3.0)
    assert "own of Dense is not saved" in str(saved(model, tmp_path, sample=rows(2, 4)))


def test_a_module_without_variables_is_refused():
    with pytest.raises(UnsupportedError, match="the Module has no variables"):
        save(SaveRequest(tf.Module(), "cats"))


class Losing(CheckpointFormat):
    """Writes the checkpoint with a true loss."""

    def save(self, model, folder, sample, options):
        notes = super().save(model, folder, sample, options)
        file = folder / self.payload / "object.json"
        file.write_text(self.lose(file.read_text()))
        return notes

    @staticmethod
    def lose(text):
        raise NotImplementedError


class Dropping(Losing):
    """A variable that nothing refers to."""

    @staticmethod
    def lose(text):
        return text.replace('["extra"', '["__extra"')


class Changing(Losing):
    """A constant of the object."""

    @staticmethod
    def lose(text):
        return text.replace('["scale", 2.0]', '["scale", 2.5]')


class Forgetting(Losing):
    """The weights that an optimizer trains."""

    @staticmethod
    def lose(text):
        return text.replace('"trains": {"optimizer": ', '"trains": {"another": ')


class Unmarking(Losing):
    """The note that the object has its variables, so that a call makes new ones."""

    @staticmethod
    def lose(text):
        return re.sub(r'(\["ran", {"item": \[\d+, {"set": )\[.*?\]\]}\]', r"\1[]", text)


class Scaled(Dense):
    def __init__(self, units):
        super().__init__(units)
        self.scale = 2.0
        self.extra = tf.Variable(1.0)

    def __call__(self, x):
        return super().__call__(x) * self.scale


@pytest.mark.parametrize(
    ("kind", "make", "aspect"),
    [
        (Dropping, lambda: called(Scaled(2)), "weights"),
        (Changing, lambda: called(Scaled(2)), "outputs"),
        (Forgetting, loop, "training"),
        (Unmarking, modules.lazy, "A call of the Lazy makes weights: w"),
    ],
    ids=["a dropped variable", "a changed constant", "an optimizer without slots", "variables made again"],
)
def test_a_true_loss_is_found(tmp_path, monkeypatch, kind, make, aspect):
    model = make()
    monkeypatch.setitem(FORMATS, "checkpoint", replace(FORMATS["checkpoint"], plug=f"{__name__}:{kind.__name__}"))
    sample = rows(2, 4) if isinstance(model, tf.Module) else None
    with pytest.raises(RoundTripError, match=aspect):
        saved(model, tmp_path, sample=sample, formats="checkpoint")


def test_a_save_leaves_the_live_object_as_it_was(tmp_path):
    model = loop()
    before, attributes = examine(model), {name: id(value) for name, value in vars(model).items()}
    saved(model, tmp_path)
    assert (before, attributes) == (examine(model), {name: id(value) for name, value in vars(model).items()})
    assert [] == compare_weights(before, examine(model))
