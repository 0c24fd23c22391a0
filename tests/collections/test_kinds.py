"""Values of Python's and NumPy's own classes come back equal and of the same class; a value that changed is named."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import fractions
import math
import pathlib
import re
import sys
import types
import uuid
import zoneinfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.collection import TREE, compare_collections
from colab_save.collections.extras import Extras, find_extras, is_equal, prove_extras, read_extras, write_extras
from colab_save.errors import FormatError, RequestError

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

VALUES = {
    "bytes": b"\x00\x01",
    "no_bytes": b"",
    "bytearray": bytearray(b"ab"),
    "complex": complex(-0.0, math.inf),
    "range": range(0, 9, 2),
    "slice": slice(None, 4, None),
    "date": dt.date(2020, 1, 2),
    "datetime": dt.datetime(2020, 10, 25, 2, 30, 0, 7, tzinfo=BERLIN, fold=1),
    "naive": dt.datetime(2020, 1, 2, 3, 4),  # noqa: DTZ001 - that is the point
    "time": dt.time(1, 2, tzinfo=dt.UTC),
    "timedelta": dt.timedelta(-1, 5, 3),
    "zone": BERLIN,
    "fixed": dt.timezone(dt.timedelta(hours=2), "X"),
    "utc": dt.UTC,
    "decimal": decimal.Decimal("1.20"),
    "fraction": fractions.Fraction(1, 3),
    "uuid": uuid.UUID(int=7),
    "path": pathlib.Path("a/b"),
    "pure": pathlib.PurePosixPath("a"),
    "windows": pathlib.PureWindowsPath("c:\\x"),
    "pattern": re.compile("a.b", re.IGNORECASE),
    "of_bytes": re.compile(b"a"),
    "frozenset": frozenset({1, 2}),
    "ordered": collections.OrderedDict(b=1, a=2),
    "counter": collections.Counter("aab"),
    "default": collections.defaultdict(list, a=[1]),
    "namespace": types.SimpleNamespace(rate=0.1),
    "arguments": argparse.Namespace(epochs=3),
    "texts": np.array(["cat", "dög", None, float("nan")], dtype=object).reshape(2, 2),
    "objects": np.array([1, {"a": 2}, [3], dt.date(2020, 1, 1), len("ab")], dtype=object),
    "no_objects": np.array([], dtype=object),
    "dtype": np.dtype("float32"),
    "times": np.dtype("<M8[ns]"),
}


def come_back(folder, **values):
    """Return the variables of a notebook that come back, after they were proven as the fresh process proves them."""
    write_extras(folder / "extras", find_extras(list(values), None, values))
    prove_extras(None, folder / "extras")
    return read_extras(folder / "extras").values


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name, tmp_path):
    value = come_back(tmp_path, **{name: VALUES[name]})[name]
    assert (type(VALUES[name]), repr(VALUES[name])) == (type(value), repr(value))


def test_values_of_kinds_come_back_inside_each_other(tmp_path):
    value = {"when": [dt.date(2020, 1, 1)], 2: (frozenset({(1, b"a"), (2, b"b"), b"c"}), {"at": 1j})}
    assert value == come_back(tmp_path, value=value)["value"]


def test_no_value_of_a_library_imports_it(tmp_path):
    before = {"pandas", "sklearn", "skops", "tokenizers"} & sys.modules.keys()
    come_back(tmp_path, **VALUES)
    assert before == {"pandas", "sklearn", "skops", "tokenizers"} & sys.modules.keys()


plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec="utf-8")), st.complex_numbers()
)
dated = st.one_of(st.dates(), st.times(), st.datetimes(), st.datetimes(timezones=st.just(BERLIN)), st.timedeltas())
hashable = st.one_of(plain, dated, st.binary(max_size=9), st.decimals(allow_nan=False), st.fractions(), st.uuids())
texts = st.lists(st.one_of(st.text(st.characters(codec="utf-8")), st.none()), max_size=5)
leaves = st.one_of(
    hashable, texts.map(lambda items: np.array(items, dtype=object)), st.binary(max_size=9).map(bytearray)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashable, inner, max_size=4),
        st.frozensets(hashable, max_size=4),
        st.dictionaries(hashable, inner, max_size=4).map(collections.OrderedDict),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda held: types.SimpleNamespace(**held)),
    ),
    max_leaves=12,
)


def shown(value):
    """Every type and value in a value, on its own account: not by what the package thinks is equal."""
    if isinstance(value, (set, frozenset)):
        return type(value).__name__, sorted(map(repr, map(shown, value)))
    if isinstance(value, dict):
        return type(value).__name__, [(shown(key), shown(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [*map(shown, value)]
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, [*map(shown, value.ravel())]
    if isinstance(value, types.SimpleNamespace):
        return "namespace", shown(vars(value))
    return type(value).__name__, repr(value), getattr(value, "fold", 0)


@given(values)
def test_what_is_made_of_such_values_comes_back(tmp_path_factory, value):
    back = come_back(tmp_path_factory.mktemp("values"), value=value)["value"]
    assert shown(value) == shown(back)


TWINS = [
    (1, 1.0),
    (1, True),
    (0.0, -0.0),
    (b"a", bytearray(b"a")),
    ([1], (1,)),
    ({1}, frozenset({1})),
    ({"a": 1}, collections.OrderedDict(a=1)),
    (dt.date(2020, 1, 1), dt.date(2020, 1, 2)),
    (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2020, 1, 1, tzinfo=BERLIN)),
    (dt.datetime(2020, 1, 1, tzinfo=BERLIN), dt.datetime(2020, 1, 1, tzinfo=BERLIN, fold=1)),
    (dt.datetime(2020, 1, 1, tzinfo=BERLIN), dt.date(2020, 1, 1)),
    (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    (pathlib.Path("a"), pathlib.PurePosixPath("a")),
    (range(3), range(0, 3, 2)),
    (collections.defaultdict(list), collections.defaultdict(set)),
    (np.array(["a"], dtype=object), np.array(["a"])),
    (np.array(["a", None], dtype=object), np.array(["a", ""], dtype=object)),
    (np.array(["ab", "c"], dtype=object), np.array(["a", "bc"], dtype=object)),
    (np.array([1], dtype=object), np.array([1.0], dtype=object)),
    (np.dtype("float32"), np.dtype("float64")),
]


@pytest.mark.parametrize(("one", "other"), TWINS, ids=repr)
def test_a_value_that_became_another_is_a_gap(one, other):
    gaps = compare_collections(Extras({}, {"x": one}).collection, Extras({}, {"x": other}).collection)
    assert gaps
    assert not is_equal(one, other)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_value_is_equal_to_itself(value):
    assert is_equal(value, value)


def test_what_cannot_be_written_is_equal_to_nothing():
    assert not is_equal(len, len)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (dt.datetime(2020, 1, 1, tzinfo=type("Zone", (dt.tzinfo,), {})()), "has a time zone of"),
        (np.array(["half \ud800"], dtype=object), "lone surrogates"),
        (np.dtype([("a", "i4")]), "not a plain one"),
        ({"a": [np.array([len], dtype=object)]}, "which cannot be written without running code"),
    ],
    ids=["zone", "surrogate", "records", "function"],
)
def test_what_cannot_be_written_is_named_with_a_hint(value, why):
    with pytest.raises(RequestError, match=why) as caught:
        find_extras(["value"], None, {"value": value})
    assert "Convert it" in caught.value.hint


def test_a_value_that_comes_back_as_another_fails_the_proof_by_its_place(tmp_path):
    folder = tmp_path / "extras"
    write_extras(folder, find_extras(["files"], None, {"files": {"x": pathlib.Path("a/b")}}))
    file = folder / TREE
    file.write_text(file.read_text("utf-8").replace('"a/b"', '"a//b"'), "utf-8")
    with pytest.raises(FormatError, match=r"The extra files\.x\.text"):
        prove_extras(None, folder)
