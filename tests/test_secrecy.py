"""What looks like a secret, and what only sounds like one."""

from __future__ import annotations

import pytest

from colab_save.secrecy import is_secret


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
