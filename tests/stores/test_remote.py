"""Artifacts behind URLs, without an object store's server: in memory, in a folder that fsspec opens, on a web page."""

from __future__ import annotations

import functools
import http.server
import itertools
import subprocess
import sys
import threading
import traceback
from types import SimpleNamespace

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from colab_save.errors import (
    MissingPackageError,
    NoSpaceError,
    NotFoundError,
    ReadOnlyStoreError,
    StoreError,
    StoreUnavailableError,
    UnknownNameError,
)
from colab_save.frontends.completion import Completer
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.stores.remote.errors import is_passing, refusal_of
from colab_save.stores.remote.remote import RemoteStore
from colab_save.target import Target, without_secrets
from colab_save.versions.listing import list_models
from colab_save.versions.locating import locate
from tests.making import V1, save_version
from tests.stores.contract import NEW
from tests.stores.remote_contract import FaultyRemoteStore, HastyStore, RemoteContract
from tests.versions.test_publishing import KINDS, check_every_interruption

NUMBERS = itertools.count()
PARTIAL = ".0123456789abcdef.partial"


class TestMemory(RemoteContract):
    @pytest.fixture
    def store(self):
        return HastyStore(f"memory://models-{next(NUMBERS)}/below")

    @pytest.mark.parametrize(
        ("kind", "error", "is_late", "for_ever"),
        [(KINDS[1], KeyboardInterrupt(), False, True)],
        ids=["file, killed"],
    )
    def test_a_publish_that_fails_at_any_call_leaves_the_last_version_whole(
        self, kind, error, is_late, for_ever, store, tmp_path
    ):
        work = tmp_path / "work"
        work.mkdir()

        def store_with_one(number):
            MemoryFileSystem.store.clear()  # there is one for the process, and each listing reads all of it
            faulty = FaultyRemoteStore(f"{store.location}/{number}")
            kind.save(faulty, work, V1)
            return faulty

        calls = check_every_interruption(kind, store_with_one, work, error, is_late=is_late, for_ever=for_ever)
        assert calls > 8

    def test_tab_offers_what_is_saved_there(self, store, tmp_path):
        save_version(store, tmp_path, V1)
        line = f"%loadmodel --from {store.location} "
        completer = Completer({}, lambda _: list_models)
        assert ["cats"] == completer(SimpleNamespace(text_until_cursor=line))


class TestFilesBehindAUrl(RemoteContract):
    @pytest.fixture
    def store(self, tmp_path):
        return HastyStore(f"file://{tmp_path}/models")

    def test_what_a_killed_process_left_half_written_is_no_key_and_goes_with_its_folder(self, store, put, tmp_path):
        put("cats/v1/model")
        (tmp_path / "models/cats/v1" / PARTIAL).write_bytes(b"half")
        assert ["cats/v1/model"] == store.walk("")
        store.delete_folder("cats/v1")
        assert [] == list((tmp_path / "models").iterdir())

    def test_a_failed_put_leaves_nothing(self, put, faults, tmp_path):
        faults.arm(2, OSError(28, "No space left on device"))
        with pytest.raises(NoSpaceError):
            put("cats/v1/model")
        faults.disarm()
        assert [] == list((tmp_path / "models").rglob("*"))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A web server on loopback with one file; gives its host."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "cats.keras").write_bytes(NEW)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.func.log_message = lambda *arguments: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_file_on_a_web_page_is_found_and_read(page):
    found = locate(LoadRequest(f"http://{page}/cats.keras?token=hush"))
    assert NEW == found.store.read(found.place.exact)
    assert f"http://{page}/cats.keras?…" == found.name


def test_a_web_page_is_not_written():
    with pytest.raises(ReadOnlyStoreError, match="is read-only"):
        RemoteStore("https://host/models").prepare(1)


def test_a_secret_in_a_url_is_nowhere_in_what_fails(page):
    url = f"http://me:pa55word@{page}/dogs.keras?token=hush"
    with pytest.raises(NotFoundError) as caught:
        locate(LoadRequest(url))
    shown = "".join(traceback.format_exception(caught.value))
    assert not [word for word in ("pa55word", "hush") if word in shown]


def test_a_server_that_is_not_there_is_a_hint_and_no_secret():
    store = RemoteStore("http://me:pa55word@127.0.0.1:9/models?token=hush")
    store.patience = HastyStore.patience
    with pytest.raises(StoreUnavailableError, match="does not answer") as caught:
        store.read("cats.keras")
    shown = "".join(traceback.format_exception(caught.value))
    assert not [word for word in ("pa55word", "hush") if word in shown]
    assert caught.value.hint


def test_no_record_shows_a_secret():
    url = "sftp://me:pa55word@host/models"
    shown = repr((Target.parse(url), SaveRequest(None, url), SaveRequest(None, to=url), LoadRequest("a", source=url)))
    assert "pa55word" not in shown


words = st.text("ab:@%!$&=+-._~", min_size=1, max_size=12)


@given(user=st.text("ab-._", max_size=5), password=words, query=words)
def test_no_password_and_no_query_of_a_url_is_shown(user, password, query):
    shown = without_secrets(f"see sftp://{user}:{password}@host/models/x.keras?{query}, it failed")
    assert f"see sftp://{user}:…@host/models/x.keras?… it failed" == shown


@pytest.mark.parametrize(
    "text", ["s3://bucket/a:b/c@d", "hf://me/model@main/x", "abfs://box@account/x", "/a/b:c@d?e", "cats@best", "why?"]
)
def test_what_is_no_secret_is_shown_as_it_is(text):
    assert text == without_secrets(text)


def test_an_unknown_protocol_is_refused_with_what_may_be_meant():
    with pytest.raises(UnknownNameError, match="s3x://") as caught:
        RemoteStore("s3x://bucket/models").prepare(1)
    assert "'s3'" in caught.value.hint


def test_a_missing_package_is_named_with_the_release_that_fits_fsspec():
    script = (
        "import sys; sys.modules['s3fs'] = None; from colab_save.stores.opening import open_store; "
        "open_store('s3://bucket/models').prepare(1)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert MissingPackageError.__name__ in done.stderr
    assert f"Hint: pip install s3fs=={fsspec.__version__}\n" in done.stderr


class AnswerError(Exception):
    """What a client raises: with a status as gcsfs, aiohttp or Azure have it, or a response as botocore has it."""

    def __init__(self, text="", **attributes):
        super().__init__(text)
        vars(self).update(attributes)


def of_botocore(status, code):
    return AnswerError(code, response={"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": code}})


PASSING = [
    ConnectionResetError(104, "reset"),
    TimeoutError("late"),
    type("ClientPayloadError", (Exception,), {})("cut"),
    type("ReadTimeoutError", (type("HTTPClientError", (Exception,), {}),), {})("late"),
    *(AnswerError("busy", status=status) for status in (408, 429, 500, 502, 503, 504)),
    AnswerError("busy", code="503"),
    AnswerError("Invalid Content-Range start", code=400),
    of_botocore(503, "SlowDown"),
    of_botocore(400, "RequestTimeout"),
]
LASTING = [
    (FileNotFoundError("bucket/key"), StoreUnavailableError, "no such bucket"),
    (OSError("Forbidden: b/bucket/o"), ReadOnlyStoreError, "not permitted"),
    (PermissionError("Access Denied"), ReadOnlyStoreError, "not permitted"),
    (AnswerError("who?", status_code=401), StoreUnavailableError, "not permitted"),
    (type("NoCredentialsError", (Exception,), {})("none"), StoreUnavailableError, "not permitted"),
    (ValueError("Must provide account_name with credentials"), StoreUnavailableError, "not permitted"),
    (of_botocore(404, "NoSuchBucket"), StoreUnavailableError, "no such bucket"),
    (AnswerError("full", status=507), NoSpaceError, "full"),
    (OSError(28, "full"), NoSpaceError, "ENOSPC"),
    (ValueError("odd"), StoreError, "ValueError: odd"),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_an_error_that_may_pass_is_asked_again_and_then_a_store_that_does_not_answer(error):
    assert is_passing(error)
    word = refusal_of(error, "write", "s3://bucket/key", "log in")
    assert (StoreUnavailableError, True) == (type(word), "does not answer" in word.message)


@pytest.mark.parametrize(("error", "kind", "words"), LASTING, ids=repr)
def test_an_error_that_stays_is_not_asked_again_and_says_what_it_is(error, kind, words):
    assert not is_passing(error)
    word = refusal_of(error, "write", "s3://bucket/key", "log in")
    assert (kind, True) == (type(word), words in word.message)
    assert word.hint


def test_an_error_is_judged_by_what_it_came_from():
    error = OSError("it failed")
    error.__cause__ = of_botocore(503, "SlowDown")
    assert is_passing(error)
    assert not is_passing(OSError("it failed"))
