"""Settings set by Python and by IPython's configuration; a real kernel does it in test_configuring_in_a_kernel.py."""

from __future__ import annotations

import inspect
import re

import pytest
from traitlets.config import Config

import colab_save
from colab_save.errors import RequestError, UnknownNameError
from colab_save.frontends.configuring import register, unregister
from colab_save.frontends.languages import MAGIC, PYTHON
from colab_save.hints import speaking
from colab_save.settings import SETTINGS, Origin, change, in_force, setting
from tests.plugs import shouting_setting
from tests.test_settings import OTHER

ALL = pytest.mark.parametrize("record", SETTINGS.values(), ids=SETTINGS)


@pytest.fixture
def shell(fresh_ipython):
    register(fresh_ipython)
    yield fresh_ipython
    unregister(fresh_ipython)
    fresh_ipython.config.pop("ColabSave", None)  # where IPython remembers what was set


def run(shell, line):
    return shell.run_line_magic("config", line)


def configurable(shell):
    return next(item for item in shell.configurables if type(item).__name__ == "ColabSave")


# --- Python ---


@ALL
def test_python_sets_each(record):
    value = OTHER[record.kind.type]
    colab_save.configure(**{record.name: value})
    assert value == setting(record.name)


def test_what_is_left_out_stays():
    colab_save.configure(keep=3)
    colab_save.configure(warm=False)
    assert (3, False) == (setting("keep"), setting("warm"))


def test_none_is_the_default():
    colab_save.configure(keep=3)
    colab_save.configure(keep=None)
    assert 0 == setting("keep")


def test_without_arguments_it_returns_what_is_in_force():
    change({"keep": 3}, Origin.IPYTHON)
    values = colab_save.configure().values
    assert [("keep", 3, Origin.IPYTHON)] == [(v.setting.name, v.value, v.origin) for v in values if v.value == 3]


def test_a_bad_value_changes_nothing():
    with pytest.raises(RequestError) as caught:
        colab_save.configure(keep=3, warm="no")
    assert "Nothing was changed; give such a value, or None for the default." == caught.value.hint
    assert 0 == setting("keep")


@pytest.mark.parametrize(("language", "call"), [(PYTHON, " configure() "), (MAGIC, " colab_save.configure() ")])
def test_the_report_names_the_call_that_set_a_value(language, call):
    report = colab_save.configure(keep=3)
    with speaking(language):
        assert call in str(report)


@ALL
def test_each_setting_is_a_keyword_that_is_left_out_or_reset(record):
    parameter = inspect.signature(colab_save.configure).parameters[record.name]
    assert f"{record.kind.type.__name__} | EllipsisType | None" == parameter.annotation
    assert (inspect.Parameter.KEYWORD_ONLY, ...) == (parameter.kind, parameter.default)


def test_there_are_no_other_keywords():
    assert list(SETTINGS) == list(inspect.signature(colab_save.configure).parameters)


@ALL
def test_the_docstring_tells_help_and_default(record):
    told = " ".join(inspect.getdoc(colab_save.configure).replace("`", "").split())
    assert f" {record.name}: {record.help} Default: {record.default_in_words}." in told


# --- IPython's configuration ---


@ALL
def test_config_sets_each(record, shell):
    shell.push({"value": OTHER[record.kind.type]})
    run(shell, f"ColabSave.{record.name} = value")
    assert OTHER[record.kind.type] == setting(record.name)


@ALL
def test_config_lists_each_with_its_help_default_variable_and_value(record, shell, capsys):
    run(shell, "ColabSave")
    told = " ".join(capsys.readouterr().out.split())
    more = f"Default: {record.default_in_words}. In the environment: {record.variable}."
    kind = record.kind.type.__name__
    assert f"ColabSave.{record.name}=<{kind}> {record.help} {more} Current: {record.default!r}" in told


def test_config_is_listed(shell, capsys):
    run(shell, "")
    assert "ColabSave" in capsys.readouterr().out.split()


@pytest.mark.parametrize("name", SETTINGS)
def test_config_shows_a_value_from_anywhere(name, shell, monkeypatch):
    record = SETTINGS[name]
    monkeypatch.setenv(record.variable, str(OTHER[record.kind.type]))
    assert OTHER[record.kind.type] == run(shell, f"ColabSave.{name}")


def test_config_shows_what_python_has_set(shell):
    run(shell, "ColabSave.keep = 4")
    colab_save.configure(keep=3)
    assert 3 == run(shell, "ColabSave.keep")


def test_setting_one_leaves_the_others_as_python_has_set_them(shell):
    run(shell, "ColabSave.keep = 4")
    colab_save.configure(keep=3)
    run(shell, "ColabSave.warm = False")
    assert 3 == setting("keep")


def test_config_shows_no_password(shell):
    run(shell, "ColabSave.to = 's3://user:geheim@host/bucket'")
    assert "s3://user:…@host/bucket" == run(shell, "ColabSave.to")
    assert "s3://user:geheim@host/bucket" == setting("to")


def test_config_none_is_the_default(shell):
    run(shell, "ColabSave.keep = 4")
    run(shell, "ColabSave.keep = None")
    assert Origin.DEFAULT is in_force(SETTINGS["keep"]).origin


def test_a_bad_value_is_an_error_at_once_and_in_the_next_call(shell):
    """IPython shows the error and lets the cell succeed, so that the call must fail for `Run all` to stop."""
    with pytest.raises(RequestError, match="keep"):
        configurable(shell).update_config(Config({"ColabSave": {"keep": "many"}}))
    with pytest.raises(RequestError) as caught:
        setting("keep")
    assert "It is set by IPython's configuration; correct it there." == caught.value.hint


def test_a_good_value_makes_it_good_again(shell):
    change({"keep": "many"}, Origin.IPYTHON)
    run(shell, "ColabSave.keep = 3")
    assert 3 == setting("keep")


def test_a_bad_value_does_not_hinder_another_setting(shell):
    change({"keep": "many"}, Origin.IPYTHON)
    configurable(shell).update_config(Config({"ColabSave": {"warm": False}}))
    assert setting("warm") is False


def test_a_misspelt_setting_gets_a_suggestion(shell):
    with pytest.raises(UnknownNameError) as caught:
        configurable(shell).update_config(Config({"ColabSave": {"wram": False}}))
    assert ("There is no setting 'wram'.", "Did you mean 'warm'?") == (caught.value.message, caught.value.hint)


def test_the_configuration_of_others_is_none_of_ours(shell):
    configurable(shell).update_config(Config({"InteractiveShell": {"colors": "NoColor"}}))
    assert {Origin.DEFAULT} == {in_force(record).origin for record in SETTINGS.values()}


@pytest.mark.filterwarnings("ignore:`Completer.complete` is pending deprecation:PendingDeprecationWarning")
def test_tab_offers_each(shell):
    assert sorted(f"ColabSave.{name}" for name in SETTINGS) == sorted(shell.complete(None, "%config ColabSave.")[1])


@pytest.fixture
def profile(fresh_ipython):
    """IPython with a profile that sets what it is given."""

    def start(**values):
        fresh_ipython.config.ColabSave.update(values)
        register(fresh_ipython)

    yield start
    unregister(fresh_ipython)
    fresh_ipython.config.pop("ColabSave", None)


@ALL
def test_a_profile_sets_each(record, profile):
    profile(**{record.name: OTHER[record.kind.type]})
    assert OTHER[record.kind.type] == setting(record.name)


def test_a_bad_value_in_a_profile_fails_the_call_that_needs_it_only(profile):
    profile(keep="many")
    with pytest.raises(RequestError, match="keep"):
        setting("keep")


def test_a_misspelt_setting_in_a_profile_is_a_warning(profile):
    with pytest.warns(UserWarning, match="`wram` not recognized by `ColabSave`. *Did you mean `warm`"):
        profile(wram=False)


def test_unregistering_forgets_what_was_set_there_and_no_more(shell):
    run(shell, "ColabSave.warm = False")
    colab_save.configure(keep=3)
    unregister(shell)
    assert (True, 3) == (setting("warm"), setting("keep"))
    assert "ColabSave" not in [type(item).__name__ for item in shell.configurables]


def test_registering_again_brings_back_what_the_configuration_says(shell):
    run(shell, "ColabSave.warm = False")
    unregister(shell)
    register(shell)
    assert setting("warm") is False


def test_registering_leaves_what_python_has_set(profile):
    colab_save.configure(keep=3)
    profile(keep=4)
    assert 3 == setting("keep")


def test_registering_again_registers_once(shell):
    register(shell)
    assert 1 == [type(item).__name__ for item in shell.configurables].count("ColabSave")


def test_the_extension_registers_and_unregisters_it(fresh_ipython, capsys):
    fresh_ipython.run_line_magic("load_ext", "colab_save")
    run(fresh_ipython, "")
    fresh_ipython.run_line_magic("unload_ext", "colab_save")
    run(fresh_ipython, "")
    assert 1 == len(re.findall(r"\bColabSave\b", capsys.readouterr().out))


def test_a_bad_variable_of_the_environment_does_not_hinder_loading_the_extension(fresh_ipython, monkeypatch):
    for record in SETTINGS.values():
        monkeypatch.setenv(record.variable, "-1")
    fresh_ipython.run_line_magic("load_ext", "colab_save")
    assert "-1" == str(run(fresh_ipython, "ColabSave.keep"))
    fresh_ipython.run_line_magic("unload_ext", "colab_save")


def test_a_setting_of_a_record_alone_is_in_the_configuration(fresh_ipython, monkeypatch):
    monkeypatch.setitem(SETTINGS, "shouting", shouting_setting.RECORD)
    register(fresh_ipython)
    run(fresh_ipython, "ColabSave.shouting = True")
    assert setting("shouting") is True
    unregister(fresh_ipython)
    fresh_ipython.config.pop("ColabSave", None)
