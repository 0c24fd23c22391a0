"""No secret travels: one is planted wherever a save looks, and every byte that it wrote and printed is searched for it.

Whatever only sounds like a secret stays silent, and comes back.
"""

from __future__ import annotations

import base64
import json
import sys
import types
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import ColabSaveError
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save

pytestmark = pytest.mark.tensorflow

HEX = "9f86d081884c7d659a2feaa0c55ad0153ef8a7"
SHAPES = {
    "openai": "sk-proj-a1b2c3d4e5f6g7h8i9j0k1l2",
    "hugging face": "hf_" + "a1b2c3d4e5" * 3,
    "github": "ghp_" + "a1b2c3d4e5" * 4,
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "login": "postgres://user:s3cr3t-w0rd@db.example.com/models",
    "signed": "https://store.example.com/m?sig=a1b2c3d4e5f6a1b2c3d4",
}
PLANTED = (HEX, "sk-proj-a1b2", "hf_a1b2c3", "ghp_a1b2c3", "AKIAIOSF", "s3cr3t-w0rd", "sig=a1b2c3")
ALL = " ".join(SHAPES.values())
api_key = HEX
SETTINGS = {"endpoint": SHAPES["signed"], "api_key": HEX}


@dataclass
class Access:
    """What a user's class for access looks like."""

    api_key: str = ""
    url: str = ""


class Holder(keras.layers.Layer):
    """A layer that holds whatever it is given."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = keras.layers.Dense(units)

    def call(self, x):
        return self.dense(x)


class Told(Holder):
    """A layer whose get_config() has it all."""

    def __init__(self, api_key="", about="", **kwargs):
        super().__init__(2, **kwargs)
        self.api_key, self.about = api_key, about

    def get_config(self):
        return {**keras.layers.Layer.get_config(self), "api_key": self.api_key, "about": self.about}


class Recorded(keras.layers.Layer):
    """A layer whose arguments Keras records."""

    def __init__(self, api_key="", about="", **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)
        self.api_key, self.about = api_key, about

    def call(self, x):
        return self.dense(x)


class Unknown(Holder):
    """A layer that only its attributes make again."""

    def __init__(self, given, **kwargs):
        super().__init__(2, **kwargs)
        self.held = given()


class UsesNames(Holder):
    """A layer whose code uses secrets of the notebook."""

    def ask(self):
        return api_key, SETTINGS


class UsesAccess(Holder):
    """A layer whose code uses an object with a secret."""

    def ask(self):
        return ACCESS


ACCESS = Access(HEX, ALL)


class Literal(Holder):
    """A layer with a secret in its source."""

    def ask(self):
        return fetched("there", api_key="9f86d081884c7d659a2feaa0c55ad0153ef8a7")


class Documented(Holder):
    """A layer with a secret in a comment."""

    def ask(self):
        return 1  # hf_a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5


class Raising(Holder):
    """A layer whose error tells a secret, in a fresh process."""

    def call(self, x):
        if "colab_save_custom_code" in __name__:
            raise RuntimeError("401 for hf_" + "a1b2c3d4e5" * 3)
        return super().call(x)


class OwnLoss(keras.losses.Loss):
    """A loss with a secret in its config."""

    def __init__(self, api_key="", **kwargs):
        super().__init__(**kwargs)
        self.api_key = api_key

    def call(self, expected, actual):
        return tf.reduce_mean(tf.square(expected - actual), -1)

    def get_config(self):
        return {**super().get_config(), "api_key": self.api_key}


class Program(tf.Module):
    """A program with secrets in its attributes and in its graph."""

    def __init__(self, held):
        super().__init__()
        self.weight, self.api_key, self.held = tf.Variable([2.0]), HEX, held

    @tf.function(input_signature=[tf.TensorSpec([None, 1])])
    def __call__(self, x):
        return x * self.weight


class Loud(Program):
    """A program with a secret in its graph."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, x):
        return tf.strings.join([x, tf.constant(SHAPES["openai"])])


class Plain:
    """An object that holds a model and secrets."""

    def __init__(self, model, held, api_key):
        self.model, self.api_key, self.held = model, api_key, held


def fetched(url, api_key=""):
    return url + api_key


def around(layer, **compiled):
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", **({"loss": "mse"} | compiled))
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    return model


def attached(layer, **values):
    for name, value in values.items():
        setattr(layer, name, value)
    return layer


def texts():
    model = keras.Sequential([keras.Input((), dtype="string"), keras.layers.StringLookup(vocabulary=["a", "b"])])
    return model, np.array([ALL, "b", "a"], dtype=object)


@dataclass
class Place:
    """Where a secret is planted.

    Attributes:
        thing: What is saved.
        fields: Other fields of the request.
        told: What the report or the error must name.
    """

    thing: Any
    fields: dict[str, Any] = field(default_factory=dict)
    told: str = "secret"


def with_extra(name, value):
    return Place(attached(around(keras.layers.Dense(2)), **{name: value}), {"extra": (name,)}, name)


PLACES = {
    "get_config": lambda: Place(around(Told(HEX)), told="api_key"),
    "get_config, by its shape": lambda: Place(around(Told("", ALL)), told="about"),
    "get_config, in one format": lambda: Place(around(Told(HEX)), {"formats": "keras"}, "api_key"),
    "get_config, h5": lambda: Place(around(Told(HEX)), {"formats": "h5"}, "api_key"),
    "get_config, weights": lambda: Place(around(Told(HEX)), {"formats": "weights"}, "api_key"),
    "arguments that Keras records": lambda: Place(around(Recorded(HEX)), told="api_key"),
    "recorded, by its shape": lambda: Place(around(Recorded("", ALL)), told="about"),
    "attributes": lambda: Place(around(attached(Unknown(lambda: 1), api_key=HEX, about=ALL)), told="api_key"),
    "a list": lambda: Place(around(Unknown(lambda: ["a", ALL])), told="held"),
    "a dict": lambda: Place(around(Unknown(lambda: {"in": {"api_key": HEX}})), told="held"),
    "an array of texts": lambda: Place(around(Unknown(lambda: np.array(["a", ALL]))), told="held"),
    "bytes": lambda: Place(around(Unknown(ALL.encode)), told="held"),
    "a dataclass": lambda: Place(around(Unknown(lambda: Access(HEX, "here"))), told="held"),
    "a namespace": lambda: Place(around(Unknown(lambda: types.SimpleNamespace(password=HEX))), told="held"),
    "a vocabulary": lambda: Place(
        keras.Sequential([keras.Input((), dtype="string"), keras.layers.StringLookup(vocabulary=["a", ALL])])
    ),
    "names that code uses": lambda: Place(around(UsesNames()), told="api_key"),
    "an object that code uses": lambda: Place(around(UsesAccess()), told="ACCESS"),
    "a literal in code": lambda: Place(around(Literal()), told="Literal"),
    "a comment in code": lambda: Place(around(Documented()), told="Documented"),
    "an error": lambda: Place(around(Raising()), told="401"),
    "compile": lambda: Place(around(Holder(), loss=OwnLoss(HEX))),
    "the name of a layer": lambda: Place(around(keras.layers.Dense(2, name=SHAPES["hugging face"]))),
    "a program": lambda: Place(Program(ALL), told="saved"),
    "a graph": lambda: Place(Loud(1), {"sample": np.array(["a"], dtype=object)}),
    "an extra": lambda: with_extra("about", ALL),
    "an extra of a telling name": lambda: with_extra("api_key", HEX),
    "an extra in a dict": lambda: with_extra("about", {"settings": {"api_key": HEX}}),
    "an extra in a list": lambda: with_extra("about", ["a", ALL]),
    "an extra in an array": lambda: with_extra("about", np.array(["a", ALL])),
    "a note": lambda: Place(around(keras.layers.Dense(2)), {"note": f"made with {ALL}"}, "note"),
    "a note with a name": lambda: Place(around(keras.layers.Dense(2)), {"note": f"api_key={HEX} is old"}, "note"),
    "a tag": lambda: Place(around(keras.layers.Dense(2)), {"tags": (SHAPES["hugging face"],)}, "tags"),
    "a metric": lambda: Place(around(keras.layers.Dense(2)), {"metrics": {SHAPES["github"]: 1.0}}, "metrics"),
    "a sample": lambda: Place(texts()[0], {"sample": texts()[1]}, "sample"),
    "a collection": lambda: Place(
        {"one": around(keras.layers.Dense(2)), "api_key": HEX, "about": [ALL], "all": np.array([ALL])}, {}, "api_key"
    ),
    "an object of a class": lambda: Place(
        Plain(around(keras.layers.Dense(2)), [ALL, {"token": HEX}], HEX), {}, "api_key"
    ),
    "what a collection trains by": lambda: Place(
        {"one": around(keras.layers.Dense(2)), "loss": OwnLoss(HEX)}, told="OwnLoss"
    ),
    "the environment": lambda: Place(around(keras.layers.Dense(2)), {}, "saved"),
}


def spelled(secret: str) -> set[bytes]:
    """Return the ways in which a file may hold a text, base64 among them."""
    plain = secret.encode()
    shifted = {base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)}
    return {plain, secret.encode("utf-16-le"), secret.encode("utf-32-le"), *shifted}


def written(path: Path) -> list[bytes]:
    """Return the bytes of a file and of all that is packed in it."""
    found = [path.read_bytes()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    return found


def searched(folder: Path, *printed: str) -> dict[str, list[str]]:
    """Return which secrets stand in which file, or in what was printed."""
    files = {str(path): written(path) for path in folder.rglob("*") if path.is_file()}
    files["printed"] = [text.encode() for text in printed]
    hits = {
        name: [secret for secret in PLANTED if any(way in data for way in spelled(secret) for data in contents)]
        for name, contents in files.items()
    }
    return {name: found for name, found in hits.items() if found}


@pytest.mark.parametrize("secret", PLANTED)
@pytest.mark.parametrize("how", ["json", "npz", "base64"])
def test_the_search_finds_what_is_there(tmp_path, secret, how):
    whole = secret + "0123456789"
    if how == "npz":
        np.savez(tmp_path / "a.npz", held=np.array(["a", whole]))
    else:
        (tmp_path / "a").write_text(whole if how == "json" else base64.b64encode(b"ab" + whole.encode()).decode())
    assert [[secret]] == list(searched(tmp_path).values())


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_travels(tmp_path, monkeypatch, capsys, place):
    monkeypatch.setenv("HF_TOKEN", SHAPES["hugging face"])
    monkeypatch.setenv("API_KEY", HEX)
    planted = PLACES[place]()
    try:
        report = save(SaveRequest(planted.thing, "saved", to=str(tmp_path / "store"), **planted.fields))
        told = f"{report}\n{report.advice}\n{json.dumps(report.to_json(), default=str)}\n{report._repr_html_()}"
    except ColabSaveError as error:
        told = f"{error}\n{error!r}"
    printed = capsys.readouterr()
    assert {} == searched(tmp_path, told, printed.out, printed.err)
    assert planted.told in told


def test_a_text_of_the_notebook_with_a_secret_is_no_sample(tmp_path, monkeypatch):
    model, rows = texts()
    monkeypatch.setattr(sys.modules["__main__"], "rows", rows, raising=False)
    report = save(SaveRequest(model, "saved", to=str(tmp_path)))
    assert (Outcome.PASSED, {}) == (report.outcome, searched(tmp_path, str(report)))


def test_what_only_sounds_like_a_secret_comes_back(tmp_path):
    silent = {
        "key": np.ones((2, 2), "float32"), "tokens": ["the", "model", "startofsequence"], "tokenizer": "bert_uncased",
        "num_key_value_heads": 4, "secret_layer": "encoder_output", "start_token": "startofsequence",
        "key_dim": 8, "token_names": ["a", "b"], "keys": {"query": "dense_1", "key": "attention_key_kernel"},
        "mask_token": "[MASK]", "about": "mask-rcnn-with-resnet50-backbone-and-fpn", "url": "https://a.example.com:80/b",
    }  # fmt: skip
    model = attached(around(attached(Unknown(lambda: 1), **silent)), vocabulary=["token", "password", "key"])
    report = save(SaveRequest(model, "saved", to=str(tmp_path), extra=("vocabulary",), note="key: the tokenizer's"))
    assert (Outcome.PASSED, False) == (report.outcome, "looks like a secret" in str(report)), str(report)
    layer = load(LoadRequest("saved", source=str(tmp_path))).model.layers[0]
    assert {name: np.asarray(value).tolist() for name, value in silent.items()} == {
        name: np.asarray(getattr(layer, name)).tolist() for name in silent
    }


def test_what_is_rebuilt_without_its_secret_takes_it_after_the_load(tmp_path):
    report = save(SaveRequest(around(attached(Unknown(lambda: 1), api_key=HEX)), "saved", to=str(tmp_path)))
    layer = load(LoadRequest("saved", source=str(tmp_path))).model.layers[0]
    assert (True, False) == ("the attribute api_key of Unknown" in str(report), hasattr(layer, "api_key"))
    layer.api_key = "given"
    assert "given" == layer.api_key
