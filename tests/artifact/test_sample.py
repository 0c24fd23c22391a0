from __future__ import annotations

import json
import math
from typing import NamedTuple

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from colab_save.artifact.sample import FILE, read_arrays, write_arrays
from colab_save.errors import DamagedFileError
from colab_save.nested import leaves, map_structure
from colab_save.proof.tolerances import compare_outputs, compare_shapes

PLAIN = [
    "bool",
    "int8",
    "uint8",
    "int32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
SMALL = ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4"]
"""Dtypes of ml_dtypes, which NumPy writes as raw bytes."""

shapes = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
plain_arrays = st.sampled_from(PLAIN).flatmap(lambda dtype: arrays_of.arrays(dtype, shapes))
small_arrays = st.builds(
    lambda array, dtype: array.astype(getattr(ml_dtypes, dtype)),
    arrays_of.arrays("float32", shapes, elements=st.integers(-4, 4)),
    st.sampled_from(SMALL),
)
byte_arrays = arrays_of.arrays(object, shapes, elements=st.binary(max_size=4) | st.just(b"a\0\0"))
anything = st.recursive(
    plain_arrays | small_arrays | byte_arrays | st.none(),
    lambda below: (
        st.lists(below, max_size=3)
        | st.lists(below, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4), below, max_size=3)
    ),
    max_leaves=5,
)
per_example = [HealthCheck.function_scoped_fixture]


def same(left, right):
    """Return whether two trees are equal in structure, dtype, shape and bytes."""
    if isinstance(left, dict):
        return (
            isinstance(right, dict) and left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
        )
    if isinstance(left, list | tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if left is None:
        return right is None
    if left.dtype == object:
        return right.dtype == object and left.shape == right.shape and left.tolist() == right.tolist()
    return (left.dtype, left.shape, left.tobytes()) == (right.dtype, right.shape, right.tobytes())


def sent(tmp_path, tree):
    """Write and read a tree, its structure through JSON."""
    structure = write_arrays(tmp_path / FILE, tree=tree)["tree"]
    return read_arrays(tmp_path / FILE, json.loads(json.dumps(structure)))


@settings(suppress_health_check=per_example)
@given(anything)
def test_any_nested_arrays_come_back_equal(tmp_path, tree):
    assert same(tree, sent(tmp_path, tree))


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_every_value_of_a_small_float_comes_back(tmp_path, dtype):
    kind = np.dtype(getattr(ml_dtypes, dtype))
    whole = np.arange(2 ** (8 * kind.itemsize), dtype=f"uint{8 * kind.itemsize}").view(kind)
    came = sent(tmp_path, whole)
    with np.errstate(invalid="ignore"):
        wide, back = whole.astype("float32"), came.astype("float32")
    assert kind == came.dtype
    assert bool(np.all((wide == back) | (np.isnan(wide) & np.isnan(back))))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array(["a", "ü", "模型"]), [b"a", "ü".encode(), "模型".encode()]),
        (np.array(["a", b"b\0", "\0"], dtype=object), [b"a", b"b\0", b"\0"]),
        (np.array([b"a", b"long"]), [b"a", b"long"]),
        (np.array("one"), b"one"),
        (np.array([], dtype="U3"), []),
        (np.array([["", "x"]], dtype=object), [[b"", b"x"]]),
    ],
)
def test_texts_come_back_as_bytes_whole(tmp_path, given, expected):
    came = sent(tmp_path, given)
    assert (np.dtype(object), given.shape, expected) == (came.dtype, came.shape, came.tolist())


def test_plain_numbers_are_arrays(tmp_path):
    assert [np.array(1), np.array(2.5), np.array(True)] == sent(tmp_path, [1, 2.5, True])


def test_two_trees_share_a_file_and_not_their_arrays(tmp_path):
    structures = write_arrays(tmp_path / FILE, inputs=np.array([1]), outputs=(np.array([2]),))
    assert [2] == read_arrays(tmp_path / FILE, structures["outputs"])[0].tolist()


def test_the_file_is_written_without_pickles(tmp_path):
    write_arrays(tmp_path / FILE, tree=[np.array(["a"], dtype=object), np.ones(2, ml_dtypes.bfloat16)])
    with np.load(tmp_path / FILE, allow_pickle=False) as arrays:
        assert {"f", "S"} == {arrays[key].dtype.kind for key in arrays}


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"], ids=repr)
def test_a_file_that_is_not_a_sample_is_damaged(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(DamagedFileError, match=FILE):
        read_arrays(tmp_path / FILE, {"array": "tree_0", "dtype": "float32"})


def test_a_pickle_in_a_sample_is_not_opened(tmp_path):
    np.savez(tmp_path / FILE, tree_0=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DamagedFileError):
        read_arrays(tmp_path / FILE, {"array": "tree_0", "dtype": "object"})


@pytest.mark.parametrize(
    "structure",
    [
        {"array": "other", "dtype": "float32"},
        {"array": "tree_0", "dtype": "float99"},
        {"array": "tree_0", "dtype": "string"},
        {"array": "tree_0", "dtype": "finfo"},
        {"array": "tree_0", "dtype": "__doc__"},
        {"array": "tree_0", "dtype": "float32"},
    ],
    ids=str,
)
def test_a_structure_that_does_not_fit_the_arrays_is_a_damaged_file(tmp_path, structure):
    write_arrays(tmp_path / FILE, tree=np.array([1, 2]))
    with pytest.raises(DamagedFileError):
        read_arrays(tmp_path / FILE, structure)


def test_a_cut_sample_is_a_damaged_file(tmp_path):
    structure = write_arrays(tmp_path / FILE, tree=np.arange(100))["tree"]
    content = (tmp_path / FILE).read_bytes()
    for length in range(0, len(content), 37):
        (tmp_path / FILE).write_bytes(content[:length])
        with pytest.raises(DamagedFileError):
            read_arrays(tmp_path / FILE, structure)


def test_a_flipped_byte_is_never_another_value(tmp_path):
    structure = write_arrays(tmp_path / FILE, tree=np.arange(20))["tree"]
    content = (tmp_path / FILE).read_bytes()
    for place in range(0, len(content), 3):
        (tmp_path / FILE).write_bytes(content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :])
        try:
            came = read_arrays(tmp_path / FILE, structure)
        except DamagedFileError:
            continue
        assert list(range(20)) == came.tolist()


class Pair(NamedTuple):
    left: int
    right: int


def test_a_mapped_structure_has_the_same_types():
    tree = {"a": [1, (2, None)], "b": Pair(3, 4)}
    assert {"a": [2, (4, None)], "b": Pair(6, 8)} == map_structure(lambda item: item * 2, tree)


def test_leaves_are_named_by_their_place():
    tree = {"b": [1, None, (2,)], "a": 3, 7: 4}
    assert [("[7]", 4), ("['a']", 3), ("['b'][0]", 1), ("['b'][2][0]", 2)] == list(leaves(tree))


def differ(expected, actual, *, rtol=None, atol=None, precision="float32"):
    return compare_outputs(expected, actual, rtol, atol, precision)[1]


def array(values, dtype="float32"):
    return np.asarray(values, dtype=dtype)


@given(anything)
def test_outputs_are_equal_to_themselves(tree):
    assert [] == differ(tree, tree)


@given(anything)
def test_outputs_have_their_own_shapes(tree):
    assert [] == compare_shapes(tree, tree)


@pytest.mark.parametrize(
    ("expected", "actual", "are_equal"),
    [
        ([math.nan, 1], [math.nan, 1], True),
        ([math.nan], [1], False),
        ([1], [math.nan], False),
        ([math.inf, -math.inf], [math.inf, -math.inf], True),
        ([math.inf], [-math.inf], False),
        ([math.inf], [1e30], False),
        ([1e30], [math.inf], False),
        ([math.inf], [math.nan], False),
        ([0.0], [-0.0], True),
        ([0.0], [9e-6], True),
        ([0.0], [2e-5], False),
        ([1000.0], [1000.05], True),
        ([1000.0], [1000.2], False),
        ([], [], True),
    ],
)
def test_floats_are_compared_within_their_tolerance(expected, actual, are_equal):
    assert are_equal is (differ(array(expected), array(actual)) == [])


@pytest.mark.parametrize(
    ("dtype", "precision", "gap", "are_equal"),
    [
        ("float64", "float32", 1e-8, True),
        ("float64", "float32", 1e-5, False),
        ("float64", "float16", 1e-3, False),
        ("float32", "float32", 5e-5, True),
        ("float32", "float32", 1e-3, False),
        ("float32", "float16", 5e-3, True),
        ("float32", "bfloat16", 3e-2, True),
        ("float16", "float32", 5e-3, True),
        ("float16", "float32", 5e-2, False),
        ("complex64", "float32", 5e-5, True),
        ("complex64", "float32", 1e-3, False),
    ],
)
def test_the_tolerance_is_that_of_the_coarsest_dtype(dtype, precision, gap, are_equal):
    found = differ(array([1.0], dtype), array([1.0 + gap], dtype), precision=precision)
    assert are_equal is (found == [])


def test_bfloat16_is_compared_as_numbers():
    left, right, far = (array([value], ml_dtypes.bfloat16) for value in (1.0, 1.03, 1.5))
    assert ([], 1) == (differ(left, right), len(differ(left, far)))


@pytest.mark.parametrize(
    ("rtol", "atol", "are_equal"), [(0.2, None, True), (0, 0.2, True), (0, 0, False), (0.01, 0, False)]
)
def test_given_tolerances_replace_those_by_dtype(rtol, atol, are_equal):
    assert are_equal is (differ(array([1.0]), array([1.1]), rtol=rtol, atol=atol) == [])


@pytest.mark.parametrize("values", [([1, 2], [1, 3], "int64"), ([True], [False], "bool"), ([b"a"], [b"b"], object)])
def test_values_that_are_not_floats_must_be_equal(values):
    expected, actual, dtype = values
    (found,) = differ(array(expected, dtype), array(actual, dtype), rtol=10, atol=10)
    assert f"1 of {len(expected)} values of output differ" == found


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (np.zeros((2, 3), "float64"), "output is float64 [2, 3], expected float32 [2, 3]"),
        (np.zeros((3, 2), "float32"), "output is float32 [3, 2], expected float32 [2, 3]"),
        (np.zeros((1, 3), "float32"), "output is float32 [1, 3], expected float32 [2, 3]"),
        (np.zeros((), "float32"), "output is float32 [], expected float32 [2, 3]"),
    ],
)
def test_another_shape_or_dtype_is_reported_and_never_broadcast(actual, words):
    assert [words] == differ(np.zeros((2, 3), "float32"), actual)
    assert 1 == len(compare_shapes(np.zeros((2, 3), "float32"), actual))


def test_outputs_that_are_missing_or_new_are_named():
    expected, actual = {"a": array([1]), "b": array([1])}, {"a": array([1]), "c": array([1])}
    assert ["output['b'] is missing", "output['c'] was not there before"] == differ(expected, actual)


def test_a_missing_output_is_named():
    assert ["output is missing"] == differ(array([1]), None)


def test_the_first_difference_is_shown_with_its_place_and_both_values():
    (found,) = differ(array([[1, 2], [3, 4]]), array([[1, 2], [5, 9]]))
    assert "2 of 4 values of output differ, by up to 5; first at [1, 0]: expected 3, got 5" == found


def test_a_difference_of_a_single_number_is_shown():
    (found,) = differ(array(1.0), array(2.0))
    assert found.endswith("first at []: expected 1, got 2")


def test_a_difference_of_complex_numbers_is_shown():
    (found,) = differ(array([1 + 1j], "complex64"), array([1 + 3j], "complex64"))
    assert "by up to 2" in found


def test_the_largest_errors_are_reported_for_every_output():
    errors, _ = compare_outputs([array([1, 2]), array([4])], [array([1, 2]), array([5])], None, None)
    assert [("output[0]", 0, 0), ("output[1]", 1, 0.25)] == [
        (item.name, item.absolute, item.relative) for item in errors
    ]


def test_an_empty_output_has_no_error():
    errors, found = compare_outputs(np.zeros((0, 3), "float32"), np.zeros((0, 3), "float32"), None, None)
    assert ((0.0, 0.0), []) == ((errors[0].absolute, errors[0].relative), found)


def test_a_value_where_there_was_no_number_is_an_infinite_error():
    errors, _ = compare_outputs(array([math.nan]), array([1]), None, None)
    assert math.inf == errors[0].absolute


def test_random_outputs_are_compared_by_shape_only():
    assert [] == compare_shapes({"a": array([1, 2])}, {"a": array([8, 9])})
