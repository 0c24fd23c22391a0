"""The kinds of pandas: columns by what they hold, indexes, frames and scalars; nothing but pandas and NumPy is needed.

A column is a NumPy array, or one of pandas's own arrays taken apart here: categories, time zones, nullable numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from colab_save.collections.kinds.kind import Kind, Making, Parts
from colab_save.errors import FormatError

if TYPE_CHECKING:
    import pandas as pd


def _is(path: str) -> Callable[[Any], bool]:
    """Return a test for values of exactly a class of pandas, by its public place."""

    def fits(value: Any) -> bool:
        import pandas as pd

        found: Any = pd
        for name in path.split("."):
            found = getattr(found, name, None)
        return type(value) is found

    return fits


def _values(held: Any) -> Any:
    """Return what a Series or an Index holds: a NumPy array where it has one of NumPy's dtypes."""
    import numpy as np

    return held.to_numpy() if isinstance(held.dtype, np.dtype) else held.array


def _series(value: Any) -> Parts:
    flags = {"has_duplicates": value.flags.allows_duplicate_labels}
    return {"values": _values(value), "index": value.index, "name": value.name, "attrs": dict(value.attrs), **flags}


def _make_series(parts: Mapping[str, Any], _: Making) -> pd.Series:
    import pandas as pd

    values = parts["values"]
    return _with_flags(pd.Series(values, parts["index"], dtype=values.dtype, name=parts["name"]), parts)


def _frame(value: Any) -> Parts:
    columns = [_values(value.iloc[:, at]) for at in range(value.shape[1])]
    flags = {"has_duplicates": value.flags.allows_duplicate_labels}
    return {"data": columns, "columns": value.columns, "index": value.index, "attrs": dict(value.attrs), **flags}


def _make_frame(parts: Mapping[str, Any], _: Making) -> pd.DataFrame:
    import pandas as pd

    index = parts["index"]
    columns = {at: pd.Series(each, index, dtype=each.dtype) for at, each in enumerate(parts["data"])}
    made = pd.DataFrame(columns, index=index)
    made.columns = parts["columns"]
    return _with_flags(made, parts)


def _with_flags(made: Any, parts: Mapping[str, Any]) -> Any:
    made.attrs.update(parts["attrs"])
    made.flags.allows_duplicate_labels = parts["has_duplicates"]
    return made


def _index(value: Any) -> Parts:
    import pandas as pd

    is_stepped = isinstance(value, (pd.DatetimeIndex, pd.TimedeltaIndex)) and value.freq is not None
    return {"values": _values(value), "name": value.name, "step": _step(value.freq) if is_stepped else None}


def _step(freq: Any) -> str:
    """Return the name of a step from one time to the next.

    Raises:
        FormatError: It says more than its name, such as which days are holidays.
    """
    from pandas.tseries.frequencies import to_offset

    if to_offset(freq.freqstr) != freq:
        raise FormatError(f"has the frequency {freq.freqstr}, which its name alone does not describe", "")
    return str(freq.freqstr)


def _length(value: Any) -> str:
    """Return the name of the length of periods.

    Raises:
        FormatError: It says more than its name.
    """
    import pandas as pd

    if pd.PeriodDtype(value.freqstr).freq != value.freq:
        raise FormatError(f"has periods of {value.freqstr}, which this name alone does not describe", "")
    return str(value.freqstr)


def _make_index(parts: Mapping[str, Any], _: Making) -> pd.Index:
    import pandas as pd

    values = parts["values"]
    made = pd.Index(values, dtype=values.dtype, name=parts["name"], tupleize_cols=False)
    if parts["step"] is not None:
        made.freq = parts["step"]  # of the two kinds that have one
    return made


def _levels(value: Any) -> Parts:
    return {"levels": list(value.levels), "codes": [*map(_codes, value.codes)], "names": list(value.names)}


def _codes(codes: Any) -> Any:
    import numpy as np

    return np.asarray(codes)


def _make_levels(parts: Mapping[str, Any], _: Making) -> pd.MultiIndex:
    import pandas as pd

    return pd.MultiIndex(levels=parts["levels"], codes=parts["codes"], names=parts["names"])


def _range(value: Any) -> Parts:
    return {"start": value.start, "stop": value.stop, "step": value.step, "name": value.name}


def _make_range(parts: Mapping[str, Any], _: Making) -> pd.RangeIndex:
    import pandas as pd

    return pd.RangeIndex(parts["start"], parts["stop"], parts["step"], name=parts["name"])


def _categories(value: Any) -> Parts:
    return {"codes": _codes(value.codes), "categories": value.categories, "is_ordered": bool(value.ordered)}


def _make_categories(parts: Mapping[str, Any], _: Making) -> pd.Categorical:
    import pandas as pd

    return pd.Categorical.from_codes(parts["codes"], parts["categories"], ordered=parts["is_ordered"])


def _times(value: Any) -> Parts:
    """Return times of a zone, in UTC, and the zone."""
    return {"utc": value.tz_convert(None).to_numpy(), "zone": value.tz}


def _make_times(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    return pd.DatetimeIndex(parts["utc"]).tz_localize("UTC").tz_convert(parts["zone"]).array


def _periods(value: Any) -> Parts:
    import pandas as pd

    index = pd.PeriodIndex(value)
    return {"ordinals": _codes(index.asi8), "length": _length(index)}


def _make_periods(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    return pd.PeriodIndex.from_ordinals(parts["ordinals"], freq=parts["length"]).array


def _intervals(value: Any) -> Parts:
    return {"left": value.left, "right": value.right, "closed": value.closed}


def _make_intervals(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    return pd.arrays.IntervalArray.from_arrays(parts["left"], parts["right"], closed=parts["closed"])


def _nullable(value: Any) -> Parts:
    plain = value.dtype.numpy_dtype
    return {"values": value.to_numpy(dtype=plain, na_value=plain.type(0)), "gaps": _codes(value.isna())}


def _make_nullable(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    kinds = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray}
    kind: Any = kinds.get(parts["values"].dtype.kind, pd.arrays.IntegerArray)
    return kind(parts["values"], parts["gaps"])


def _texts(value: Any) -> Parts:
    import pandas as pd

    gap = getattr(value.dtype, "na_value", pd.NA)
    objects = value.to_numpy(dtype=object, na_value=None)
    return {"texts": objects, "storage": value.dtype.storage, "is_nan": gap is not pd.NA}


def _make_texts(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    given = {"na_value": float("nan")} if parts["is_nan"] else {}
    return pd.array(parts["texts"], dtype=pd.StringDtype(parts["storage"], **given))


def _timestamp(value: Any) -> Parts:
    import pandas as pd

    utc = value if value.tz is None else value.tz_convert(None)
    # of pytz, a single time has what is true of its zone at that time only, and a column the zone itself
    return {"utc": utc.to_datetime64(), "zone": None if value.tz is None else pd.DatetimeTZDtype(tz=value.tz).tz}


def _make_timestamp(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    made = pd.Timestamp(parts["utc"])
    return made if parts["zone"] is None else made.tz_localize("UTC").tz_convert(parts["zone"])


def _make_timedelta(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    return pd.Timedelta(parts["value"])


def _make_period(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    return pd.Period(ordinal=parts["ordinal"], freq=parts["length"])


def _make_interval(parts: Mapping[str, Any], _: Making) -> Any:
    import pandas as pd

    return pd.Interval(parts["left"], parts["right"], closed=parts["closed"])


def _is_nothing(name: str) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        import pandas as pd

        return value is getattr(pd, name)

    return fits


def _nothing(name: str) -> Callable[..., Any]:
    def together(*_: object) -> Any:
        import pandas as pd

        return getattr(pd, name)

    return together


def _kind(path: str, apart: Callable[[Any], Parts], together: Callable[..., Any]) -> Kind:
    return Kind(f"pandas.{path.removeprefix('arrays.')}", _is(path), apart, together)


NULLABLE = ("BooleanArray", "FloatingArray", "IntegerArray")
INDEXES = ("Index", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "IntervalIndex", "CategoricalIndex")

KINDS: tuple[Kind, ...] = (
    _kind("Series", _series, _make_series),
    _kind("DataFrame", _frame, _make_frame),
    _kind("RangeIndex", _range, _make_range),
    _kind("MultiIndex", _levels, _make_levels),
    *(_kind(name, _index, _make_index) for name in INDEXES),
    _kind("Categorical", _categories, _make_categories),
    _kind("arrays.DatetimeArray", _times, _make_times),
    _kind("arrays.PeriodArray", _periods, _make_periods),
    _kind("arrays.IntervalArray", _intervals, _make_intervals),
    *(_kind(f"arrays.{name}", _nullable, _make_nullable) for name in NULLABLE),
    *(_kind(f"arrays.{name}", _texts, _make_texts) for name in ("StringArray", "ArrowStringArray")),
    _kind("Timestamp", _timestamp, _make_timestamp),
    _kind("Timedelta", lambda value: {"value": value.to_timedelta64()}, _make_timedelta),
    _kind("Period", lambda value: {"ordinal": value.ordinal, "length": _length(value)}, _make_period),
    _kind("Interval", _intervals, _make_interval),
    *(Kind(f"pandas.{name}", _is_nothing(name), lambda _: {}, _nothing(name)) for name in ("NA", "NaT")),
)
"""The kinds of pandas."""
