"""Ask what a bug report needs to know: `doctor` is an action of every frontend.

Each probe is asked in a thread of its own, for some seconds, and its failure becomes its line: the report is about what
is broken. TensorFlow and Keras are not imported, nothing is mounted, and nothing is written to a store.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import MappingProxyType

from colab_save.deadline import within
from colab_save.diagnosing import machine, packages, places, session
from colab_save.diagnosing.redacting import Secrets
from colab_save.hints import render
from colab_save.reports.diagnosis import Diagnosis, Finding
from colab_save.types import Json
from colab_save.wording import first_line

PATIENCE = 5.0
"""Seconds that a probe may take: a mount that has died can hang for ever. All are asked at once."""

Probe = Callable[[], Finding]

PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "colab_save": packages.colab_save,
        "python": machine.python,
        "packages": packages.packages,
        "environment": machine.environment,
        "system": machine.system,
        "accelerator": machine.accelerator,
        "memory": machine.memory,
        "disk": machine.disk,
        "working folder": machine.working_folder,
        "variables": machine.variables,
        "settings": session.settings,
        "drive": places.drive,
        "default store": places.default_store,
        "signing key": places.signing_key,
        "cache": places.cached,
        "local copies": places.copies,
        "fresh process": session.fresh_process,
    }
)
"""The probe of each subject, in the order of the report."""


def doctor() -> Diagnosis:
    """Return what a bug report needs: versions, the environment, settings, Drive, the store, keys, the cache and more.

    Your name, your home folder, addresses, passwords and tokens are hidden where they are recognised. TensorFlow and
    Keras are not imported, nothing is mounted, and nothing is written to a store. What cannot be found out says why.
    """
    return diagnose(PROBES)


def diagnose(probes: Mapping[str, Probe], patience: float = PATIENCE) -> Diagnosis:
    """Ask all probes at once, and return their findings without secrets.

    Args:
        probes: By subject.
        patience: Seconds that each may take.
    """
    secrets = Secrets.of_this_user()
    asked = [partial(copy_context().run, probe) for probe in probes.values()]  # a thread has no language of its own
    with ThreadPoolExecutor(len(probes)) as pool:
        answers = list(pool.map(partial(_answer, patience), asked))
    findings = (_failed(answer, secrets) if isinstance(answer, Exception) else answer for answer in answers)
    return Diagnosis({name: _hidden(finding, secrets) for name, finding in zip(probes, findings, strict=True)})


def _answer(patience: float, probe: Probe) -> Finding | Exception:
    try:
        return within(patience, probe)
    except Exception as error:  # noqa: BLE001 - the report is about what is broken
        return error


def _failed(error: Exception, secrets: Secrets) -> Finding:
    if isinstance(error, OSError) and error.errno == errno.ETIMEDOUT:
        return Finding("no answer", {"error": "no answer"})
    reason = render(first_line(error, secrets.hide))  # before it is cut to a length, which could cut a secret
    return Finding(f"not known ({reason})", {"error": reason})


def _hidden(finding: Finding, secrets: Secrets) -> Finding:
    fields = {name: _json_without(value, secrets) for name, value in finding.fields.items()}
    return Finding(secrets.hide(" ".join(finding.text.split())), fields)


def _json_without(value: Json, secrets: Secrets) -> Json:
    if isinstance(value, Mapping):
        return {name: _json_without(item, secrets) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_without(item, secrets) for item in value]
    return secrets.hide(value) if isinstance(value, str) else value
