"""Whether a fork of this process is as fresh as a new Python process that has imported Keras.

It is, as long as no backend has initialised its runtime: a runtime has threads and handles that a fork does not copy.
Threads alone are no criterion, since importing NumPy starts some. The warm parent asks after its imports; each answer
rests on a private name of a backend, so one that moved the name is not trusted. PyTorch says nothing of its threads on
the CPU (OpenMP): if they have been started, the fork that the parent makes as a probe hangs.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

MOVED = "this version of {} does not say whether its runtime has started"


def reason_against_forking() -> str:
    """Return why a fork would not be as fresh as a new process; empty if it would be."""
    for backend, package, name, is_started in (
        ("TensorFlow", "tensorflow", "tensorflow.python.eager.context", _has_context),
        ("JAX", "jax", "jax._src.xla_bridge", _has_backends),
        ("PyTorch", "torch", "torch.cuda", _has_cuda),
    ):
        if package in sys.modules:
            try:
                if is_started(sys.modules[name]):
                    return f"{backend} has started its runtime while it was imported"
            except (AttributeError, KeyError):
                return MOVED.format(backend)
    return ""


def _has_context(module: ModuleType) -> bool:
    """Return whether TensorFlow's eager context is initialised (``context_safe``, TensorFlow 2.18 to 2.21)."""
    context: Any = module.context_safe()
    return context is not None and bool(context._initialized)  # noqa: SLF001 (no public name)


def _has_backends(module: ModuleType) -> bool:
    """Return whether JAX has made a backend (``backends_are_initialized``, JAX 0.5 to 0.12)."""
    return bool(module.backends_are_initialized())


def _has_cuda(module: ModuleType) -> bool:
    """Return whether PyTorch has started CUDA (``is_initialized``, which is public)."""
    return bool(module.is_initialized())
