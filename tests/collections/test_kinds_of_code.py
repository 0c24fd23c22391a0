"""Members of enums and dataclasses beside a model come back as of their classes, from a trusted file only."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import http
import sys

import pytest

from colab_save.artifact.collection import compare_collections
from colab_save.collections.extras import Extras, find_extras, prove_extras, read_extras, write_extras
from colab_save.collections.joining import join
from colab_save.collections.splitting import collection_of
from colab_save.errors import RequestError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save


class Mode(enum.Enum):
    FAST, SLOW = "fast", "slow"


class Rights(enum.Flag):
    READ, WRITE = enum.auto(), enum.auto()


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Settings:
    rate: float
    mode: Mode = Mode.FAST
    day: dt.date | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    train: tuple[int, ...]
    names: frozenset[str] = frozenset({"a"})


class Made:
    def __new__(cls):
        return super().__new__(cls)


@dataclasses.dataclass
class MadeRecord(Made):
    rate: float = 0.1


CLASSES = {kind.__name__: kind for kind in (Mode, Rights, Level, Settings, Split)}

VALUES = {
    "member": Mode.SLOW,
    "flags": Rights.READ | Rights.WRITE,
    "flag": Rights.WRITE,
    "number": Level.LOW,
    "of_python": http.HTTPStatus.OK,
    "record": Settings(0.1, Mode.SLOW, dt.date(2020, 1, 1)),
    "frozen": Split((1, 2)),
    "inside": {"all": [Settings(0.2), Mode.FAST]},
}


def come_back(folder, supply=lambda names: CLASSES, **values):
    write_extras(folder / "extras", find_extras(list(values), None, values))
    prove_extras(None, folder / "extras", supply)
    return read_extras(folder / "extras", supply, is_trusted=True).values


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name, tmp_path):
    back = come_back(tmp_path, value=VALUES[name])["value"]
    assert (type(VALUES[name]), VALUES[name]) == (type(back), back)


def test_attributes_that_are_no_fields_come_back_too(tmp_path):
    value = Settings(0.1)
    value.seen = 3
    assert 3 == come_back(tmp_path, value=value)["value"].seen


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Mode.FAST, Mode.SLOW),
        (Mode.FAST, "fast"),
        (Level.LOW, 1),
        (Settings(0.1), Settings(0.2)),
        (Settings(1.0), Settings(1)),
        (Settings(0.1), dataclasses.asdict(Settings(0.1))),
        (Split((1,)), Split([1])),
    ],
    ids=repr,
)
def test_a_value_that_became_another_is_a_gap(one, other):
    assert compare_collections(*(Extras({}, {"x": each}).collection for each in (one, other)))


@pytest.mark.parametrize("name", ["member", "record", "of_python"])
def test_a_value_of_a_class_comes_back_from_a_trusted_file_only(name, tmp_path):
    write_extras(tmp_path / "extras", find_extras(["value"], None, {"value": VALUES[name]}))
    extras = read_extras(tmp_path / "extras", lambda names: CLASSES)
    assert {} == extras.values
    assert "{option:trust}" in extras.withheld[0]


@pytest.mark.parametrize("supply", [lambda names: {}, lambda names: {"Mode": dict}, lambda names: {"Mode": Level}])
def test_a_member_of_a_class_that_is_gone_is_left_out_with_the_reason(supply, tmp_path):
    write_extras(tmp_path / "extras", find_extras(["mode"], None, {"mode": Mode.FAST}))
    assert "The extra mode did not come back" in read_extras(tmp_path / "extras", supply, is_trusted=True).withheld[0]


def test_a_dataclass_that_makes_its_objects_itself_is_refused():
    with pytest.raises(RequestError, match="in __new__"):
        find_extras(["value"], None, {"value": MadeRecord()})


def test_a_collection_has_members_of_enums_whose_class_is_captured():
    found = collection_of({"mode": Mode.SLOW})
    assert ("Mode",) == found.made
    assert {"mode": Mode.SLOW} == join(found, {}, CLASSES, is_trusted=True)


@pytest.mark.tensorflow
@pytest.mark.parametrize("format", ["keras", "saved_model"])
def test_the_code_of_their_classes_comes_with_the_model(format, tmp_path, monkeypatch):
    import keras

    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "settings", VALUES["record"], raising=False)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    save(SaveRequest(model, "cats", to=str(tmp_path), formats=format, extra=("settings",)))
    report = load(LoadRequest("cats", source=str(tmp_path), trust=True))
    back = report.variables["settings"]
    assert ("Settings", repr(VALUES["record"])) == (type(back).__name__, repr(back))
    assert type(back) is not Settings  # nothing in `__main__` has the name, so it is of the captured class
