"""The weights in a file, read without building a model; tests/formats/contract.py reads what each format wrote."""

from __future__ import annotations

import hashlib

import ml_dtypes
import numpy as np
import pytest

from colab_save.errors import CancelledError, FormatError
from colab_save.progress import ignore_steps
from colab_save.viewing.weights import weigh
from tests.making import hdf5_bytes, keras_bytes

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)
ARRAYS = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": np.zeros(3, "float16")}


@pytest.fixture
def write(tmp_path):
    def make(data):
        path = tmp_path / "model"
        path.write_bytes(data)
        return path

    return make


def weighed(path, kind="weights"):
    return {weight.path: weight for weight in weigh(path, kind, ignore_steps)}


@pytest.mark.parametrize(("kind", "make"), [("keras", keras_bytes), ("weights", hdf5_bytes)])
def test_each_weight_is_told_with_shape_dtype_and_spread(write, kind, make):
    found = weighed(write(make(ARRAYS)), kind)
    assert {path: (array.shape, array.dtype.name) for path, array in ARRAYS.items()} == {
        path: (weight.shape, weight.dtype) for path, weight in found.items()
    }
    spread = found["layers/dense/vars/0"].histogram
    assert (0, 5, 2.5) == (spread.low, spread.high, spread.mean)


def test_the_digest_is_that_of_the_manifest(write):
    found = weighed(write(hdf5_bytes(ARRAYS)))
    assert hashlib.sha256(KERNEL.tobytes()).hexdigest() == found["layers/dense/vars/0"].digest


def test_bfloat16_is_read_as_such(write):
    values = np.array([1.5, -2], ml_dtypes.bfloat16)
    weight = weighed(write(hdf5_bytes({"vars/0": values})))["vars/0"]
    assert ("bfloat16", -2, 1.5) == (weight.dtype, weight.histogram.low, weight.histogram.high)
    assert hashlib.sha256(values.tobytes()).hexdigest() == weight.digest


@pytest.mark.parametrize("group", ["optimizer", "optimizer_weights", "metrics"])
def test_the_state_of_optimizers_and_metrics_is_left_out(write, group):
    assert {*ARRAYS} == {*weighed(write(hdf5_bytes(ARRAYS | {f"{group}/vars/0": KERNEL})))}


def test_texts_are_left_out(write):
    assert {*ARRAYS} == {*weighed(write(hdf5_bytes(ARRAYS | {"layers/words/vars/0": np.array([b"a", b"b"])})))}


def test_one_weight_is_read_at_a_time(write):
    steps = []
    weights = weigh(write(hdf5_bytes(ARRAYS)), "weights", steps.append)
    next(weights)
    assert [(24, 30)] == [(step.done, step.total) for step in steps]


def test_reading_stops_where_it_is_cancelled(write):
    def stop(step):
        raise CancelledError("Cancelled.", "Nothing.")

    with pytest.raises(CancelledError):
        list(weigh(write(hdf5_bytes(ARRAYS)), "weights", stop))


@pytest.mark.parametrize("kind", ["litert", "onnx"])
def test_weights_that_a_converter_has_made_constants_of_are_not_taken_for_the_models(write, kind):
    with pytest.raises(FormatError, match=r"constants in a graph, .*\n.*netron shows"):
        weighed(write(b"any"), kind)


def test_what_cannot_be_read_is_said_in_one_line(write):
    with pytest.raises(FormatError, match="The weights of model cannot be read"):
        weighed(write(b"nothing of the kind"))
