"""Tell what looks like a secret: a key, a token, a password, by the name of the variable or by the shape of the text.

`custom_code.gathering` and ``model/attribute_configs.py`` ask before they write a value into an artifact,
``saving/assets.py`` before it copies a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

_NAMES = re.compile(r"(^|_)(api_?key|secret|token|password|passwd|credentials?|access_?key)s?($|_)", re.IGNORECASE)

_TEXTS = re.compile(
    r"(hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|gh[opsu]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}"
    r"|xox[abps]-[A-Za-z0-9-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----)"
)
"""Texts as Hugging Face, OpenAI, GitHub, AWS, Google and Slack write their keys, and private keys."""

_FILES = re.compile(
    r"[._]netrc|\.env(\..*)?|\.git-credentials|\.pypirc|\.npmrc|\.htpasswd|kaggle\.json|id_(rsa|dsa|ecdsa|ed25519).*"
    r"|.*\.(pem|key|p12|pfx|jks|ppk|keystore)|(.*[._-])?(credentials?|secrets?|api_?keys?|passwords?|service_?account)"
    r"([._-].*)?|(.*_)?token(\.(txt|json|pickle|pkl))?",
    re.IGNORECASE,
)
"""Names of files that hold keys and passwords, unlike those of a vocabulary: ``tokens.txt``, ``tokenizer.json``."""

_LINE = re.compile(r"""^\s*(?:export\s+)?["']?(\w+)["']?\s*[:=]\s*["']?([^\s"',]+)["']?,?\s*$""", re.MULTILINE)
"""A line of a file of settings, with its name and its value."""

LARGEST = 1 << 20
"""Bytes: a larger file is none of settings, and only the shapes of its texts are looked at."""

BLOCK, OVERLAP = 1 << 20, 1 << 8
"""Bytes that are looked at together, and how many of them again with the next ones."""

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


def secret_in(file: Path) -> str:
    """Return why a file looks as if it holds a secret, as the rest of a sentence; empty if it does not.

    Raises:
        OSError: It cannot be read.
    """
    if _FILES.fullmatch(file.name):
        return "has the name of a file with credentials"
    with file.open("rb") as stream:
        before = b""
        while block := stream.read(BLOCK):
            if _TEXTS.search((before + block).decode("latin-1")):
                return "has a text that looks like a key or a token"
            before = block[-OVERLAP:]
    name = next(_named_secrets(file), "") if file.stat().st_size <= LARGEST else ""
    return f"has a value named {name}" if name else ""


def _named_secrets(file: Path) -> Iterator[str]:
    """Yield the names of the values that look like secrets in a file of settings or in JSON."""
    text = file.read_bytes().decode("latin-1")
    try:
        pending = [json.loads(text)]
    except (ValueError, RecursionError):
        yield from (name for name, value in _LINE.findall(text) if is_secret(name, value))
        return
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield from (name for name, value in item.items() if is_secret(name, value))
        pending += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
