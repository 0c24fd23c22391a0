"""The format of what Keras cannot describe, and checkpoints of others loaded into live objects."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from colab_save.errors import DamagedFileError, FormatError, UntrustedCodeError
from colab_save.formats.base import Context, get_format
from colab_save.formats.object_graph import GRAPH_KEY
from colab_save.loading.pipeline import load
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare, compare_weights
from colab_save.request.request import LoadRequest
from colab_save.sampling.guarding import undone_on_error
from colab_save.sampling.sampling import take_sample
from tests import modules, zoo
from tests.formats.contract import FormatContract
from tests.modules import CLASSES, MODULES, loop, train
from tests.zoo import rows

pytestmark = pytest.mark.tensorflow


class TestCheckpoint(FormatContract):
    name = "checkpoint"
    zoo = MODULES
    custom = CLASSES
    models = tuple(MODULES)

    @staticmethod
    def sampled(plug, model):
        given = (rows(2, 3), rows(2, 4)) if isinstance(model, modules.Sides) else rows(2, 4)
        return take_sample(model, given, plug.run, plug.specs(model))

    def back(self, model, folder):
        plug = get_format("checkpoint")
        self.saved(plug, model, folder)
        return plug.load(folder / plug.payload, Context(self.custom))

    def test_what_two_attributes_share_stays_one(self, tmp_path):
        loaded = self.back(modules.sequential(), tmp_path)
        assert loaded.first is loaded.again

    def test_plain_tensorflow_restores_it_into_an_object_made_as_it_was(self, tmp_path):
        model, other = modules.sequential(), modules.sequential()
        self.saved(get_format("checkpoint"), model, tmp_path)
        tf.train.Checkpoint(other).read(str(tmp_path / "checkpoint" / "ckpt")).assert_existing_objects_matched()
        assert [] == compare_weights(examine(model), examine(other))

    def test_what_tensorflow_does_not_track_is_said(self, tmp_path):
        plug, model = get_format("checkpoint"), modules.hidden()
        notes = plug.save(model, tmp_path, self.sampled(plug, model), plug.Options())
        assert ["does not restore it" in note for note in notes] == [True]

    def test_a_keras_model_is_refused(self):
        assert "a Keras model needs keras or weights" in get_format("checkpoint").refusal(zoo.untrained())

    def test_models_and_optimizers_go_on_as_they_were(self, tmp_path):
        plug, held = get_format("checkpoint"), loop()
        plug.save(held, tmp_path, take_sample(held, None, plug.run), plug.Options())
        loaded = plug.load(tmp_path / "checkpoint", Context({}))
        found = {aspect: places for aspect, places in compare(examine(held), examine(loaded)).items() if places}
        assert ({}, [train(held), train(held)]) == (found, [train(loaded), train(loaded)])

    def test_a_lost_slot_of_an_optimizer_is_found(self, tmp_path):
        plug, held = get_format("checkpoint"), loop()
        plug.save(held, tmp_path, take_sample(held, None, plug.run), plug.Options())
        loaded = plug.load(tmp_path / "checkpoint", Context({}))
        loaded.optimizer.variables[3].assign(loaded.optimizer.variables[3] * 1.001)
        assert 1 == len(compare(examine(held), examine(loaded))["training"])


def into(path, model):
    return load(LoadRequest(str(path), into=model)).model


def weights_of(model):
    return [weight.numpy().copy() for weight in model.weights]


def dense(units=3, *more):
    return keras.Sequential([keras.Input((4,)), *(keras.layers.Dense(each) for each in (units, 1, *more))])


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """A checkpoint that somebody's training loop has written with a manager."""
    held, folder = loop(), tmp_path_factory.mktemp("theirs")
    manager = tf.train.CheckpointManager(held, str(folder / "run"), 3)
    manager.save()
    train(held)
    manager.save()
    return folder / "run", held


@pytest.mark.parametrize("name", ["", "ckpt-2", "ckpt-2.index"])
def test_a_folder_a_prefix_and_an_index_are_loaded_into_a_model(theirs, name):
    folder, held = theirs
    model = into(folder / name, dense())
    assert all(map(np.array_equal, weights_of(held.model), weights_of(model)))


def test_the_checkpoint_that_is_named_is_loaded_and_not_the_newest(theirs):
    folder, held = theirs
    assert not np.array_equal(weights_of(held.model)[0], weights_of(into(folder / "ckpt-1", dense()))[0])


def test_a_moved_folder_is_loaded_from_where_it_is(theirs, tmp_path):
    folder, held = theirs
    moved = folder.rename(tmp_path / "moved")
    try:
        assert np.array_equal(weights_of(held.model)[0], weights_of(into(moved, dense()))[0])
    finally:
        moved.rename(folder)


def test_a_whole_loop_goes_on(theirs):
    folder, held = theirs
    mine = loop(is_trained=False)
    mine.optimizer.build(mine.model.trainable_variables)
    into(folder / "ckpt-2", mine)
    before = [each.numpy() for each in held.optimizer.variables]
    assert all(map(np.array_equal, before, [each.numpy() for each in mine.optimizer.variables]))


@pytest.mark.parametrize(
    ("model", "reason"),
    [(lambda: dense(2), "dense.* is float32 \\[3\\] there"), (lambda: dense(3, 1), "no value for 2 of the 6 weights")],
    ids=["another shape", "more layers"],
)
def test_what_does_not_fit_is_named_and_the_model_stays_as_it_was(theirs, model, reason):
    model = model()
    before = weights_of(model)
    with pytest.raises(FormatError, match=reason):
        into(theirs[0], model)
    assert all(map(np.array_equal, before, weights_of(model)))


def test_a_model_without_weights_is_no_place_for_them(theirs):
    with pytest.raises(FormatError, match="has no weights yet"):
        into(theirs[0], keras.Sequential([keras.layers.Dense(3)]))


def test_weights_that_tf_keras_wrote_are_loaded_into_a_model_of_it(tmp_path):
    def made():
        return tf_keras.Sequential([tf_keras.layers.Dense(3, input_shape=(4,)), tf_keras.layers.Dense(1)])

    model = made()
    model.save_weights(str(tmp_path / "weights"), save_format="tf")
    assert all(map(np.array_equal, weights_of(model), weights_of(into(tmp_path / "weights", made()))))


def test_a_plain_checkpoint_of_a_module_is_loaded_into_one(tmp_path):
    model, other = modules.sequential(), modules.sequential()
    tf.train.Checkpoint(model).write(str(tmp_path / "ckpt"))
    into(tmp_path / "ckpt", other)
    assert [] == compare_weights(examine(model), examine(other))


def test_a_checkpoint_of_tensorflow_1_says_what_it_is(tmp_path):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.get_variable("v", initializer=1.0, use_resource=True)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(tmp_path / "old"))
    with pytest.raises(FormatError, match="variables by name"):
        into(tmp_path / "old", modules.untrained())


def test_weights_without_a_model_say_how_to_load_them(theirs):
    with pytest.raises(FormatError, match="weights without a model") as caught:
        load(LoadRequest(str(theirs[0])))
    assert "into" in caught.value.hint


def test_attributes_in_a_file_of_somebody_else_are_set_on_trust_only(tmp_path):
    plug, model = get_format("checkpoint"), modules.untrained()
    TestCheckpoint.saved(plug, model, tmp_path)
    with pytest.raises(UntrustedCodeError, match="sets their attributes"):
        load(LoadRequest(str(tmp_path / "checkpoint")))


def test_values_of_somebody_else_are_loaded_into_an_object_without_trust(tmp_path):
    plug, model, other = get_format("checkpoint"), modules.untrained(), modules.untrained()
    TestCheckpoint.saved(plug, model, tmp_path)
    into(tmp_path / "checkpoint", other)
    assert [] == compare_weights(examine(model), examine(other))


def test_attributes_that_are_no_json_are_an_error_of_the_tree(tmp_path):
    TestCheckpoint.saved(get_format("checkpoint"), modules.untrained(), tmp_path)
    (tmp_path / "checkpoint" / "object.json").write_text("{")
    with pytest.raises(Exception, match="is no JSON"):
        load(LoadRequest(str(tmp_path / "checkpoint")))


def test_a_config_names_code_among_the_custom_objects_only(tmp_path):
    plug = get_format("checkpoint")
    TestCheckpoint.saved(plug, modules.untrained(), tmp_path)
    file = tmp_path / "checkpoint" / "object.json"
    described = json.loads(file.read_text())
    described["object"]["item"][1]["module"][0] = {"code": "system"}
    file.write_text(json.dumps(described))
    with pytest.raises(FormatError, match="name 'system' is not defined"):
        plug.load(tmp_path / "checkpoint", Context(CLASSES))


def test_a_load_that_fails_late_leaves_a_loop_as_it_was_also_its_steps(theirs):
    folder, mine = theirs[0], loop(is_trained=False)
    mine.optimizer.build(mine.model.trainable_variables)
    before = [*weights_of(mine.model), *(each.numpy() for each in mine.optimizer.variables)]
    with pytest.raises(FormatError, match="came late"):
        fail_after(folder / "ckpt-2", mine)
    now = [*weights_of(mine.model), *(each.numpy() for each in mine.optimizer.variables)]
    assert all(map(np.array_equal, before, now))


def fail_after(path, holder):
    with undone_on_error(holder):
        into(path, holder)
        raise FormatError("A difference came late.", "Load another.")


def test_a_graph_of_objects_that_would_take_all_memory_is_not_read(tmp_path):
    texts = tf.constant(["", ""])
    tf.raw_ops.SaveV2(prefix=str(tmp_path / "c"), tensor_names=[GRAPH_KEY], shape_and_slices=[""], tensors=[texts])
    with pytest.raises(DamagedFileError, match="no single text"):
        into(tmp_path / "c", modules.untrained())
