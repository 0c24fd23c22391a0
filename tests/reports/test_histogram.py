"""How the values of an array are spread."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from colab_save.reports.histogram import BINS, BLOCK, Histogram, histogram_of

FLOATS = arrays(st.sampled_from(["float16", "float32", "float64"]), array_shapes(min_side=0, max_dims=3))


@given(FLOATS)
def test_every_value_is_counted_once(values):
    found = histogram_of(values)
    assert values.size == sum(found.counts) + found.nans + found.infinite


@given(FLOATS)
def test_the_ends_and_the_mean_are_those_of_the_finite_values(values):
    found, finite = histogram_of(values), values[np.isfinite(values)].astype("float64")
    if finite.size:
        assert (finite.min(), finite.max()) == (found.low, found.high)
        largest = max(np.abs(finite).max(), 1e-300)
        assert found.mean / largest == pytest.approx((finite / largest).mean(), abs=1e-6)


@given(FLOATS)
def test_the_edges_go_from_one_end_to_the_other(values):
    found = histogram_of(values)
    assert [*found.edges] == sorted(found.edges)
    assert (len(found.counts) + 1 if found.counts else 0) == len(found.edges)


def test_values_are_counted_where_they_lie():
    values = np.linspace(0, 1, 10 * BINS, endpoint=False)
    assert (10,) * BINS == histogram_of(np.append(values[:-1], 1.0)).counts


def test_equal_values_are_one_bar():
    assert Histogram((6,), 0.5, 0.5, 0.5) == histogram_of(np.full((2, 3), 0.5))


def test_without_a_finite_value_there_is_no_bar():
    found = histogram_of(np.array([math.nan, math.inf, -math.inf, math.nan]))
    assert ((), 2, 2) == (found.counts, found.nans, found.infinite)


@pytest.mark.parametrize(
    ("bits", "dtype"), [(0x7D01, "float16"), (0x7F800001, "float32"), (0x7FF0000000000001, "float64")]
)
def test_a_signalling_nan_is_counted_without_a_warning(bits, dtype):
    values = np.array([bits, 0, 0, 0], f"uint{8 * np.dtype(dtype).itemsize}").view(dtype)
    assert Histogram((3,), 0.0, 0.0, 0.0, nans=1) == histogram_of(values)


def test_the_largest_floats_have_a_mean():
    largest = np.finfo("float64").max
    assert largest == histogram_of(np.full(3, largest)).mean


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "int64", ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
def test_every_dtype_of_a_weight_can_be_counted(dtype):
    found = histogram_of(np.array([0, 1, 1], dtype))
    assert (0, 1, 1, 2) == (found.low, found.high, found.counts[0], found.counts[-1])


def test_an_array_of_several_blocks_is_counted_as_one():
    values = np.zeros(2 * BLOCK + 3, "int8")
    values[-1] = 1
    found = histogram_of(values)
    assert (2 * BLOCK + 2, 1) == (found.counts[0], found.counts[-1])
