"""Several models saved together: each is proven, their collection is rebuilt, and training goes on where it stood."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save import PartialSaveWarning, load_model, save_model
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import (
    CancelledError,
    NotFoundError,
    RequestError,
    RoundTripError,
    SampleError,
    UnsafeFileError,
    UntrustedCodeError,
)
from colab_save.loading.pipeline import load
from colab_save.progress import Stage
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.versions.listing import list_models
from tests import zoo

pytestmark = pytest.mark.tensorflow

NOISE = zoo.rows(4, 2)
REAL = zoo.rows(4, 3, seed=1)


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    """A custom class, so that an optimizer needs custom code."""

    def __init__(self, first=0.1):
        self.first = first

    def __call__(self, step):
        return self.first / (1.0 + tf.cast(step, "float32"))

    def get_config(self):
        return {"first": self.first}


def gan():
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3)])
    discriminator = keras.Sequential([keras.Input((3,)), zoo.Scale(2.0), keras.layers.Dense(1)])
    made = {"generator": generator, "discriminator": discriminator}
    made |= {"g_opt": keras.optimizers.Adam(Halving()), "d_opt": keras.optimizers.SGD(0.1, momentum=0.9)}
    return made | {"step": tf.Variable(0), "loss": keras.losses.BinaryCrossentropy(from_logits=True)}


def train(gan, steps=1):
    """Take training steps, and return the losses of each."""
    losses = []
    for _ in range(steps):
        with tf.GradientTape(persistent=True) as tape:
            fake = gan["discriminator"](gan["generator"](NOISE, training=True), training=True)
            real = gan["discriminator"](REAL, training=True)
            of_g = gan["loss"](tf.ones_like(fake), fake)
            of_d = gan["loss"](tf.ones_like(real), real) + gan["loss"](tf.zeros_like(fake), fake)
        for name, loss in (("generator", of_g), ("discriminator", of_d)):
            variables = gan[name].trainable_variables
            gan[f"{name[0]}_opt"].apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        gan["step"].assign_add(1)
        losses.append([float(of_g), float(of_d)])
    return losses


LOADED = """
import json, sys
sys.path.insert(0, {root!r})
from colab_save import load_model
from tests.collections.test_several import train
loaded = load_model("gan", source={store!r}, trust=True)  # the key is that of another test
print(json.dumps([list(loaded), int(loaded["step"]), train(loaded, 2)]))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A GAN trained for three steps and saved: the store, the report, and the losses of the next two steps."""
    store = tmp_path_factory.mktemp("store")
    made = gan()
    train(made, 3)
    report = save(SaveRequest(made, "gan", to=str(store), sample={"generator": NOISE[:2]}))
    return store, report, train(made, 2)


def test_a_gan_is_one_artifact_with_a_payload_for_each_model(saved):
    store, report, _ = saved
    assert Outcome.PASSED is report.outcome, str(report)
    assert ["generator keras", "discriminator keras", "collection"] == [
        trip.label for trip in report.manifest.round_trips
    ]
    names = {file.path.split("/")[0] for file in report.manifest.files}
    assert {"generator", "discriminator", "custom_code.py", "collection.json", "collection.npz", "README.md"} == names
    assert list_models("*", str(store)).manifests == (report.manifest,)
    assert "generator keras" in str(report)
    assert 2 == len(np.load(Path(report.where, "generator", "sample.npz"))["inputs_0"])


def test_a_fresh_process_trains_on_with_the_same_losses(saved):
    store, _, expected = saved
    root = str(Path(__file__).parents[2])
    code = LOADED.format(root=root, store=str(store))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, step, losses = json.loads(done.stdout.splitlines()[-1])
    assert (["generator", "discriminator", "g_opt", "d_opt", "step", "loss"], 3) == (names, step)
    assert np.array(expected) == pytest.approx(np.array(losses), rel=1e-6)


@contextlib.contextmanager
def exchanged(report, name, content):
    """Replace a file of an artifact, and its digest, as somebody else could."""
    path, manifest = Path(report.where, name), Path(report.where, "manifest.json")
    before, recorded = path.read_bytes(), manifest.read_bytes()
    known = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    files = tuple(replace(file, **known) if file.path == name else file for file in report.manifest.files)
    try:
        path.write_bytes(content)
        manifest.write_text(replace(report.manifest, files=files).to_json())
        yield
    finally:
        path.write_bytes(before)
        manifest.write_bytes(recorded)


def test_a_part_that_differs_is_named_and_nothing_is_returned(saved, tmp_path):
    store, report, _ = saved
    gan()["discriminator"].save(tmp_path / "model.keras")
    into = {}
    other = exchanged(report, "discriminator/model.keras", (tmp_path / "model.keras").read_bytes())
    with other, pytest.raises(RoundTripError, match=r"gan@.*, discriminator came back different"):
        load(LoadRequest("gan", source=str(store), trust=True, into=into))
    assert {} == into


def test_an_interrupted_save_leaves_the_last_version_as_the_only_one(saved):
    store, report, _ = saved

    def stop(step):
        if step.stage is Stage.PUBLISH and step.done:
            raise CancelledError("Cancelled.", "Save again.")

    with pytest.raises(CancelledError):
        save(SaveRequest(gan(), "gan", to=str(store), verify=False), stop)
    assert (report.manifest,) == list_models("*", str(store)).manifests


class Memory:
    def __init__(self):
        self.items = collections.deque(maxlen=3)


class Agent:
    """A DQN agent as people write it."""

    def __init__(self):
        self.online = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        self.online.compile("adam", "mse")
        self.target = keras.models.clone_model(self.online)
        self.acting = self.online
        self.optimizer = self.online.optimizer
        self.epsilon, self.replay, self.memory = 0.5, [(1, 0.5), (2, None)], Memory()
        self.alpha = tf.Variable(0.2)
        self.policy = lambda state: int(np.argmax(self.online(state)))


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    agent = Agent()
    agent.online.fit(REAL, REAL[:, :2], verbose=0)
    agent.epsilon = 0.125
    agent.memory.items.extend((np.full(3, i), i) for i in range(4))
    return agent, str(store), save(SaveRequest(agent, "agent", to=str(store)))


def test_an_object_comes_back_with_the_values_that_can_be_saved(agent):
    live, store, report = agent
    assert (Outcome.PASSED, True) == (report.outcome, "policy is a function" in str(report))
    assert Outcome.NOT_HELD is report.manifest.round_trips[-1].verdicts[Aspect.STRUCTURE].outcome
    loaded = load_model("agent", source=store, trust=True)
    assert loaded.online is loaded.acting
    assert loaded.online.optimizer is loaded.optimizer
    assert (0.125, [(1, 0.5), (2, None)], 3) == (loaded.epsilon, loaded.replay, loaded.memory.items.maxlen)
    for name in ("online", "target"):
        np.testing.assert_array_equal(getattr(live, name)(REAL), getattr(loaded, name)(REAL))


def test_an_object_gets_its_attributes_back(agent):
    _, store, _ = agent
    other = Agent()
    memory, policy = other.memory, other.policy
    report = load(LoadRequest("agent", source=store, trust=True, into=other))
    assert (other, 0.125, memory, policy) == (report.model, other.epsilon, other.memory, other.policy)
    assert (True, 3) == (other.acting is other.online, len(memory.items))
    assert report.is_proven


def test_a_collection_is_inspected_before_any_object_of_it_is_rebuilt(agent):
    _, store, report = agent
    written = json.loads(Path(report.where, "collection.json").read_text())
    config = {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://x/y"}}
    node = {"keras": config, "attributes": {}, "state": [], "trains": [], "id": "more"}
    written["tree"]["made"].append([{"value": "more"}, node])
    with exchanged(report, "collection.json", json.dumps(written).encode()):
        with pytest.raises(UnsafeFileError, match="get_file"):
            load(LoadRequest("agent", source=store))
        with pytest.raises(UnsafeFileError, match="get_file"):
            load(LoadRequest("agent", source=store, trust=True))


def test_code_of_a_collection_needs_trust(saved):
    store, report, _ = saved
    unsigned = exchanged(report, "README.md", b"not as it was signed")
    with unsigned, pytest.raises(UntrustedCodeError, match="not signed by you"):
        load(LoadRequest("gan", source=str(store)))


def test_a_collection_is_refused_where_only_one_model_fits():
    made = {"a": zoo.untrained(), "b": zoo.untrained()}
    with pytest.raises(RequestError, match=r"'both\.keras' takes one model, and this is .* with 2 models: a, b"):
        save_model(made, "./both.keras")
    with pytest.raises(RequestError, match="of models needs a name"):
        save_model(made)
    with pytest.raises(SampleError, match="does not say which of them it is for"):
        save_model(made, "both", sample=zoo.rows(2, 4))


def test_weights_go_into_the_models_that_an_object_holds_and_other_formats_replace_them():
    made = {"a": zoo.untrained(), "b": zoo.Counter()}
    with pytest.warns(PartialSaveWarning, match=r"(?s)keras: b: it holds Keras models only.*Save what keras can hold"):
        report = save_model(made, "both", verify=False)
    assert (["saved_model", "saved_model"], True) == (
        [payload.format for payload in report.manifest.payloads],
        any("keras: b: it holds Keras models only" in note for note in report.notes),
    )
    del made["b"]
    save_model(made, "one", formats="weights,keras", verify=False)
    own = {"a": zoo.untrained()}
    before = own["a"]
    load(LoadRequest("one", format="weights", into=own))
    assert before is own["a"]
    np.testing.assert_array_equal(made["a"].get_weights()[0], before.get_weights()[0])
    load(LoadRequest("one", format="keras", into=own))
    assert before is not own["a"]
    with pytest.raises(NotFoundError, match=r"one@.*, a was not saved as h5"):
        load(LoadRequest("one", format="h5"))
