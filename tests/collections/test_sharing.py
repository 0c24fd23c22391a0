"""What two parts of a collection share comes back as one object, in both Kerases; what does not is a failure."""

from __future__ import annotations

import itertools
import json
import warnings
from collections import deque
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.collection import Shared, load_order, read_collection, write_collection
from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.collections.rejoining import _Rejoining
from colab_save.collections.sharing import _owners_first, shared_between
from colab_save.collections.splitting import collection_of
from colab_save.errors import DamagedFileError, FormatError
from colab_save.loading.pipeline import load
from colab_save.model.walking import walk_layers
from colab_save.proof.verdicts import judge_collection
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests import zoo

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = pytest.mark.tensorflow

BOTH = pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"])


class Tower(keras.Model):
    def __init__(self, trunk, blocks, **kwargs):
        super().__init__(**kwargs)
        self.trunk, self.blocks, self.head = trunk, blocks, keras.layers.Dense(1)

    def call(self, inputs):
        outputs = self.trunk(inputs)
        for block in self.blocks:
            outputs = block(outputs)
        return self.head(outputs)


class OldTower(tf_keras.Model):
    def __init__(self, trunk, blocks, **kwargs):
        super().__init__(**kwargs)
        self.trunk, self.blocks, self.head = trunk, blocks, tf_keras.layers.Dense(1)

    def call(self, inputs):
        outputs = self.trunk(inputs)
        for block in self.blocks:
            outputs = block(outputs)
        return self.head(outputs)


class Around(keras.Model):
    """A graph that its own constructor makes, so that nothing else can make it around another layer."""

    def __init__(self, base, **kwargs):
        inputs = keras.Input((3,))
        super().__init__(inputs, keras.layers.Dense(2)(base(inputs)), **kwargs)


class OldAround(tf_keras.Model):
    """The same of tf_keras."""

    def __init__(self, base, **kwargs):
        inputs = tf_keras.Input((3,))
        super().__init__(inputs, tf_keras.layers.Dense(2)(base(inputs)), **kwargs)


def held_by(dialect, base):
    """Return a model that holds a part which others can be put into, and one which they cannot."""
    tower = {keras: Tower, tf_keras: OldTower}[dialect](base, [])
    model = {keras: Tower, tf_keras: OldTower}[dialect](tower, [])
    model.around = {keras: Around, tf_keras: OldAround}[dialect](base)
    model(np.ones((2, 3), "float32"))
    return model


def seq2seq(dialect):
    layers = dialect.layers
    read, written = layers.Input((None,), dtype="int32"), layers.Input((None,), dtype="int32")
    embedding, reader = layers.Embedding(9, 4), layers.LSTM(4, return_state=True)
    writer, scores = layers.LSTM(4, return_sequences=True, return_state=True), layers.Dense(9, "softmax")
    _, *state = reader(embedding(read))
    train = dialect.Model([read, written], scores(writer(embedding(written), initial_state=state)[0]))
    given = [layers.Input((4,)), layers.Input((4,))]
    outputs, *after = writer(embedding(written), initial_state=given)
    ids = np.ones((4, 5))
    train.compile("adam", "sparse_categorical_crossentropy")
    return {
        "train": zoo.fitted(train, [ids, ids], ids),
        "encoder": dialect.Model(read, state),
        "decoder": dialect.Model([written, *given], [scores(outputs), *after]),
    }


def autoencoder(dialect):
    inputs, code = dialect.layers.Input((6,)), dialect.layers.Input((2,))
    encoder = dialect.Sequential([dialect.layers.Input((6,)), dialect.layers.Dense(2)], name="encoder")
    decoder = dialect.Model(code, dialect.layers.Dense(6)(code), name="decoder")
    whole = dialect.Model(inputs, decoder(encoder(inputs)))
    return {"whole": zoo.trained(whole, zoo.rows(4, 6), zoo.rows(4, 6)), "encoder": encoder, "decoder": decoder}


def gan(dialect):
    layers = dialect.layers
    generator = dialect.Sequential([layers.Input((2,)), layers.Dense(3)])
    discriminator = dialect.Sequential([layers.Input((3,)), layers.Dense(4, "relu"), layers.Dense(1)])
    zoo.trained(discriminator, zoo.rows(4, 3), zoo.rows(4, 1))
    discriminator.trainable = False
    combined = zoo.trained(dialect.Sequential([generator, discriminator]), zoo.rows(4, 2), zoo.rows(4, 1))
    return {"combined": combined, "generator": generator, "discriminator": discriminator}


def towers(dialect):
    trunk, block = dialect.Sequential([dialect.layers.Input((3,)), dialect.layers.Dense(4)]), dialect.layers.Dense(4)
    kind = Tower if dialect is keras else OldTower
    made = {"actor": kind(trunk, [dialect.layers.Dense(4), block]), "critic": kind(trunk, [block])}
    return {name: zoo.trained(model, zoo.rows(4, 3), zoo.rows(4, 1)) for name, model in made.items()}


def siamese(dialect):
    base = dialect.Sequential([dialect.layers.Input((3,)), dialect.layers.Dense(4)])
    inputs = [dialect.layers.Input((3,)), dialect.layers.Input((3,))]
    model = dialect.Model(inputs, dialect.layers.Dot(-1)([base(each) for each in inputs]))
    return {"model": zoo.trained(model, [zoo.rows(4, 3)] * 2, zoo.rows(4, 1)), "base": base}


def nested(dialect):
    """Return two models with one layer in them, in another model of the one and a wrapper of the other."""
    layers = dialect.layers
    shared, inputs, others, ends = layers.Dense(3), *(layers.Input((3,)) for _ in range(3))
    inner = dialect.Model(inputs, layers.Dense(2)(shared(inputs)))
    outer = zoo.trained(dialect.Model(others, layers.Dense(1)(inner(others))), zoo.rows(4, 3), zoo.rows(4, 1))
    return {"outer": outer, "other": dialect.Model(ends, layers.TimeDistributed(shared)(layers.RepeatVector(2)(ends)))}


SHARING = {made.__name__: made for made in (seq2seq, autoencoder, gan, towers, siamese, nested)}
"""Collections by name; the first model of each is trained."""


def a_layer_twice(dialect):
    """Return two trained models that share a layer and an optimizer, cut out of one graph."""
    inputs = dialect.layers.Input((3,))
    code = dialect.layers.Dense(4, "relu", name="code")(inputs)
    one = dialect.Model(inputs, dialect.layers.Dense(3, name="out")(code))
    return {"whole": zoo.trained(one, zoo.rows(4, 3), zoo.rows(4, 3)), "cut": dialect.Model(inputs, code)}


def two_of_equal_weights(dialect=keras):
    one = dialect.Sequential([dialect.layers.Input((3,)), dialect.layers.Dense(4)])
    other = dialect.models.clone_model(one)
    other.set_weights(one.get_weights())
    return {"one": one, "other": other}


@BOTH
@pytest.mark.parametrize("name", SHARING)
def test_what_parts_share_comes_back_as_one_object(name, dialect):
    live = SHARING[name](dialect)
    report = save(SaveRequest(live, name))
    assert Outcome.PASSED is report.outcome, str(report)
    back = load(LoadRequest(name))
    assert back.is_proven
    assert shared_between(live) == shared_between(back.model)
    assert [] != [each for each in shared_between(live) if each.is_of_account]


@BOTH
def test_training_one_part_moves_the_other_as_it_did(dialect):
    live = seq2seq(dialect)
    save(SaveRequest(live, "both"))
    back, ids = load(LoadRequest("both")).model, np.ones((4, 5))
    before = np.asarray(back["encoder"](ids)[0])
    for models in (live, back):
        zoo.fitted(models["train"], [ids, ids], ids)
    assert not np.allclose(before, back["encoder"](ids)[0])
    assert np.asarray(live["encoder"](ids)[0]) == pytest.approx(np.asarray(back["encoder"](ids)[0]), rel=1e-5)


@BOTH
def test_a_rejoined_model_can_be_cut_and_saved_again(dialect):
    save(SaveRequest(a_layer_twice(dialect), "first"))
    back = load(LoadRequest("first")).model
    back["again"] = dialect.Model(back["cut"].input, back["cut"].get_layer("code").output)
    assert Outcome.PASSED is save(SaveRequest(back, "second")).outcome


@BOTH
def test_an_optimizer_that_two_parts_share_is_one_again(dialect):
    inputs = dialect.layers.Input((3,))
    outputs, optimizer = dialect.layers.Dense(1)(inputs), dialect.optimizers.Adam()
    made = {"one": dialect.Model(inputs, outputs), "other": dialect.Model(inputs, outputs)}
    for model in made.values():
        model.compile(optimizer, "mse")
    zoo.fitted(made["one"], zoo.rows(4, 3), zoo.rows(4, 1))
    assert Outcome.PASSED is save(SaveRequest(made, "both")).outcome
    back = load(LoadRequest("both")).model
    assert back["one"].optimizer is back["other"].optimizer


@BOTH
def test_parts_of_equal_weights_do_not_become_one(dialect):
    assert Outcome.PASSED is save(SaveRequest(two_of_equal_weights(dialect), "two")).outcome
    back = load(LoadRequest("two")).model
    assert () == shared_between(back)


def verdict(expected, actual):
    return judge_collection(collection_of(expected), collection_of(actual)).verdicts[Aspect.TRAINING]


def test_a_collection_that_lost_what_it_shared_fails():
    live = siamese(keras)
    apart = {"model": siamese(keras)["model"], "base": live["base"]}
    found = verdict(live, apart)
    assert Outcome.FAILED is found.outcome
    assert "model shares sequential with base, and comes back with a copy" in found.reason


def test_a_collection_that_shares_what_it_did_not_fails():
    apart = two_of_equal_weights()
    shared = keras.Sequential([keras.Input((3,)), apart["one"].layers[0]])
    found = verdict(apart, {"one": apart["one"], "other": shared})
    assert (Outcome.FAILED, True) == (found.outcome, "which it did not" in found.reason)


def test_a_weight_that_two_parts_share_is_told_apart_from_an_equal_one():
    class Bag(tf.Module):
        def __init__(self, weight):
            self.weight = weight

    one, other = tf.Variable(1.0), tf.Variable(1.0)
    assert (Shared("b", "weight", "a", "weight", "weight", 1),) == shared_between({"a": Bag(one), "b": Bag(one)})
    assert () == shared_between({"a": Bag(one), "b": Bag(other)})


def test_what_cannot_be_shared_again_is_saved_in_part_with_the_reason():
    base = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    around = zoo.trained(Around(base), zoo.rows(4, 3), zoo.rows(4, 2))
    report = save(SaveRequest({"base": base, "around": around}, "both"))
    assert Outcome.PARTIAL is report.outcome, str(report)
    assert "around shares sequential with base, and comes back with a copy" in str(report)


@BOTH
def test_a_part_that_cannot_be_rejoined_stays_as_it_was(dialect):
    base, other = (
        dialect.Sequential([dialect.layers.Input((3,)), dialect.layers.Dense(3, name="held")]) for _ in range(2)
    )
    model = held_by(dialect, base)
    before, answer = [(path, id(layer)) for path, layer in walk_layers(model)], model(np.ones((2, 3), "float32"))
    rejoining = _Rejoining({id(base): other})
    with pytest.raises(FormatError):
        rejoining.of(model)
    assert other is model.trunk.trunk
    rejoining.undo()
    assert before == [(path, id(layer)) for path, layer in walk_layers(model)]
    assert np.array_equal(answer, model(np.ones((2, 3), "float32")))


@BOTH
def test_layers_of_a_graph_that_cannot_be_rejoined_keep_their_calls(dialect):
    base, other = (dialect.Sequential([dialect.layers.Input((3,)), dialect.layers.Dense(3)]) for _ in range(2))
    inputs, last = dialect.layers.Input((3,)), dialect.layers.Dense(1)
    around = {keras: Around, tf_keras: OldAround}[dialect](base)
    model = dialect.Model(inputs, last(around(base(inputs))))
    rejoining = _Rejoining({id(base): other})
    with pytest.raises(FormatError):
        rejoining.of(model)
    rejoining.undo()
    assert model.output is last.output


def test_a_format_that_trains_nothing_does_not_hold_what_is_shared():
    report = save(SaveRequest(siamese(keras), "served", formats="saved_model"))
    assert Outcome.NOT_HELD is report.manifest.round_trips[-1].verdicts[Aspect.TRAINING].outcome


def test_weights_go_into_models_that_share_as_they_do():
    live = siamese(keras)
    save(SaveRequest(live, "weights", formats="weights"))
    own = siamese(keras)
    base = own["base"]
    assert load(LoadRequest("weights", into=own)).is_proven
    assert base is own["base"]
    np.testing.assert_array_equal(live["base"].get_weights()[0], base.get_weights()[0])


def test_owners_are_loaded_first():
    shared = [Shared("whole", "encoder", "encoder", ""), Shared("decoder", "dense", "whole", "dense")]
    assert ["encoder", "whole", "decoder"] == load_order(shared, ["whole", "decoder", "encoder"])


def test_parts_that_take_from_each_other_are_damage(tmp_path):
    shared = (Shared("a", "x", "b", "x"), Shared("b", "x", "a", "x"))
    write_collection(tmp_path, replace(collection_of({"n": 1}), shared=shared))
    with pytest.raises(DamagedFileError, match=r"collection\.json cannot be read"):
        read_collection(tmp_path)


def test_a_collection_of_before_has_nothing_shared(tmp_path):
    write_collection(tmp_path, collection_of({"n": 1}))
    file = tmp_path / "collection.json"
    file.write_text(json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != "shared"}))
    assert () == read_collection(tmp_path).shared


def test_two_models_that_hold_each_other_keep_their_order():
    one, other = (keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]) for _ in range(2))
    held = {"one": [("", one), ("other", other)], "other": [("", other), ("one", one)]}
    assert ["one", "other"] == _owners_first({"one": one, "other": other}, held)


class Player:
    """Plays with a model, and remembers in what others may hold, too."""

    def __init__(self, model, memory, table):
        self.model, self.memory, self.table = model, memory, table


def players():
    """Two objects and a dict that hold the same lists, dicts, deques and arrays."""
    model, memory, table = zoo.untrained(), deque([(1, 0.5)], maxlen=8), np.zeros(3)
    log = [1, [2]]
    return {
        "one": Player(model, memory, table),
        "other": Player(model, memory, table),
        "log": log,
        "logs": {"log": log, "inner": log[1], "equal": [1, [2]]},
        "counts": (counts := {"a": 1}, {"again": counts}),
        "own": Player(model, deque(memory, maxlen=8), table.copy()),
    }


def identities(made):
    """Return which of the values that can be changed in place are one object."""
    one, other, own, logs = made["one"], made["other"], made["own"], made["logs"]
    held = [one.memory, other.memory, own.memory, one.table, other.table, own.table, made["log"], logs["log"]]
    held += [made["log"][1], logs["inner"], logs["equal"], made["counts"][0], made["counts"][1]["again"]]
    first = {}
    return [first.setdefault(id(each), place) for place, each in enumerate(held)]


def test_lists_dicts_and_arrays_that_two_places_hold_come_back_as_one():
    live = players()
    report = save(SaveRequest(live, "players"))
    back = load(LoadRequest("players")).model
    assert (Outcome.PASSED, identities(live)) == (report.outcome, identities(back)), str(report)
    assert [0, 0, 2, 3, 3, 5, 6, 6, 8, 8, 10, 11, 11] == identities(live)


def test_what_is_one_is_changed_for_both_after_a_load():
    save(SaveRequest(players(), "players"))
    back = load(LoadRequest("players")).model
    back["one"].memory.append("more")
    back["one"].table[0] = 7.0
    assert (2, 7.0, 1, 0.0) == (
        len(back["other"].memory), back["other"].table[0], len(back["own"].memory), back["own"].table[0]
    )  # fmt: skip


def test_lists_that_were_one_and_come_back_as_two_are_a_difference():
    shared, one = [1], keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    live, apart = ({"model": one, "a": held[0], "b": held[1]} for held in ([shared, shared], [[1], [1]]))
    before, after = (judge_collection(*pair) for pair in itertools.permutations(map(collection_of, (live, apart))))
    found = [trip.verdicts[Aspect.STRUCTURE] for trip in (before, after)]
    assert [(Outcome.FAILED, 1)] * 2 == [(each.outcome, each.differences) for each in found]
    assert (True, True) == ("b was one with" in found[0].reason, "b was not one with" in found[1].reason)


def test_equal_lists_stay_two():
    apart = {"model": zoo.untrained(), "a": [1], "b": [1]}
    save(SaveRequest(apart, "apart"))
    back = load(LoadRequest("apart")).model
    assert back["a"] is not back["b"]


@pytest.mark.parametrize("node", [{"list": [], "id": 3}, {"value": 1, "id": "x"}, {"list": [], "name": "x"}])
def test_an_id_where_none_can_be_is_damage(tmp_path, node):
    write_collection(tmp_path, collection_of({"model": zoo.untrained(), "a": []}))
    file = tmp_path / "collection.json"
    written = json.loads(file.read_text())
    written["tree"]["dict"][1][1] = node
    file.write_text(json.dumps(written))
    with pytest.raises(DamagedFileError):
        read_collection(tmp_path)
