from __future__ import annotations

import hmac
import json
from dataclasses import fields, replace

import pytest

from colab_save.artifact.manifest import FileFacts, Manifest, Part, SampleFacts
from colab_save.artifact.round_trip import Aspect, Outcome, Verdict
from colab_save.artifact.schemas import SCHEMA
from colab_save.custom_code.signing import KEY, is_own, signed
from colab_save.stores.opening import key_folder
from tests.making import V2, facts, manifest, passed


@pytest.fixture(autouse=True)
def own_key(tmp_path, monkeypatch):
    """Put the key of each test into a folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return key_folder() / KEY


CHANGES = {
    "name": "dogs",
    "version": V2,
    "created": "2026-08-22T10:15:31Z",
    "payloads": (replace(manifest().payloads[0], format="h5"),),
    "files": (replace(manifest().files[0], sha256="0" * 64), manifest().files[1]),
    "facts": facts(iterations=8),
    "round_trips": (passed("h5"),),
    "is_partial": True,
    "given_up": (passed("h5"),),
    "rests_on": V2,
    "environment": {"python": "3.11.0"},
    "requirements": {"keras-hub": "0.26.0"},
    "sample": SampleFacts("sample.npz"),
    "tags": (),
    "metrics": {"loss": 0.0},
    "assets": {"vectors.npy": "assets/vectors.npy"},
    "packed": (FileFacts("model.zip", 1, "0" * 64),),
    "note": "another note",
    "schema": 1,
    "parts": (Part("g", facts()),),
    "is_export": True,
}


def test_a_signed_manifest_is_the_users_own():
    assert is_own(signed(manifest()))


def test_it_is_still_after_it_was_written_and_read():
    assert is_own(Manifest.from_json(signed(manifest()).to_json(), "there"))


def signed_in_schema_1(key, **changes):
    """Return a manifest as the release of schema 1 signed and wrote it, with fields changed since."""
    weights = passed("weights")
    trip = replace(weights, verdicts={**weights.verdicts, Aspect.TRAINING: Verdict(Outcome.NOT_HELD)})
    old = {**json.loads(manifest(round_trips=(trip,)).to_json()), "schema": 1}
    old["round_trips"][0]["verdicts"]["training"]["outcome"] = "NOT_KEPT"
    text = json.dumps(old, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    signature = hmac.new(bytes.fromhex(key.read_text()), text.encode(), "sha256").hexdigest()
    return json.dumps({**old, "signature": signature, **changes})


def test_a_manifest_of_an_older_schema_is_still_the_users_own(own_key):
    signed(manifest())
    assert is_own(Manifest.from_json(signed_in_schema_1(own_key), "there"))


def test_one_of_an_older_schema_that_was_changed_is_not(own_key):
    signed(manifest())
    for change in ({"note": "another note"}, {"round_trips": []}, {"created": ""}):
        assert not is_own(Manifest.from_json(signed_in_schema_1(own_key, **change), "there"))
    old = Manifest.from_json(signed_in_schema_1(own_key), "there")
    assert not is_own(replace(old, note="another note"))


def test_one_of_an_older_schema_that_is_changed_and_signed_is_the_users_own_again(own_key):
    signed(manifest())
    changed = signed(replace(Manifest.from_json(signed_in_schema_1(own_key), "there"), tags=("good",)))
    read = Manifest.from_json(changed.to_json(), "there")
    assert (SCHEMA, ("good",), True) == (read.schema, read.tags, is_own(read))


def test_only_the_signature_is_added():
    assert manifest() == replace(signed(manifest()), signature="")


def test_every_field_is_signed():
    assert {item.name for item in fields(Manifest) if item.init} == {*CHANGES, "signature"}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_breaks_the_signature(name):
    assert not is_own(replace(signed(manifest()), **{name: CHANGES[name]}))


@pytest.mark.parametrize("signature", ["", "0" * 64, "x", "é"])
def test_no_signature_and_a_made_up_one_are_not_the_users(signature):
    signed(manifest())
    assert not is_own(replace(manifest(), signature=signature))


def test_a_manifest_signed_with_another_key_is_foreign(own_key):
    foreign = signed(manifest())
    own_key.unlink()
    signed(manifest())
    assert not is_own(foreign)


def test_without_a_key_nothing_is_the_users_and_none_is_made(own_key):
    theirs = signed(manifest())
    own_key.unlink()
    assert not is_own(theirs)
    assert not own_key.exists()


def test_the_key_is_made_once_and_for_its_user_only(own_key):
    assert signed(manifest()) == signed(manifest())
    assert (64, 0o600) == (len(own_key.read_text()), own_key.stat().st_mode & 0o777)


def test_the_key_is_not_in_the_manifest(own_key):
    text = signed(manifest()).to_json()
    assert own_key.read_text() not in text
    assert 64 == len(json.loads(text)["signature"])


def test_a_save_without_a_place_for_a_key_is_unsigned(own_key):
    own_key.parent.parent.mkdir(parents=True)
    own_key.parent.write_text("a file where the folder should be")
    assert manifest() == signed(manifest())


@pytest.mark.parametrize("content", [b"", b"no hex", b"\xff\xfe", b"abcd"], ids=repr)
def test_a_damaged_key_signs_nothing_and_trusts_nothing(own_key, content):
    theirs = signed(manifest())
    own_key.write_bytes(content)
    assert (manifest(), False) == (signed(manifest()), is_own(theirs))
