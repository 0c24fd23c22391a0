"""When a fork is trusted: stand-ins for the backends say, by a private name, whether their runtime has started."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from colab_save.fresh_process.trust import reason_against_forking


def context(is_started):
    return SimpleNamespace(context_safe=lambda: SimpleNamespace(_initialized=is_started))


def bridge(is_started):
    return SimpleNamespace(backends_are_initialized=lambda: is_started)


def cuda(is_started):
    return SimpleNamespace(is_initialized=lambda: is_started)


BACKENDS = {
    "TensorFlow": ("tensorflow", "tensorflow.python.eager.context", context),
    "JAX": ("jax", "jax._src.xla_bridge", bridge),
    "PyTorch": ("torch", "torch.cuda", cuda),
}


@pytest.fixture(autouse=True)
def without_backends(monkeypatch):
    """No backend is loaded, whatever other tests have loaded."""
    for package, module, _ in BACKENDS.values():
        monkeypatch.delitem(sys.modules, package, raising=False)
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.fixture
def load(monkeypatch):
    """Load a stand-in for a backend, with a module that answers, or one that has no such name any more."""

    def put(backend, inside=None):
        package, module, _ = BACKENDS[backend]
        monkeypatch.setitem(sys.modules, package, SimpleNamespace())
        if inside is not None:
            monkeypatch.setitem(sys.modules, module, inside)

    return put


def test_a_process_without_a_backend_is_trusted():
    assert "" == reason_against_forking()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_has_only_been_imported_is_trusted(backend, load):
    load(backend, BACKENDS[backend][2](is_started=False))
    assert "" == reason_against_forking()


def test_a_tensorflow_that_has_no_context_yet_is_trusted(load):
    load("TensorFlow", SimpleNamespace(context_safe=lambda: None))
    assert "" == reason_against_forking()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_has_started_is_not_trusted(backend, load):
    load(backend, BACKENDS[backend][2](is_started=True))
    assert f"{backend} has started its runtime while it was imported" == reason_against_forking()


def test_one_that_has_started_beside_one_that_has_not_is_not_trusted(load):
    load("TensorFlow", context(is_started=False))
    load("JAX", bridge(is_started=True))
    assert "JAX has started its runtime while it was imported" == reason_against_forking()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_moved_the_name_is_not_trusted(backend, load):
    load(backend, SimpleNamespace())
    assert f"this version of {backend} does not say whether its runtime has started" == reason_against_forking()


def test_a_tensorflow_whose_context_moved_the_name_is_not_trusted(load):
    load("TensorFlow", SimpleNamespace(context_safe=SimpleNamespace))
    assert "this version of TensorFlow does not say whether its runtime has started" == reason_against_forking()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_moved_the_module_is_not_trusted(backend, load):
    load(backend)
    assert f"this version of {backend} does not say whether its runtime has started" == reason_against_forking()
