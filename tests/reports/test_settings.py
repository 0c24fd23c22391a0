"""The settings as every frontend shows them."""

from __future__ import annotations

import pytest

from colab_save.reports.settings import settings_in_force
from colab_save.settings import SETTINGS, Origin, change
from tests.plugs import shouting_setting

SECRET = "s3://user:geheim@host/bucket"


def row_of(name):
    rows = (" ".join(line.split()) for line in str(settings_in_force()).splitlines())
    return next(row for row in rows if row.startswith(f"{name} "))


@pytest.mark.parametrize("record", SETTINGS.values(), ids=SETTINGS)
def test_a_row_tells_the_value_where_it_comes_from_and_what_it_is(record):
    row = row_of(record.name)
    assert all(text in row for text in (record.default_in_words, "the default", record.help))


def test_a_value_of_the_environment_names_its_variable(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "3")
    assert row_of("keep").startswith("keep 3 COLAB_SAVE_KEEP in the environment How many")


def test_a_bad_value_is_a_remark_and_no_error(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEEP", "many")
    assert "keep: The setting keep must be a whole number of at least 0, not 'many'." in str(settings_in_force())


def test_a_variable_that_is_none_of_a_setting_is_a_remark(monkeypatch):
    monkeypatch.setenv("COLAB_SAVE_KEPP", "3")
    told = str(settings_in_force())
    assert "COLAB_SAVE_KEPP: There is no such setting. Did you mean 'COLAB_SAVE_KEEP'" in told


def test_no_password_is_shown():
    change({"to": SECRET}, Origin.PYTHON)
    report = settings_in_force()
    assert "geheim" not in f"{report}{report._repr_html_()}{report.to_json()}{report!r}"
    assert "s3://user:…@host/bucket" in str(report)


def test_a_program_gets_values_with_their_types():
    change({"keep": 3}, Origin.IPYTHON)
    told = {item["name"]: (item["value"], item["origin"]) for item in settings_in_force().to_json()["settings"]}
    assert {
        "to": (None, "default"),
        "keep": (3, "ipython"),
        "warm": (True, "default"),
        "cache_gb": (5.0, "default"),
    } == told


def test_a_program_gets_the_problem_of_a_bad_value():
    change({"warm": "no"}, Origin.IPYTHON)
    told = {item["name"]: item["problem"] for item in settings_in_force().to_json()["settings"]}
    assert told.pop("warm").startswith("The setting warm must be True or False, not 'no'.")
    assert {""} == set(told.values())


def test_braces_in_a_value_are_no_reference():
    change({"to": "./{option:keep}"}, Origin.PYTHON)
    assert "./{option:keep}" in str(settings_in_force())


def test_a_setting_of_a_record_alone_is_in_it(monkeypatch):
    monkeypatch.setitem(SETTINGS, "shouting", shouting_setting.RECORD)
    assert "Whether reports are in capitals." in row_of("shouting")
