"""The rule of constants: the expression of a value evaluates to an equal value of the same type, or there is none."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import fractions
import pathlib
import re
import sys
import threading
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.custom_code.constants import MAX_ELEMENTS, MAX_LENGTH, express
from colab_save.errors import CustomCodeError


def refer(value):
    """Reach installed objects by module and name, for `evaluate`."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    return f"{value.__module__}.{value.__qualname__}"


def evaluate(text):
    return eval(text, {**sys.modules, "__builtins__": __builtins__})


def exact(value):
    """Return a value with all its types, for comparing."""
    if isinstance(value, dict):
        return type(value), [(exact(key), exact(item)) for key, item in value.items()]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(map(repr, map(exact, value)))
    if isinstance(value, (list, tuple)):
        return type(value), [exact(item) for item in value]
    return type(value), repr(value)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
hashable = st.recursive(plain, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
values = st.recursive(
    hashable | st.sets(hashable, max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hashable, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_a_constant_comes_back_from_its_expression(value):
    assert exact(value) == exact(evaluate(express(value, refer)))


@given(
    st.sampled_from(["f2", "f4", "f8", "i1", "i8", "u4", "c8", "b1", "U3"]).flatmap(
        lambda dtype: st.lists(st.integers(0, 1), max_size=6).map(lambda items: np.array(items, dtype))
    )
)
def test_a_small_array_comes_back_with_its_dtype(array):
    back = evaluate(express(array, refer))
    assert (array.dtype, array.tolist()) == (back.dtype, back.tolist())


@given(st.floats(width=32))
def test_a_numpy_scalar_comes_back(number):
    back = evaluate(express(np.float32(number), refer))
    assert (np.float32, repr(np.float32(number))) == (type(back), repr(back))


@pytest.mark.parametrize(
    "value",
    [
        range(1, 9, 2),
        slice(1, None),
        ...,
        pathlib.PurePosixPath("a/b"),
        decimal.Decimal("1.10"),
        fractions.Fraction(1, 3),
        dt.date(2026, 1, 2),
        collections.Counter("aab"),
        types.SimpleNamespace(a=1, b=[2]),
        argparse.Namespace(rate=0.1),
        re.RegexFlag.I | re.RegexFlag.M,
        np.dtype("float32"),
        np.zeros((0, 3), "f4"),
        np.full((2, 2), np.nan),
        len,
        int,
        collections,
    ],
    ids=repr,
)
def test_values_that_are_common_in_globals_come_back(value):
    back = evaluate(express(value, refer))
    assert (type(value), repr(value)) == (type(back), repr(back))


def test_an_empty_array_comes_back_with_its_shape():
    assert (0, 3) == evaluate(express(np.zeros((0, 3), "f4"), refer)).shape


def cyclic():
    made = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (threading.Lock(), "holds a live _thread.lock"),
        (np.zeros(MAX_ELEMENTS + 1), f"holds an array of {MAX_ELEMENTS + 1} elements"),
        (np.array([object()]), "holds a live numpy.ndarray"),
        (np.array([(1, 2.0)], "i4,f4"), "holds a live numpy.ndarray"),
        ("x" * MAX_LENGTH, f"holds a str that takes {MAX_LENGTH + 2} characters"),
        (cyclic(), "holds a list that contains itself"),
        ((item for item in ()), "holds a live builtins.generator"),
        ({"a": [threading.Lock()]}, "holds a live _thread.lock"),
        (sys.stdout, "holds a live"),
    ],
    ids=["lock", "large", "objects", "record", "long", "cycle", "generator", "inside", "stream"],
)
def test_a_value_without_an_expression_is_refused_with_the_reason(value, reason):
    with pytest.raises(CustomCodeError, match=re.escape(reason)):
        express(value, refer)
