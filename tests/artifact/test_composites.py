"""Sparse and ragged tensors in a sample: written, read back, and refused where they are none."""

from __future__ import annotations

import json

import numpy as np
import pytest

from colab_save.artifact.composites import Ragged, Sparse
from colab_save.artifact.sample import is_structure, read_arrays, write_arrays
from colab_save.errors import DamagedFileError

SPARSE = Sparse(np.array([1.0, 2.0], "float32"), np.array([[0, 2], [1, 0]]), (2, 3))
WORDS = Ragged(np.array([b"a", b"b", b"c"], object), (np.array([0, 2, 2]), np.array([0, 1, 3])))


def parts(item):
    return {name: np.asarray(array).tolist() for name, array in item.arrays.items() if name != "splits"}


@pytest.mark.parametrize("item", [SPARSE, WORDS, Sparse.of(np.zeros((0, 3))), Ragged.of(np.ones((3, 4, 2)))])
def test_it_is_read_as_it_was_written(item, tmp_path):
    structure = write_arrays(tmp_path / "a.npz", inputs={"x": [item]})["inputs"]
    back = read_arrays(tmp_path / "a.npz", json.loads(json.dumps(structure)))["x"][0]
    assert (type(item), item.shape, item.dtype, parts(item)) == (type(back), back.shape, back.dtype, parts(back))
    assert is_structure(structure)


def test_the_shape_of_a_ragged_tensor_has_no_size_where_it_varies():
    assert ((2, None, None), (3, None, 2)) == (WORDS.shape, Ragged.of(np.ones((3, 4, 2))).shape)


def test_values_of_another_dtype_stay_at_their_places():
    assert ("float64", parts(SPARSE)) == ((other := SPARSE.astype("float64")).dtype.name, parts(other))


@pytest.mark.parametrize(
    ("indices", "sizes"),
    [
        ([[0, 3], [1, 0]], (2, 3)),
        ([[0, -1], [1, 0]], (2, 3)),
        ([[1, 0], [0, 2]], (2, 3)),
        ([[0], [1]], (2, 3)),
        ([[0, 0], [0, 1]], (2**40, 2**40)),
        ([[0.0, 1.0], [1.0, 1.0]], (2, 3)),
    ],
    ids=["too large", "negative", "not sorted", "of another shape", "of impossible sizes", "no whole numbers"],
)
def test_indices_that_are_none_are_refused(indices, sizes):
    with pytest.raises(ValueError, match="sparse tensor"):
        Sparse(np.ones(2), np.array(indices), sizes)


@pytest.mark.parametrize("splits", [[[1, 3]], [[0, 2]], [[0, 2, 1, 3]], [[0, 2], [0, 3]], [[]], [[0.0, 3.0]], []])
def test_row_splits_that_are_none_are_refused(splits):
    with pytest.raises(ValueError, match="ragged tensor"):
        Ragged(np.ones(3), tuple(map(np.array, splits)))


def test_a_file_with_impossible_indices_is_damaged(tmp_path):
    structure = write_arrays(tmp_path / "a.npz", inputs=SPARSE)["inputs"]
    structure["sparse"]["indices"], structure["sparse"]["values"] = structure["sparse"]["values"], None
    with pytest.raises(DamagedFileError):
        read_arrays(tmp_path / "a.npz", structure)


@pytest.mark.parametrize("value", [{"sparse": []}, {"ragged": {"values": 1}}, {"sparse": {}, "ragged": {}}])
def test_another_structure_is_none(value):
    assert not is_structure(value)
