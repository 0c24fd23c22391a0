"""The demo, as a user runs it, into object stores on real servers."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from tests.stores import servers

pytestmark = pytest.mark.tensorflow


def s3():
    with servers.s3() as port:
        yield {**servers.AS_AWS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}


def gs():
    with servers.gs() as port:
        yield {
            "FSSPEC_GS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "FSSPEC_GS_TOKEN": "anon",
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
        }


@pytest.mark.parametrize(
    ("serve", "url", "package"), [(s3, "s3://models/a/b", "s3fs"), (gs, "gs://models/a/b", "gcsfs")]
)
def test_the_demo_passes(serve, url, package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    for environment in serve():
        done = subprocess.run(
            [sys.executable, "-m", "colab_save", "demo", "--to", url],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert 6 == len(re.findall(r"(?:outputs|weights|training)\W+PASSED", done.stdout))
    assert f"{url}/digits" in done.stdout
    assert "secret-of-the-test" not in done.stdout + done.stderr
