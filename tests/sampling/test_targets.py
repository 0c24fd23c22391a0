"""Targets that the losses of a model take, the likeliest first; without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from colab_save.sampling.targets import made_targets


@dataclass
class Compiled:
    """What is asked of a compiled model."""

    loss: Any
    output_names: tuple[str, ...] = ()


def own(y, p):
    """A loss of the user's."""


ROWS = np.zeros((8, 3), "float32")


def first(loss, outputs=ROWS, names=()):
    return next(made_targets(Compiled(loss, names), outputs))


@pytest.mark.parametrize(
    ("loss", "shape", "values"),
    [
        ("sparse_categorical_crossentropy", (8,), {1, 2}),
        ("categorical_crossentropy", (8, 3), {0, 1}),
        ("binary_crossentropy", (8, 3), {0, 1}),
        ("mse", (8, 3), {0}),
    ],
)
def test_a_loss_gets_what_its_name_says(loss, shape, values):
    found = first(loss)
    assert (shape, values) == (found.shape, {*found.ravel().tolist()})


def test_one_hot_rows_have_one_class_each():
    assert [1.0] * 8 == first("categorical_crossentropy").sum(axis=-1).tolist()


def test_each_step_of_a_sequence_has_a_class():
    assert (8, 5) == first("sparse_categorical_crossentropy", np.zeros((8, 5, 4))).shape


def test_a_loss_of_one_class_has_no_other():
    assert {0} == {*first("sparse_categorical_crossentropy", np.zeros((8, 1))).tolist()}


@pytest.mark.parametrize("loss", [{"kind": "sparse_categorical_crossentropy", "age": "mse"}])
@pytest.mark.parametrize(
    ("outputs", "names", "kind"),
    [({"age": ROWS[:, :1], "kind": ROWS.copy()}, (), "kind"), ([ROWS[:, :1], ROWS.copy()], ("age", "kind"), 1)],
)
def test_each_output_gets_the_targets_of_its_own_loss(loss, outputs, names, kind):
    found = first(loss, outputs, names)
    assert (2, (8,)) == (len(found), found[kind].shape)


def test_losses_in_a_list_go_by_their_place():
    assert [(8, 3), (8,)] == [
        item.shape for item in first(["mse", "sparse_categorical_crossentropy"], [ROWS, ROWS.copy()])
    ]


def test_a_loss_of_ones_own_gets_every_kind_in_turn():
    shapes = [item.shape for item in made_targets(Compiled(own), ROWS)]
    assert [(8, 3), (8, 3), (8, 3), (8,), (8, 3)] == shapes


def test_a_model_that_adds_its_losses_gets_no_targets():
    assert None is first(None)
