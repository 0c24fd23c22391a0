"""Tell what looks like a secret: a key, a token, a password, by the name of the variable or by the shape of the text.

`custom_code.gathering` and ``model/attribute_configs.py`` ask before they write a value into an artifact.
"""

from __future__ import annotations

import re

_NAMES = re.compile(r"(^|_)(api_?key|secret|token|password|passwd|credentials?|access_?key)s?($|_)", re.IGNORECASE)

_TEXTS = re.compile(
    r"(hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|gh[opsu]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}"
    r"|xox[abps]-[A-Za-z0-9-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----)"
)
"""Texts as Hugging Face, OpenAI, GitHub, AWS, Google and Slack write their keys, and private keys."""

SHORTEST = 8
"""The shortest text, in characters, that counts by the name of its variable."""


def is_secret(name: str, value: object) -> bool:
    """Return whether a value looks like a secret, by its name or as it is written.

    A token of a vocabulary is none: it is short, or has spaces, or is in a list.
    """
    if not isinstance(value, (str, bytes)):
        return False
    text = value if isinstance(value, str) else value.decode("latin-1")
    is_named = bool(_NAMES.search(name)) and len(text) >= SHORTEST and not re.search(r"\s|^[<\[].*[>\]]$", text)
    return is_named or bool(_TEXTS.search(text))
