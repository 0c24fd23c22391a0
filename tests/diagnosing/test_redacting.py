"""What a report must not show is hidden, wherever it stands, and everything else stays readable."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from colab_save.diagnosing.redacting import Secrets
from colab_save.frontends.configuring import configure


@pytest.fixture
def account(monkeypatch):
    """What the system has for this account; the environment has nothing of a user."""
    pwd = pytest.importorskip("pwd")
    for name in list(os.environ):
        if name not in {"PATH", "PYTHONPATH"}:
            monkeypatch.delenv(name)
    entry = SimpleNamespace(pw_dir="/home/mallory", pw_name="mallory", pw_gecos="Mallory Grey,Room 7")
    monkeypatch.setattr(pwd, "getpwuid", lambda _: entry)
    return entry


def hidden(text):
    return Secrets.of_this_user().hide(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/mallory/.cache/colab_save", "~/.cache/colab_save"),
        ("/home/mallory", "~"),
        ("/home/trudy/x, '/Users/eve/x'", "~/x, '~/x'"),
        ("/home/mallory-2/x /srv/home/x", "~/x /srv/home/x"),
        ("/data/mallory/models", "/data/…/models"),
        ("/data/mallory_2/models and MALLORY's", "/data/…_2/models and …'s"),
        ("written by Mallory Grey", "written by …"),
        ("mallorys are birds", "mallorys are birds"),
    ],
)
def test_the_account_is_hidden(account, text, shown):
    assert shown == hidden(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://bucket/models", "s3://bucket/models"),
        ("s3://AKIDEXAMPLE:wJalr/XUtn+FEMI@bucket/models", "s3://…@bucket/models"),
        ("https://me:pw@host/x?sig=abc", "https://…@host/x?…"),
        ("see cats@20260822T101530Z-3fa2", "see cats@20260822T101530Z-3fa2"),
        ("ask mallory.grey+x@mail.example.org now", "ask … now"),
        ("hf_abcdefghij", "…"),
        ("denied: AKIAIOSFODNN7EXAMPLE", "denied: …"),
        ("token 0123456789abcdef0123456789abcdef", "token …"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx", "…"),
        ("release-colab_20260416-060203_RC00", "release-colab_20260416-060203_RC00"),
        ("Linux 6.1.123+ x86_64, tensorflow_io_gcs_filesystem", "Linux 6.1.123+ x86_64, tensorflow_io_gcs_filesystem"),
        ("2.21.0.dev20260101", "2.21.0.dev20260101"),
    ],
)
def test_what_lets_others_in_is_hidden_and_versions_and_places_are_not(account, text, shown):
    assert shown == hidden(text)


@pytest.mark.parametrize("name", ["HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "JUPYTER_TOKEN", "WANDB_API_KEY"])
def test_the_value_of_a_variable_that_sounds_secret_is_hidden_anywhere(account, monkeypatch, name):
    monkeypatch.setenv(name, "swordfish")
    assert "x…y" == hidden("xswordfishy")


@pytest.mark.parametrize("value", ["true", "False", "1", "yes"])
def test_a_switch_is_no_secret(account, monkeypatch, value):
    monkeypatch.setenv("USE_AUTH", value)
    assert f"it is {value}" == hidden(f"it is {value}")


def test_the_login_of_any_variable_is_hidden_where_it_stands_alone(account, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://gatekeeper:swordfish@proxy:3128")
    assert "… may not enter with …" == hidden("gatekeeper may not enter with swordfish")


def test_the_login_of_a_setting_is_hidden_where_it_stands_alone(account):
    configure(to="s3://gatekeeper:sword/fish@bucket")
    assert "… may not enter with …" == hidden("gatekeeper may not enter with sword/fish")


@pytest.mark.parametrize(
    "name", ["USER", "LOGNAME", "USERNAME", "JUPYTERHUB_USER", "NB_USER", "GIT_AUTHOR_NAME", "EMAIL"]
)
def test_a_name_that_a_variable_has_is_hidden(account, monkeypatch, name):
    monkeypatch.setenv(name, "trudy")
    assert "/srv/…/x" == hidden("/srv/trudy/x")


def test_the_name_in_an_address_is_hidden_too(account, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "trudy@example.org")
    assert "/srv/…/x, …" == hidden("/srv/trudy/x, trudy@example.org")


def test_the_home_of_the_environment_and_where_its_link_leads_are_hidden(account, monkeypatch, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("HOME", f"{tmp_path}/link/")
    assert "~/a ~/b" == hidden(f"{tmp_path}/link/a {tmp_path}/real/b")


@pytest.mark.parametrize("home", ["/", "", "."])
def test_a_home_that_is_no_folder_of_a_user_hides_nothing(account, monkeypatch, home):
    account.pw_dir = home
    monkeypatch.setenv("HOME", home)
    assert "/usr/lib" == hidden("/usr/lib")


def test_an_account_that_everybody_has_is_not_hidden(account):
    account.pw_dir, account.pw_name, account.pw_gecos = "/root", "root", "root"
    assert "~/x and root" == hidden("/root/x and root")


def test_an_account_without_an_entry_has_the_environment_only(account, monkeypatch):
    def missing(_):
        raise KeyError("uid not found: 1000")

    monkeypatch.setattr("pwd.getpwuid", missing)
    monkeypatch.setenv("USER", "trudy")
    assert "…, mallory" == hidden("trudy, mallory")
