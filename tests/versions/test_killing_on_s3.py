"""The kill matrix on S3: SIGKILL at the requests that publishing makes, before or after the server has done them."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path

import pytest

from colab_save.stores.remote.remote import RemoteStore
from tests.killing import Children, row
from tests.making import V1, V2, V3
from tests.stores import servers
from tests.stores.faulty_proxy import Fault, FaultyProxy
from tests.versions.test_publishing import KINDS, check_lists_nothing_half, check_whole

pytest.importorskip("s3fs", reason="s3:// needs s3fs; on Colab's exact versions none can be installed (wrapt)")

pytestmark = pytest.mark.outside

STRIDE = 3
ARTIFACT, PLAIN_FILE, _ = KINDS


def save(kind, url, work):
    """Save the second version; the proxy reads from a file which process to kill."""
    Path(work, "pid").write_text(f"{os.getpid()}", "utf-8")
    KINDS[kind].save(RemoteStore(url), Path(work), V2)


class KillingProxy(FaultyProxy):
    """Kills the process that makes the request of a number; every second time the server still gets the request."""

    left = itertools.repeat(None)

    def arm(self, number, file):
        """Kill at the request of that number; ``None`` kills at none."""
        self.is_late, self.file = number is not None and number // STRIDE % 2, file
        self.left = itertools.repeat(None) if number is None else itertools.count(number, -1)

    def enter(self, method, path):
        fault = super().enter(method, path)
        if next(self.left) != 0:
            return fault
        os.kill(int(self.file.read_text("utf-8")), signal.SIGKILL)
        return fault if self.is_late else Fault("reset")


@pytest.fixture(scope="module")
def proxy():
    with servers.s3() as port:
        yield KillingProxy(port)


@pytest.fixture
def kill(proxy, tmp_path, monkeypatch):
    """Run a save that is killed in a child process, and return whether it was killed before it had ended."""
    for name, value in {**servers.AS_AWS, "AWS_ENDPOINT_URL": proxy.url}.items():
        monkeypatch.setenv(name, value)
    with Children("tests.versions.test_killing_on_s3", "save", "s3fs") as children:

        def kill(kind, number, url):
            proxy.arm(number, tmp_path / "pid")
            was_killed = children.was_killed(KINDS.index(kind), url, str(tmp_path))
            proxy.arm(None, None)
            return was_killed

        yield kill


@pytest.mark.parametrize("kind", [ARTIFACT, PLAIN_FILE], ids=["publish", "replace a file"])
def test_a_save_that_is_killed_at_any_request_costs_no_version(kill, kind, tmp_path, record_property):
    lost = {}
    for kills in itertools.count():
        store = RemoteStore(f"s3://{servers.BUCKET}/{type(kind).__name__}/{kills}")
        kind.save(store, tmp_path, V1)
        was_killed = kill(kind, kills * STRIDE, store.location)
        try:
            assert check_whole(kind, store) in ({V1, V2} if was_killed else {V2})
            check_lists_nothing_half(store)
            kind.save(store, tmp_path, V3)
            assert V3 == check_whole(kind, store)
        except AssertionError as error:
            lost[kills * STRIDE] = str(error)
        if not was_killed:
            break
    what = f"S3, {'replace a file' if kind.key else 'publish'}"
    record_property("table", row(what, kills, lost))
    assert {} == lost
    assert kills > 2
