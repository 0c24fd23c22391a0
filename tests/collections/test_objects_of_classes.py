"""An object of a class of the user's that holds models comes back as one of its class, with all that it can do."""

from __future__ import annotations

import collections
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save import load_model
from colab_save.artifact.collection import compare_collections
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.collections.splitting import collection_of
from colab_save.errors import UntrustedCodeError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

pytestmark = pytest.mark.tensorflow

NOISE, REAL = zoo.rows(4, 2), zoo.rows(4, 3, seed=1)
BUSY = threading.Lock()


class GAN:
    """A GAN as tutorials write it: no class of Keras."""

    def __init__(self, width):
        self.generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width), keras.layers.Dense(3)])
        self.discriminator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(width), keras.layers.Dense(1)])
        self.combined = keras.Sequential([self.generator, self.discriminator])
        self.g_opt, self.d_opt = keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02)
        self.loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self.history = []

    def train_step(self, noise, real):
        with tf.GradientTape(persistent=True) as tape:
            fake, true = self.combined(noise, training=True), self.discriminator(real, training=True)
            of_g = self.loss(tf.ones_like(fake), fake)
            of_d = self.loss(tf.ones_like(true), true) + self.loss(tf.zeros_like(fake), fake)
        for optimizer, model, loss in ((self.g_opt, self.generator, of_g), (self.d_opt, self.discriminator, of_d)):
            weights = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.history.append([float(of_g), float(of_d)])
        return self.history[-1]


@dataclass
class Transition:
    state: np.ndarray
    reward: float


class Memory:
    def __init__(self, owner):
        self.owner = owner
        self.items = collections.deque(maxlen=3)


class Agent:
    def __init__(self, states):
        self.online = keras.Sequential([keras.Input((states,)), keras.layers.Dense(2)])
        self.target = keras.models.clone_model(self.online)
        self.memory = Memory(self)
        self.also = self.memory
        self.epsilon = 0.5
        self.on_step = lambda: None

    def act(self, state):
        return int(np.argmax(self.online(state)))

    def update_target(self):
        self.target.set_weights(self.online.get_weights())


class Waiting:
    """A class whose code cannot be captured."""

    def __init__(self):
        self.model = zoo.untrained()

    def wait(self):
        return BUSY.locked()


class Counted:
    """A class whose objects are not made by ``object.__new__``."""

    def __new__(cls):
        return super().__new__(cls)

    def __init__(self):
        self.model = zoo.untrained()


def only_here(kind):
    return dict if zoo.elsewhere() else kind


@only_here
class Homely:
    """A class that is another one in the fresh process."""

    def __init__(self):
        self.model = zoo.untrained()


class Keyed:
    def __init__(self):
        self.model = zoo.untrained()
        self.api_key = "sk-0123456789abcdefghijklmnop"


LOADED = """
import json, sys
sys.path.insert(0, {root!r})
from colab_save import load_model
gan = load_model("gan", source={store!r}, trust=True)  # the key is that of another test
import numpy as np
arrays = np.load({arrays!r})
print(json.dumps([type(gan).__name__, gan.history, [gan.train_step(arrays["noise"], arrays["real"]) for _ in "ab"]]))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A GAN trained for two steps and saved: the store, the report, and the losses of the next two steps."""
    store = tmp_path_factory.mktemp("store")
    made = GAN(4)
    for _ in range(2):
        made.train_step(NOISE, REAL)
    report = save(SaveRequest(made, "gan", to=str(store)))
    np.savez(store / "arrays.npz", noise=NOISE, real=REAL)
    return store, report, list(made.history), [made.train_step(NOISE, REAL) for _ in range(2)]


def test_an_object_trains_on_in_a_process_that_has_not_its_class(saved):
    store, report, history, expected = saved
    assert Outcome.PASSED is report.outcome, str(report)
    root = str(Path(__file__).parents[2])
    code = LOADED.format(root=root, store=str(store), arrays=str(store / "arrays.npz"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, known, losses = json.loads(done.stdout.splitlines()[-1])
    assert ("GAN", history) == (name, known[:2])
    assert np.array(expected) == pytest.approx(np.array(losses), rel=1e-5)


def test_models_in_an_object_share_what_they_shared(saved):
    store, *_ = saved
    back = load_model("gan", source=str(store), trust=True)
    assert back.combined.layers[0] is back.generator
    assert back.combined.layers[1] is back.discriminator


def test_code_of_an_object_needs_trust(saved):
    store, *_ = saved
    with pytest.raises(UntrustedCodeError, match="make objects of GAN"):  # the key is that of another test
        load(LoadRequest("gan", source=str(store)))


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    live = Agent(3)
    live.memory.items.extend(Transition(np.full(3, i), float(i)) for i in range(4))
    live.epsilon = 0.125
    return live, str(store), save(SaveRequest(live, "agent", to=str(store)))


def test_an_object_comes_back_as_one_of_its_class_with_its_methods(agent):
    live, store, _ = agent
    back = load_model("agent", source=store, trust=True)
    assert ("Agent", live.act(REAL[:1]), 0.125) == (type(back).__name__, back.act(REAL[:1]), back.epsilon)
    back.update_target()
    np.testing.assert_array_equal(back.online.get_weights()[0], back.target.get_weights()[0])


def test_objects_in_an_object_stay_the_same_ones(agent):
    _, store, _ = agent
    back = load_model("agent", source=store, trust=True)
    assert (True, True) == (back.memory is back.also, back.memory.owner is back)
    assert ([1.0, 2.0, 3.0], 3) == ([each.reward for each in back.memory.items], back.memory.items.maxlen)
    assert {"Transition"} == {type(each).__name__ for each in back.memory.items}


def test_what_an_object_holds_and_no_file_can_is_named(agent):
    *_, report = agent
    verdict = report.manifest.round_trips[-1].verdicts[Aspect.STRUCTURE]
    assert (Outcome.NOT_HELD, True) == (verdict.outcome, "on_step is a function" in verdict.reason)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Waiting, "cannot be captured (BUSY"),
        (Counted, "makes its objects in __new__()"),
        (Homely, "could not be made again"),
    ],
)
def test_an_object_that_cannot_be_made_again_comes_back_as_a_dict_with_the_reason(kind, why):
    report = save(SaveRequest(kind(), "held"))
    reason = report.manifest.round_trips[-1].verdicts[Aspect.STRUCTURE].reason
    assert ({"model"}, True) == (set(load_model("held")), f"comes back as a dict: it {why}" in reason), reason


def test_a_class_that_cannot_be_captured_costs_the_models_nothing():
    trips = save(SaveRequest(Waiting(), "held")).manifest.round_trips
    assert [Outcome.PASSED, Outcome.PASSED] == [trip.outcome for trip in trips]


def test_what_looks_like_a_secret_is_not_written():
    report = save(SaveRequest(Keyed(), "keyed"))
    assert "api_key looks like a secret" in str(report)
    assert not any("sk-0123456789" in file.read_text("latin-1") for file in Path(report.where).rglob("*.json"))
    assert not hasattr(load_model("keyed"), "api_key")


def test_an_attribute_that_differs_is_a_difference():
    one, other = Agent(3), Agent(3)
    other.epsilon = 0.25
    assert ["epsilon"] == [gap.where for gap in compare_collections(collection_of(one), collection_of(other))]


def test_an_object_of_another_class_is_a_difference():
    one, other = ({"held": kind(None)} for kind in (Memory, lambda _: Counted()))
    del other["held"].model
    assert "held" in {gap.where for gap in compare_collections(collection_of(one), collection_of(other))}


def test_an_object_that_came_back_as_a_dict_is_a_difference():
    live = Memory(None)
    assert "" in {gap.where for gap in compare_collections(collection_of(live), collection_of(vars(live)))}
