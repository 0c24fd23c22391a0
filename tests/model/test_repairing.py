"""A layer that came back without weights is named, one that never had any is not; an adapted one is put right."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest

from colab_save.model.examining import examine
from colab_save.model.repairing import Record, repair, unbuilt
from colab_save.model.walking import walk_variables
from colab_save.proof.comparing import compare_structure, compare_weights
from tests import zoo

with warnings.catch_warnings(action="ignore"):  # it imports what TensorFlow has deprecated
    import tf_keras

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.parametrize("dialect", [keras, tf_keras], ids=["keras", "tf_keras"]),
]


def partly_called(dialect):
    """A model with a layer that its call reaches, and others that it does not."""

    class Partly(dialect.Model):
        def __init__(self):
            super().__init__()
            self.reached, self.dense = dialect.layers.Dense(2), dialect.layers.Dense(2)
            self.lookup = dialect.layers.StringLookup(vocabulary=["a", "b"])
            self.flat, self.hashed = dialect.layers.Flatten(), dialect.layers.Hashing(3)

        def call(self, inputs):
            return self.reached(inputs)

    model = Partly()
    with warnings.catch_warnings(action="ignore"):  # Keras 3 sees that the call does not reach all
        model(zoo.rows(2, 3))
    return model


def with_text(dialect):
    vectorize = dialect.layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(["the cat sat"])
    given = dialect.layers.Input((1,), dtype="string")
    return dialect.Model(given, dialect.layers.Embedding(5, 2)(vectorize(given)))


def test_a_layer_that_makes_weights_is_named_where_nothing_was_recorded(dialect):
    assert ["dense"] == unbuilt(partly_called(dialect), None)


def test_a_layer_is_named_whose_weights_were_recorded(dialect):
    assert ["dense"] == unbuilt(partly_called(dialect), ["reached/kernel", "dense/kernel"])


def test_a_layer_that_had_no_weights_when_it_was_saved_is_not_named(dialect):
    model = partly_called(dialect)
    assert [] == unbuilt(model, [path for path, _ in walk_variables(model)])


def test_the_lookup_of_a_text_layer_is_not_named(dialect):
    model = with_text(dialect)
    assert [] == unbuilt(model, None) + unbuilt(model, [path for path, _ in walk_variables(model)])


def adapted(dialect):
    buckets = dialect.layers.Discretization(num_bins=4, epsilon=0.01)
    with warnings.catch_warnings(action="ignore"):  # tf_keras passes tensors to NumPy as NumPy 1 took them
        buckets.adapt(np.linspace(0.0, 1.0, 64)[:, None])
    given = dialect.layers.Input((1,))
    return dialect.Model(given, buckets(given))


def test_boundaries_that_a_layer_has_learnt_come_back(dialect, tmp_path):
    model, file = adapted(dialect), tmp_path / "model.keras"
    model.save(file)
    back = dialect.models.load_model(file)
    repair(back, file, Record.of(examine(model)), {})
    assert [] == compare_structure(examine(model), examine(back))


def test_other_boundaries_are_a_difference(dialect):
    one, other = adapted(dialect), adapted(dialect)
    other.layers[-1].bin_boundaries = [*other.layers[-1].bin_boundaries[:-1], 0.9]
    assert ["discretization.bin_boundaries[2]"] == [
        item.where for item in compare_structure(examine(one), examine(other))
    ]


def with_a_late_part(dialect):
    """A model beside whose layers lies one that makes a part when it is built, and whose class hides its shapes."""

    class Packing(dialect.layers.Layer):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            self.packer = None

        def build(self, input_shape):
            self.packer = dialect.layers.Rescaling(0.5, name="packer")
            self.built = True

        def call(self, inputs):
            return self.packer(inputs)

        def get_build_config(self):
            return None

    given = dialect.layers.Input((3,))
    model = dialect.Model(given, dialect.layers.Dense(2)(given))
    model.preprocessor = Packing(name="preprocessor")
    return model


def test_a_part_that_a_layer_makes_at_its_first_call_is_made_again(dialect, tmp_path):
    model, loaded = with_a_late_part(dialect), with_a_late_part(dialect)
    model.preprocessor(zoo.rows(2, 3))
    loaded.save_weights(tmp_path / "model.weights.h5")
    assert compare_structure(examine(model), examine(loaded))
    repair(loaded, tmp_path / "model.weights.h5", Record.of(examine(model)), {})
    assert [] == compare_structure(examine(model), examine(loaded))


def named_parts(dialect):
    """An autoencoder, one part of which is in an attribute that was set later."""
    given, code = dialect.layers.Input((3,)), dialect.layers.Input((2,))
    decoder = dialect.Model(code, dialect.layers.Dense(3)(code), name="from_code")
    model = dialect.Model(given, decoder(dialect.layers.Dense(2)(given)))
    model.decoder = decoder
    return model


def test_a_part_in_an_attribute_of_a_graph_model_is_set_again(dialect, tmp_path):
    model = named_parts(dialect)
    model.save(tmp_path / "model.keras")
    other = dialect.models.load_model(tmp_path / "model.keras")
    said = repair(other, tmp_path / "model.keras", Record.of(examine(model)), {})
    assert other.decoder is other.get_layer("from_code")
    assert ("Keras does not write what is set on a model after it was made; set again: decoder.",) == said
    assert [] == compare_structure(examine(model), examine(other)) + compare_weights(examine(model), examine(other))


def test_a_part_that_is_no_longer_in_its_attribute_is_a_difference(dialect):
    model = named_parts(dialect)
    before = examine(model)
    del model.decoder
    assert "attributes.decoder" in {each.where for each in compare_structure(before, examine(model))}
