"""What a failed call of a client means: whether to retry it, and which `StoreError` the user gets.

Each client library has errors of its own. They are recognised by HTTP status, errno and class name, so that none of
the libraries need be installed. `calling` asks `is_passing`; `remote` raises what `refusal_of` returns.
"""

from __future__ import annotations

import errno
import itertools
import re
from collections.abc import Iterator
from typing import Any

from colab_save.errors import NoSpaceError, ReadOnlyStoreError, StoreError, StoreUnavailableError
from colab_save.hints import literal, option
from colab_save.os_errors import refusal, system_error
from colab_save.target import without_secrets
from colab_save.wording import first_line

PASSING = frozenset({408, 410, 425, 429, 500, 502, 503, 504})
"""HTTP statuses worth a retry: time-outs, an upload that expired (410), too many requests, server errors."""

_PASSING_CODES = {"RequestTimeout", "SlowDown", "InternalError", "IncompleteBody", "Throttling", "ThrottlingException"}
"""S3's own codes for the same, some of them with another status."""

_LOST_PLACE = "Content-Range"
"""In the error of GCS for a part sent twice, after its first answer was lost; gcsfs must restart the upload then."""

_PASSING_NUMBERS = {
    errno.ECONNRESET, errno.ECONNABORTED, errno.ECONNREFUSED, errno.EPIPE, errno.ETIMEDOUT, errno.EHOSTUNREACH,
    errno.ENETUNREACH, errno.EAGAIN, errno.EBUSY,
}  # fmt: skip

_PASSING_CLASSES = {
    "ConnectionError", "TimeoutError", "Timeout", "FSTimeoutError",  # built in, requests, fsspec
    "ClientConnectionError", "ClientPayloadError", "ServerTimeoutError",  # aiohttp
    "HTTPClientError", "ResponseParserError", "IncompleteRead", "ChunkedEncodingError", "ProxyError",  # botocore
    "TransportError", "ServiceRequestError", "ServiceResponseError", "ChecksumError",  # httpx, azure, gcsfs
}  # fmt: skip

_LOGIN_CLASSES = {
    "NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError", "DefaultCredentialsError", "RefreshError",
    "ClientAuthenticationError", "LocalTokenNotFoundError",
}  # fmt: skip

_NO_BUCKET = re.compile(r"(bucket|container) does not exist|Repository Not Found|^b/[^/]+/o$", re.IGNORECASE)
"""The messages of S3, Azure and Hugging Face, and the path that gcsfs raises when it cannot list a bucket."""

_NUMBER_OF = {
    FileNotFoundError: errno.ENOENT,
    NotADirectoryError: errno.ENOTDIR,
    IsADirectoryError: errno.EISDIR,
    FileExistsError: errno.EEXIST,
}
"""fsspec's file systems raise these with a path and no number."""


def is_passing(error: BaseException) -> bool:
    """Return whether the same call may succeed a little later."""
    if any(_code_of(link) in _PASSING_CODES or _LOST_PLACE in str(link) for link in _chain(error)):
        return True
    status = status_of(error)
    if status is not None:
        return status in PASSING
    return any(
        getattr(link, "errno", None) in _PASSING_NUMBERS or _is(link, _PASSING_CLASSES) for link in _chain(error)
    )


def is_missing(error: BaseException) -> bool:
    """Return whether an error means that there is nothing of that name."""
    return isinstance(error, FileNotFoundError | NotADirectoryError) or status_of(error) == 404


def is_without_bucket(error: BaseException) -> bool:
    """Return whether an error means that there is no such bucket."""
    return any(_NO_BUCKET.search(str(link)) for link in _chain(error))


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status behind an error, if there is one."""
    for link in _chain(error):
        response: Any = getattr(link, "response", None)
        if isinstance(response, dict):
            found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        else:
            found = getattr(response, "status_code", None)
        others = (getattr(link, name, None) for name in ("status_code", "status", "code"))
        for value in itertools.chain((found,), others):
            if str(value).isdecimal() and 100 <= int(str(value)) < 600:
                return int(str(value))
        if isinstance(link, PermissionError) or str(link).startswith("Forbidden: "):  # gcsfs has only the text
            return 403
    return None


def refusal_of(error: BaseException, action: str, where: str, login: str) -> StoreError:
    """Return the error to raise: what could not be done, where, why, and what to do; without secrets of a URL.

    Args:
        error: What the client raised.
        action: The verb: ``read``, ``list``, ``write``, ``delete``, ``move``, ``reach``.
        where: The place, as the user knows it.
        login: The hint where credentials are missing or not enough.
    """
    status, reason = status_of(error), first_line(error, without_secrets)
    is_writing = action not in {"read", "list", "reach"}
    place, number = literal(where), _number_of(error)
    if is_without_bucket(error) or (number == errno.ENOENT and is_writing):
        return StoreUnavailableError(
            f"Cannot {action} {place}: there is no such bucket or folder.", "Check the spelling, or create it first."
        )
    if status in {401, 403} or any(map(_is_of_login, _chain(error))):
        kind = ReadOnlyStoreError if is_writing and status == 403 else StoreUnavailableError
        return kind(f"Cannot {action} {place}: not permitted ({reason}).", login)
    if status in {413, 507}:
        return NoSpaceError(
            f"Cannot {action} {place}: {reason}.", f"Make space there, or choose another place with {option('to')}."
        )
    if is_passing(error):
        return StoreUnavailableError(
            f"Cannot {action} {place}: it does not answer as it should ({reason}).",
            "Several attempts have failed. Check the connection and try again in a while.",
        )
    if number is not None:
        return refusal(system_error(number), action, where)
    return StoreError(f"Cannot {action} {place}: {reason}.", f"Try again, or choose another place with {option('to')}.")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes: clients wrap each other's."""

    def links() -> Iterator[BaseException]:
        link: BaseException | None = error
        while link is not None:
            yield link
            link = link.__cause__ or link.__context__

    return itertools.islice(links(), 10)


def _code_of(error: BaseException) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _number_of(error: BaseException) -> int | None:
    if status_of(error) == 404:
        return errno.ENOENT
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return number
    return next((number for kind, number in _NUMBER_OF.items() if isinstance(error, kind)), None)


def _is_of_login(error: BaseException) -> bool:
    """Return whether a client has no credentials; adlfs raises a `ValueError` then."""
    return _is(error, _LOGIN_CLASSES) or "credentials" in str(error).lower()


def _is(error: BaseException, names: set[str]) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)
