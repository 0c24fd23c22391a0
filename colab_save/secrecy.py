"""Tell what looks like a secret: a key, a token, a password, by the name of the variable or by the shape of the text.

Whatever writes a value into an artifact asks before: the captured code, configs, collections and extras, samples,
assets, notes and tags; ``saving/searching.py`` searches what was staged. What foreign errors say is shown `hidden`.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from colab_save.types import Json

_NAMES = re.compile(
    r"(^|_)(pass(word|wd|phrase)s?|credentials?|(api|access|account|private|secret)_?keys?|secrets?(?=$|_value))($|_)"
)
"""Names of values that nobody else may know. A ``secret_layer`` is none."""

_TOKEN_NAMES = re.compile(r"(^|_)tokens?(_value)?($|_)")
"""Names of such values and of words of a vocabulary, which have no digits."""

_VAGUE_NAMES = re.compile(r"(^|_)(key|bearer|auth|authorization)s?(_value)?$")
"""Names of such values and of many others."""

_UNGUESSABLE = re.compile(r"(Bearer )?[A-Za-z0-9+/=.~-]{16,}")

CHANGES = 4
"""How often letters and digits alternate, at least, in a text that nobody guesses, unlike in ``mobilenetv2``."""

_TEXTS = re.compile(
    r"(hf_[A-Za-z0-9]{20,}|(?<![a-z])sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}|[rs]k_(live|test)_[A-Za-z0-9]{16,}"
    r"|gh[opsu]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,}|A[KS]IA[0-9A-Z]{16}"
    r"|AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_-]{20,}|xox[abps]-[A-Za-z0-9-]{20,}|pypi-[A-Za-z0-9_-]{50,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|(?<=://)[\w.%+-]{0,64}:[^\s/@\"'{}<>…\x00-\x1f\x7f-\xff]{3,128}(?=@\w)"
    r"|(?<=[?&])(sig|X-Amz-Signature|X-Goog-Signature|access_token|api_?key|token)=[\w%+/~=-]{16,}"
)
"""Texts as Hugging Face, OpenAI, Stripe, GitHub, GitLab, AWS, Google, Slack and PyPI write their keys, JSON Web Tokens,
private keys, and URLs with a password or a signature."""

_ANCHORS = re.compile(
    r"hf_|sk-|k_live_|k_test_|gh[opsu]_|github_pat_|glpat-|A[KS]IA|AIza|ya29|xox[abps]-|pypi-|eyJ|-----BEGIN|://"
    r"|sig=|Signature=|token=|api_?key="
)
"""What is in each of these texts, and is found faster."""

BEFORE, AFTER = 8, 400
"""Characters before and after an anchor in which such a text is."""

_FILES = re.compile(
    r"[._]netrc|\.env(\..*)?|\.git-credentials|\.pypirc|\.npmrc|\.htpasswd|kaggle\.json|id_(rsa|dsa|ecdsa|ed25519).*"
    r"|.*\.(pem|key|p12|pfx|jks|ppk|keystore)|(.*[._-])?(credentials?|secrets?|api_?keys?|passwords?|service_?account)"
    r"([._-].*)?|(.*_)?token(\.(txt|json|pickle|pkl))?",
    re.IGNORECASE,
)
"""Names of files that hold keys and passwords, unlike those of a vocabulary: ``tokens.txt``, ``tokenizer.json``."""

_LINE = re.compile(r"""^\s*(?:export\s+)?["']?(\w+)["']?\s*[:=]\s*["']?([^\s"',]+)["']?,?\s*$""", re.MULTILINE)
"""A line of a file of settings, with its name and its value."""

_PAIR = re.compile(r"""(\w+)["']?\s*[:=]\s*["']?([^\s"',;]+)""")
"""A name and its value in free text."""

LARGEST = 1 << 20
"""Bytes: a larger file is none of settings, and only the shapes of its texts are looked at."""

BLOCK, OVERLAP = 1 << 20, 1 << 8
"""Bytes that are looked at together, and how many of them again with the next ones."""

SHORTEST = 8
"""The shortest text, in characters, that counts by the name of its variable."""

WITHHELD = "what looks like a secret"
"""What facts have in the place of one: it is no file's, and so does not come back."""

HIDDEN = "…"
"""What stands in the place of a secret in a message."""


def is_secret(name: str, value: object) -> bool:
    """Return whether a value looks like a secret, by its name or as it is written.

    A token of a vocabulary is none: it is short, or a word, or has spaces.
    """
    if not isinstance(value, (str, bytes)):
        return False
    text = value if isinstance(value, str) else value.decode("latin-1")
    if is_shaped(text):
        return True
    is_named, is_token, is_vague = _kinds_of(name)
    if is_vague and is_unguessable(text):
        return True
    is_secret_name = is_named or (is_token and bool(re.search(r"\d", text)))
    return is_secret_name and len(text) >= SHORTEST and not re.search(r"\s|^[<\[].*[>\]]$", text)


@functools.lru_cache(1 << 12)
def _kinds_of(name: str) -> tuple[bool, bool, bool]:
    """Return whether a name is one of a secret, of a secret or a word, and of a secret or anything else."""
    own = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    first, second, third = (bool(each.search(own)) for each in (_NAMES, _TOKEN_NAMES, _VAGUE_NAMES))
    return first, second, third


def is_shaped(text: str) -> bool:
    """Return whether a text holds one that is shaped like a key or a token."""
    found = _ANCHORS.finditer(text)
    return any(_TEXTS.search(text, max(each.start() - BEFORE, 0), each.end() + AFTER) for each in found)


def is_unguessable(text: str) -> bool:
    """Return whether a text is long and without meaning, as keys and tokens are."""
    kinds = [letter.isdigit() for letter in text if letter.isalnum()]
    return bool(_UNGUESSABLE.fullmatch(text)) and sum(one != other for one, other in pairwise(kinds)) >= CHANGES


def secret_within(name: str, value: object) -> str:
    """Return where a plain value holds what looks like a secret, such as ``settings.api_key``; empty if it does not.

    Args:
        name: The name of the value.
        value: A text, or dicts, lists, tuples, sets and arrays of texts; in anything else nothing is looked for.
    """
    pending, seen = [(name, name, value)], set[int]()
    while pending:
        place, own, item = pending.pop()
        if is_secret(own, item):
            return place or "a text"
        if isinstance(item, (str, bytes)) or id(item) in seen:
            continue
        seen.add(id(item))
        if getattr(getattr(item, "dtype", None), "kind", "") in {"O", "S", "U"} and hasattr(item, "tolist"):
            pending.append((place, own, item.tolist()))
        elif isinstance(item, Mapping):
            pending += [(f"a key of {place}" if place else "a key", "", key) for key in item]
            pending += [(f"{place}.{key}".lstrip("."), str(key), each) for key, each in item.items()]
        elif isinstance(item, (list, tuple, set, frozenset)):
            pending += [(f"{place}[{at}]", own, each) for at, each in enumerate(item)]
    return ""


def concealed(value: Json) -> Json:
    """Return JSON with `WITHHELD` in the place of each text that looks like a secret."""

    def replaced(name: str, item: Json) -> Json:
        if isinstance(item, Mapping):
            return {key: replaced(str(key), each) for key, each in item.items()}
        if isinstance(item, (list, tuple)):
            return [replaced(name, each) for each in item]
        return WITHHELD if is_secret(name, item) else item

    return replaced("", value)


def secret_in_text(text: str) -> str:
    """Return what of a free text looks like a secret, in words; empty if nothing does."""
    if is_shaped(text):
        return "a text shaped like a key or a token"
    return next((f"a value of {name}" for name, value in _PAIR.findall(text) if is_secret(name, value)), "")


def secret_in_source(text: str) -> str:
    """Return what of Python source looks like a secret, in words; empty if nothing does."""
    if is_shaped(text):
        return "a text shaped like a key or a token"
    named = _named_constants(ast.parse(text))
    return next((f"a value of {name}" for name, value in named if is_secret(name, value)), "")


def _named_constants(tree: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield the texts of a source that stand under a name: assigned, given, a default, or in a dict."""
    for node in ast.walk(tree):
        pairs: list[tuple[object, ast.AST | None]] = []
        match node:
            case ast.Assign():
                pairs = [(getattr(each, "id", getattr(each, "attr", "")), node.value) for each in node.targets]
            case ast.AnnAssign():
                pairs = [(getattr(node.target, "id", getattr(node.target, "attr", "")), node.value)]
            case ast.keyword():
                pairs = [(node.arg or "", node.value)]
            case ast.Dict():
                pairs = [(getattr(key, "value", ""), value) for key, value in zip(node.keys, node.values, strict=True)]
            case ast.arguments():
                named = [*node.posonlyargs, *node.args]
                pairs = [*zip([each.arg for each in named[::-1]], node.defaults[::-1], strict=False)]
                pairs += [(each.arg, value) for each, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        yield from ((str(name), value.value) for name, value in pairs if isinstance(value, ast.Constant))


def secret_in_bytes(data: bytes) -> bool:
    """Return whether the bytes of a file have a text that is shaped like a key or a token."""
    return is_shaped(data.decode("latin-1"))


def hidden(text: str) -> str:
    """Return a text without what is shaped like a key or a token."""
    return _TEXTS.sub(HIDDEN, text)


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
            if secret_in_bytes(before + block):
                return "has a text that looks like a key or a token"
            before = block[-OVERLAP:]
    name = _named_secret(file) if file.stat().st_size <= LARGEST else ""
    return f"has a value named {name}" if name else ""


def _named_secret(file: Path) -> str:
    """Return where a file of settings or JSON has what looks like a secret by its name; empty if nowhere."""
    text = file.read_bytes().decode("latin-1")
    try:
        return secret_within("", json.loads(text))
    except (ValueError, RecursionError):
        return next((name for name, value in _LINE.findall(text) if is_secret(name, value)), "")
