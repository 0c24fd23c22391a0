"""The settings: what was set wins over the environment, that over the default; and bad values name their origin."""

from __future__ import annotations

import pytest

from colab_save.errors import RequestError
from colab_save.hints import render
from colab_save.settings import SETTINGS, Origin, change, check_settings, forget, in_force, setting
from colab_save.wording import is_text
from tests.plugs import shouting_setting

OTHER = {str: "./elsewhere", int: 3, bool: False, float: 2.5}
"""A value of each type that is no default."""

ALL = pytest.mark.parametrize("record", SETTINGS.values(), ids=SETTINGS)


@ALL
def test_nobody_has_set_it_then_the_default_holds(record):
    assert record.default == setting(record.name)


@ALL
def test_the_environment_wins_over_the_default(record, monkeypatch):
    monkeypatch.setenv(record.variable, str(OTHER[record.kind.type]))
    assert OTHER[record.kind.type] == setting(record.name)


@ALL
@pytest.mark.parametrize("origin", [Origin.IPYTHON, Origin.PYTHON])
def test_what_was_set_wins_over_the_environment(record, origin, monkeypatch):
    monkeypatch.setenv(record.variable, "another value")
    change({record.name: OTHER[record.kind.type]}, origin)
    assert OTHER[record.kind.type] == setting(record.name)


def test_what_was_set_last_counts():
    change({"keep": 3}, Origin.PYTHON)
    change({"keep": 4}, Origin.IPYTHON)
    assert (4, Origin.IPYTHON) == (setting("keep"), in_force(SETTINGS["keep"]).origin)


def test_none_goes_back_to_the_environment(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "2")
    change({"keep": 3}, Origin.PYTHON)
    change({"keep": None}, Origin.IPYTHON)
    assert 2 == setting("keep")


def test_what_one_origin_has_set_can_be_forgotten():
    change({"keep": 3}, Origin.PYTHON)
    change({"warm": False}, Origin.IPYTHON)
    forget(Origin.IPYTHON)
    assert (3, True) == (setting("keep"), setting("warm"))


def test_an_empty_variable_sets_nothing(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_TO", "")
    assert setting("to") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("Yes", True), (" on ", True), ("0", False), ("FALSE", False), ("no", False)],
)
def test_a_switch_is_turned_by_several_words(text, value, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_WARM", text)
    assert value is setting("warm")


BAD = {
    "to": [5, "", "./half\ud800", True],
    "keep": [-1, 2.0, "3", True],
    "warm": [1, "no", 0.0],
    "cache_gb": [-1, float("nan"), float("inf"), 10**400, "5", True],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_when_it_is_needed_and_named(name, value):
    change({name: value}, Origin.IPYTHON)
    with pytest.raises(RequestError) as caught:
        setting(name)
    assert f"The setting {name} must be {SETTINGS[name].kind.words}, not {value!r}." == caught.value.message


@pytest.mark.parametrize(
    ("name", "text"), [("keep", "many"), ("keep", "-1"), ("warm", "perhaps"), ("cache_gb", "5 GB"), ("cache_gb", "nan")]
)
def test_a_bad_text_of_the_environment_is_refused_with_its_variable(name, text, monkeypatch):
    monkeypatch.setenv(SETTINGS[name].variable, text)
    with pytest.raises(RequestError, match=text.lstrip("-")) as caught:
        setting(name)
    assert f"It is set by COLAB_SAVE_{name.upper()} in the environment; correct it there." == caught.value.hint


def test_a_bad_value_breaks_no_other_setting(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "many")
    assert 5.0 == setting("cache_gb")


def test_a_save_asks_for_all_of_them(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_CACHE_GB", "much")
    with pytest.raises(RequestError, match="cache_gb"):
        check_settings()


def test_neither_a_message_nor_a_value_that_is_shown_has_a_password():
    change({"to": ["s3://user:geheim@host/bucket"]}, Origin.PYTHON)
    with pytest.raises(RequestError) as caught:
        setting("to")
    assert "geheim" not in str(caught.value) + in_force(SETTINGS["to"]).shown


@ALL
def test_a_record_stands_under_its_own_name_and_explains_itself(record):
    assert record is SETTINGS[record.name]
    assert record.help.endswith(".")
    assert is_text(record.default_in_words)


@ALL
def test_its_default_is_one_of_its_values(record):
    assert record.default is None or record.kind.accepts(record.default)


@pytest.mark.parametrize("origin", Origin)
def test_where_a_value_comes_from_is_said_in_words(origin, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "2")
    if origin is Origin.DEFAULT:
        monkeypatch.delenv("COLAB_SAVE_KEEP")
    if origin in {Origin.IPYTHON, Origin.PYTHON}:
        change({"keep": 2}, origin)
    words = {"ENVIRONMENT": "COLAB_SAVE_KEEP in the environment", "DEFAULT": "the default"}
    words |= {"IPYTHON": "IPython's configuration", "PYTHON": "configure"}
    assert words[origin.name] == render(in_force(SETTINGS["keep"]).where)


# --- one record is enough ---


@pytest.fixture
def shouting(monkeypatch):
    monkeypatch.setitem(SETTINGS, "shouting", shouting_setting.RECORD)


def test_a_setting_of_a_record_alone_has_its_default(shouting):
    assert setting("shouting") is False


def test_a_setting_of_a_record_alone_is_read_from_the_environment(shouting, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_SHOUTING", "yes")
    assert setting("shouting") is True


def test_a_setting_of_a_record_alone_is_checked_by_a_save(shouting, monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_SHOUTING", "perhaps")
    with pytest.raises(RequestError, match="shouting"):
        check_settings()
