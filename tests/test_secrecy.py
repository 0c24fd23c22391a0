"""What looks like a secret, and what only sounds like one."""

from __future__ import annotations

import numpy as np
import pytest

from colab_save.secrecy import (
    WITHHELD,
    concealed,
    hidden,
    is_secret,
    secret_in,
    secret_in_source,
    secret_in_text,
    secret_within,
)

TOKEN = "hf_" + "a1" * 15


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_TOKEN", "0123456789abcdef"),
        ("api_key", b"0123456789abcdef"),
        ("my_password", "correcthorse"),
        ("anything", "hf_" + "a1" * 15),
        ("anything", "AKIA" + "A" * 16),
        ("anything", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
        ("url", "https://user:ghp_" + "a" * 36 + "@github.com"),
        ("url", "postgres://reader:s3cret@db.example.com/models"),
        ("url", "https://store.example.com/cats?sv=1&sig=a1b2c3d4e5f6a1b2c3"),
        ("anything", "before sk-proj-a1b2c3d4e5a1b2c3d4e5 after"),
        ("anything", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.a1b2c3d4e5f6"),
        ("key", "9f86d081884c7d659a2feaa0c55ad015"),
        ("authorization", "Bearer a1b2c3d4e5f6a1b2c3d4"),
        ("clientSecret", "a-long-word"),
        ("accessToken", "0123456789abcdef"),
    ],
)
def test_it_looks_like_a_secret(name, value):
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pad_token", "[PAD]"),
        ("start_token", "<start>"),
        ("oov_token", "unk"),
        ("token_names", "the names of tokens"),
        ("tokenizer", "bert_uncased"),
        ("api_key", 123456789),
        ("key", "kernel_of_a_layer"),
        ("monkey_name", "longer than eight"),
        ("loss", "sparse_categorical_crossentropy"),
        ("start_token", "startofsequence"),
        ("secret_layer", "encoder_output"),
        ("num_key_value_heads", "eight_of_them"),
        ("key", "mobilenetv2preprocessor"),
        ("attention_key", "block_12_attention_key_kernel_0"),
        ("backbone", "mask-rcnn-with-resnet50-backbone-and-fpn"),
        ("url", "https://example.com:8080/models@v2"),
        ("url", "https://example.com/cats?token=short&version=2"),
        ("pattern", "postgres://{user}:{password}@{host}"),
    ],
)
def test_it_only_sounds_like_one(name, value):
    assert not is_secret(name, value)


@pytest.mark.parametrize(
    "name",
    [
        ".netrc", ".env", ".env.local", "credentials.json", "client_secret_12.json", "kaggle.json", "key.pem", "id_rsa",
        "api_key.txt", "service_account.json", "token", "token.txt", "my_credentials",
    ],
)  # fmt: skip
def test_a_file_of_this_name_holds_one(name, tmp_path):
    (tmp_path / name).write_text("1")
    assert "has the name of a file with credentials" == secret_in(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["tokens.txt", "tokenizer.json", "vocab.txt", "vectors.npy", "keys.npz", "passages.txt"]
)
def test_a_file_of_this_name_need_not(name, tmp_path):
    (tmp_path / name).write_text("a b c")
    assert "" == secret_in(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "a line\nhf_" + "a1" * 15,
        "x" * (1 << 20) + "AKIA" + "A" * 16,
        '{"service": {"api_key": "0123456789abcdef"}}',
        "export API_KEY=0123456789abcdef\n",
        "host: there\npassword: correcthorse\n",
    ],
)
def test_a_file_with_this_in_it_holds_one(text, tmp_path):
    (tmp_path / "notes.txt").write_text(text)
    assert secret_in(tmp_path / "notes.txt")


@pytest.mark.parametrize("text", ['{"password": 4532, "token": 7}', "token\npassword\n", '{"unk_token": "[UNK]"}', ""])
def test_a_vocabulary_holds_none(text, tmp_path):
    (tmp_path / "vocab.txt").write_text(text)
    assert "" == secret_in(tmp_path / "vocab.txt")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"settings": {"api_key": "0123456789abcdef"}}, "it.settings.api_key"),
        (["a", TOKEN], "it[1]"),
        ({"a": ({TOKEN},)}, "it.a[0][0]"),
        ({TOKEN: 1}, "a key of it"),
        (np.array(["a", TOKEN]), "it[1]"),
        (np.array([b"a", TOKEN.encode()], dtype=object), "it[1]"),
    ],
)
def test_a_secret_is_found_within_plain_values(value, place):
    assert place == secret_within("it", value)


def test_plain_values_without_one_are_silent():
    again = [1, None, "a", {"tokens": ["the", "model"], "key": np.ones(3), "token": 7}]
    again.append(again)
    assert "" == secret_within("tokenizer", again)


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    api_key = '0123456789abcdef'",
        "class A:\n    def f(self, x, *, password='correcthorse'): pass",
        "def f(x, api_key='0123456789abcdef'): return x",
        "def f(self):\n    self.api_key: str = '0123456789abcdef'",
        "ask(there, api_key='0123456789abcdef')",
        "SETTINGS = {'api_key': '0123456789abcdef'}",
        f"def f(x):\n    return x  # {TOKEN}",
        f"f = lambda x: x + '{TOKEN}'",
    ],
)
def test_a_secret_is_found_in_source(source):
    assert secret_in_source(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x, key=None, token='[CLS]'): return x[key]",
        "class A:\n    api_key = os.environ['API_KEY']",
        "def call(self, query, key, value):\n    return self.attend(query, key=key)",
        "def connect(user, password): return f'postgres://{user}:{password}@host'",
    ],
)
def test_source_that_names_one_has_none(source):
    assert "" == secret_in_source(source)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (f"with {TOKEN}", True),
        ("api_key=0123456789abcdef", True),
        ("password: correcthorse", True),
        ("key: the tokenizer's", False),
        ("token = [CLS], lr=0.001", False),
    ],
)
def test_a_free_text_is_searched(text, is_told):
    assert is_told is bool(secret_in_text(text))


def test_what_is_shown_or_compared_has_none():
    assert "401 for … there" == hidden(f"401 for {TOKEN} there")
    expected = {"api_key": WITHHELD, "units": [2, WITHHELD], "token": "[CLS]"}
    assert expected == concealed({"api_key": "0123456789abcdef", "units": [2, TOKEN], "token": "[CLS]"})


@pytest.mark.parametrize("word", ["xAKIA" + "A" * 16, "3sk-proj-a1b2c3d4e5a1b2c3d4e5"])
def test_a_length_before_a_text_hides_it_not(word, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\x0a" + word.encode() + b"\x12")
    assert secret_in(tmp_path / "saved_model.pb")
