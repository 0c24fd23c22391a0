"""What pandas holds comes back: columns by kind, indexes, names, attrs; a column that changed is named."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.collection import compare_collections
from colab_save.collections.extras import Extras, find_extras, prove_extras, read_extras, write_extras
from colab_save.collections.kinds import of_pandas
from colab_save.errors import FormatError, RequestError

pd = pytest.importorskip("pandas")

BERLIN = "Europe/Berlin"
LEVELS = pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("a", 2)], names=["l", None])

COLUMNS = {
    "whole": np.array([1, 2, 3], dtype="int16"),
    "number": [0.5, np.nan, -0.0],
    "half": np.array([1, 2, 3], dtype="float32"),
    "text": ["x", "ü", None],
    "flag": [True, False, True],
    "complex": np.array([1j, 2, 3]),
    "category": pd.Categorical(["lo", "hi", None], ["lo", "mid", "hi"], ordered=True),
    "years": pd.Categorical([2020, 2021, 2020]),
    "time": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
    "seconds": pd.to_datetime(["2020-01-01", None, "2021-01-01"]).as_unit("s"),
    "zoned": pd.date_range("2020-10-24 12:00", periods=3, tz=BERLIN),
    "utc": pd.date_range("2020", periods=3, tz="UTC"),
    "fixed": pd.date_range("2020", periods=3, tz=dt.timezone(dt.timedelta(hours=2))),
    "tokyo": pd.date_range("2020", periods=3, tz=zoneinfo.ZoneInfo("Asia/Tokyo")),
    "span": pd.to_timedelta([1, 2, None], unit="s"),
    "month": pd.period_range("2020-01", periods=3, freq="M"),
    "interval": pd.interval_range(0, 3, closed="left"),
    "nullable": pd.array([1, None, 3], dtype="Int8"),
    "maybe": pd.array([True, None, False], dtype="boolean"),
    "float32": pd.arrays.FloatingArray(np.array([np.nan, 1, 2], dtype="float32"), np.array([False, True, False])),
    "string": pd.array(["a", None, "c"], dtype="string"),
    "objects": pd.Series([{"a": 1}, (1, 2), dt.date(2020, 1, 1)], dtype=object),
    "gaps": pd.Series([pd.NA, pd.NaT, 1.0], dtype=object),
}

INDEXES = {
    "steps": pd.RangeIndex(2, 9, 3, name="r"),
    "days": pd.date_range("2020", periods=3, freq="D", name="d"),
    "hours": pd.date_range("2020", periods=3, freq="h", tz=BERLIN),
    "spans": pd.timedelta_range("0s", periods=3, freq="2s"),
    "periods": pd.period_range("2020", periods=3, freq="Q"),
    "intervals": pd.interval_range(0, 3, name="i"),
    "categories": pd.CategoricalIndex(["a", "b", "a"], name="q"),
    "levels": LEVELS,
    "part_of_levels": LEVELS[:2],
    "tuples": pd.Index([("a", 1), ("b", 2)], tupleize_cols=False),
    "flags": pd.Index([True, False]),
    "floats": pd.Index([1.5, np.nan], name=("a", 1)),
    "texts": pd.Index(["a", "b"], dtype=object),
}

SCALARS = {
    "zoned": pd.Timestamp("2020-10-25 00:30").tz_localize("UTC").tz_convert(BERLIN),
    "second": pd.Timestamp("2020-10-25 01:30").tz_localize("UTC").tz_convert(BERLIN),
    "unit": pd.Timestamp("2020-01-01").as_unit("s"),
    "span": pd.Timedelta("1s"),
    "quarter": pd.Period("2020-01", "Q"),
    "interval": pd.Interval(0, 1.5, closed="both"),
    "nothing": pd.NA,
    "no_time": pd.NaT,
    "categories": pd.Categorical(["a", None]),
}

FRAMES = {
    "of_all": pd.DataFrame(COLUMNS),
    "of_two_of_one_name": pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"], index=[0, 0]),
    "empty": pd.DataFrame(),
    "of_no_columns": pd.DataFrame(index=[1, 2]),
    "of_no_rows": pd.DataFrame({"a": np.array([], dtype="int8"), "b": pd.Categorical([])}),
    "with_levels": pd.DataFrame([[1, 2, 3]] * 3, columns=LEVELS, index=LEVELS),
    "wide": pd.DataFrame(np.ones((3, 300))),
}


def come_back(folder, value):
    """Return a variable that comes back, after it was proven as the fresh process proves it."""
    write_extras(folder / "extras", find_extras(["value"], None, {"value": value}))
    prove_extras(None, folder / "extras")
    return read_extras(folder / "extras").values["value"]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_series_comes_back_as_it_was(name, tmp_path):
    value = pd.Series(COLUMNS[name], index=LEVELS, name=name)
    back = come_back(tmp_path, value)
    pd.testing.assert_series_equal(value, back, check_exact=True, check_freq=True, check_flags=True)
    assert (value.dtype, repr(value)) == (back.dtype, repr(back))


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_comes_back_as_it_was(name, tmp_path):
    back = come_back(tmp_path, INDEXES[name])
    pd.testing.assert_index_equal(INDEXES[name], back, exact=True, check_exact=True)
    assert (repr(INDEXES[name]), getattr(INDEXES[name], "freq", None)) == (repr(back), getattr(back, "freq", None))


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_comes_back_as_it_was(name, tmp_path):
    back = come_back(tmp_path, SCALARS[name])
    assert (type(SCALARS[name]), repr(SCALARS[name])) == (type(back), repr(back))
    for each in ("unit", "fold", "tz"):
        assert str(getattr(SCALARS[name], each, "")) == str(getattr(back, each, ""))


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_comes_back_as_it_was(name, tmp_path):
    back = come_back(tmp_path, FRAMES[name])
    pd.testing.assert_frame_equal(FRAMES[name], back, check_exact=True, check_freq=True, check_flags=True)
    assert list(FRAMES[name].dtypes) == list(back.dtypes)


def test_a_zone_comes_back_by_the_package_that_it_was_of(tmp_path):
    frame = FRAMES["of_all"][["zoned", "utc", "fixed", "tokyo"]]
    back = come_back(tmp_path, frame)
    assert [type(each.tz) for each in frame.dtypes] == [type(each.tz) for each in back.dtypes]


def test_attrs_and_flags_come_back(tmp_path):
    value = pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    value.attrs["source"] = {"when": dt.date(2020, 1, 1)}
    back = come_back(tmp_path, value)
    assert ({"source": {"when": dt.date(2020, 1, 1)}}, False) == (back.attrs, back.flags.allows_duplicate_labels)


def test_categories_that_no_row_has_come_back(tmp_path):
    back = come_back(tmp_path, pd.Series(COLUMNS["category"]))
    assert (["lo", "mid", "hi"], True) == (list(back.cat.categories), back.cat.ordered)


def test_frames_come_back_inside_of_others_values(tmp_path):
    back = come_back(tmp_path, {"train": [FRAMES["of_two_of_one_name"]]})
    pd.testing.assert_frame_equal(FRAMES["of_two_of_one_name"], back["train"][0])


texts = st.text(st.characters(codec="utf-8"), max_size=5)
columns = st.one_of(
    st.lists(st.integers(-(2**31), 2**31), min_size=3, max_size=3).map(lambda items: pd.Series(items, dtype="int64")),
    st.lists(st.floats(width=32), min_size=3, max_size=3).map(lambda items: pd.Series(items, dtype="float32")),
    st.lists(st.one_of(st.none(), texts), min_size=3, max_size=3).map(lambda items: pd.Series(items, dtype=object)),
    st.lists(st.one_of(st.none(), texts), min_size=3, max_size=3).map(lambda items: pd.Series(items, dtype="string")),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=3, max_size=3).map(lambda items: pd.array(items, "boolean")),
    st.lists(st.sampled_from("abc"), min_size=3, max_size=3).map(lambda items: pd.Categorical(items, list("cab"))),
    st.lists(
        st.datetimes(pd.Timestamp(1970, 1, 2).to_pydatetime(), pd.Timestamp(2100, 1, 1).to_pydatetime()),
        min_size=3,
        max_size=3,
    ).map(lambda items: pd.DatetimeIndex(items).tz_localize("UTC").tz_convert(BERLIN)),
)


@given(st.dictionaries(texts, columns, max_size=4))
def test_any_frame_comes_back(tmp_path_factory, held):
    value = pd.DataFrame(held, index=pd.Index([2, 1, 1]) if not held else None)
    back = come_back(tmp_path_factory.mktemp("frame"), value)
    pd.testing.assert_frame_equal(value, back, check_exact=True, check_freq=True)
    assert list(value.dtypes) == list(back.dtypes)


FRAME = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["x", "y"], ["x", "y", "z"])})
AT = pd.Series(pd.date_range("2020", periods=2, tz=BERLIN))

TWINS = {
    "a category is gone": (FRAME, FRAME.assign(b=FRAME.b.cat.remove_unused_categories())),
    "categories have an order": (FRAME, FRAME.assign(b=FRAME.b.cat.as_ordered())),
    "an int became a float": (FRAME, FRAME.astype({"a": "float64"})),
    "another width": (FRAME, FRAME.astype({"a": "int32"})),
    "nullable": (FRAME, FRAME.astype({"a": "Int64"})),
    "another zone": (AT, AT.dt.tz_convert("Europe/Paris")),
    "no zone": (AT, AT.dt.tz_localize(None)),
    "another unit": (AT, AT.dt.as_unit("s")),
    "another order of columns": (FRAME, FRAME[["b", "a"]]),
    "another name of the index": (FRAME, FRAME.rename_axis("n")),
    "another kind of index": (FRAME, FRAME.set_axis([0, 1])),
    "a column as objects": (FRAME, FRAME.astype({"a": object})),
    "a gap as another": (pd.Series([pd.NA], dtype=object), pd.Series([None], dtype=object)),
    "a series for a frame": (FRAME[["a"]], FRAME["a"]),
    "no frequency": (INDEXES["days"], pd.DatetimeIndex(list(INDEXES["days"]), name="d")),
    "an unused level is gone": (LEVELS[:1], LEVELS[:1].remove_unused_levels()),
}


@pytest.mark.parametrize("name", TWINS)
def test_a_frame_that_became_another_is_a_gap(name):
    one, other = (Extras({}, {"x": each}).collection for each in TWINS[name])
    assert compare_collections(one, other)


def test_a_column_that_differs_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(of_pandas, "_make_categories", None)
    real = pd.Categorical.from_codes
    monkeypatch.setattr(pd.Categorical, "from_codes", lambda codes, names, ordered: real(codes, names, ordered=True))
    with pytest.raises(FormatError, match="The extra value"):
        come_back(tmp_path, FRAME)


@pytest.mark.parametrize(
    "value",
    [
        pd.date_range("2020", periods=3, freq=pd.offsets.CustomBusinessDay(holidays=["2020-01-02"])),
        pd.Series(pd.arrays.SparseArray([0, 1])),
        pd.Series([len], dtype=object),
    ],
    ids=["holidays", "sparse", "function"],
)
def test_what_cannot_be_written_is_refused_by_name(value):
    with pytest.raises(RequestError, match="extra=value cannot be saved"):
        find_extras(["value"], None, {"value": value})
