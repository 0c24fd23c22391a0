"""What looks like a secret, and what only sounds like one."""

from __future__ import annotations

import pytest

from colab_save.secrecy import is_secret, secret_in


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
