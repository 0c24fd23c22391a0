"""The first step of a save: turn a request into a plan, or refuse it before anything is written.

The pipeline calls `resolve` before anything is staged, and before the fresh process is started.
"""

from __future__ import annotations

import sys

from colab_save.collections.extras import find_extras
from colab_save.collections.splitting import divide
from colab_save.errors import RequestError
from colab_save.request.request import SaveRequest
from colab_save.sampling.notebook import running_notebook
from colab_save.saving.choosing import choose
from colab_save.saving.free_places import with_free_places
from colab_save.saving.plan import Destination, Label, Plan, ProofRules, Upload
from colab_save.saving.preparing import prepare
from colab_save.settings import check_settings, setting
from colab_save.target import Target, check_name, without_secrets
from colab_save.types import Model
from colab_save.versions.pruning import Retention


def resolve(request: SaveRequest) -> Plan:
    """Turn a request into a plan, or refuse it.

    Raises:
        RequestError: The object, the target, the formats, the options or the settings are not valid, or not together.
        MissingPackageError: A format needs a package that is not installed.
        StoreError: The store is not available, read-only or full; or the local disk is.
    """
    check_settings()
    name = request.target if request.target is not None else _default_name(request.model)
    target, to = Target.parse(name), request.to if request.to is not None else setting("to")
    division = divide(request.model)
    extras = find_extras(request.extra, division.models.get(""), vars(sys.modules["__main__"]))
    choice = choose(request, target, division)
    store, key = prepare(request.to, target, division, choice.attempts[0], extras.size)
    destination = Destination(
        store=store,
        name=key or target.name,
        key=key,
        source=without_secrets(to or ""),
        path=target.shown,
        packs_folders=store.packs_folders and not request.unpacked,
    )
    return Plan(
        division=division,
        extras=extras,
        sample=request.sample,
        choice=with_free_places(choice, destination),
        destination=destination,
        rules=ProofRules(
            is_verified=request.verify,
            is_forced=request.force,
            is_strict=request.strict,
            rtol=request.rtol,
            atol=request.atol,
            timeout=request.timeout,
            is_full=request.full,
        ),
        label=Label(tags=request.tags, note=request.note, metrics=request.metrics),
        retention=None if key else _retention(request),
        upload=Upload(wait=request.wait, flush=request.flush),
        notebook=running_notebook(),
    )


def _retention(request: SaveRequest) -> Retention | None:
    """Return which versions to keep: what the request says, else the settings; 0 in the settings says nothing."""
    keep = request.keep if request.keep is not None else setting("keep") or None
    return Retention.of(keep, request.keep_best)


def _default_name(model: Model) -> str:
    """Return the name of an artifact that the user has not named: its model's."""
    if isinstance(model, (dict, list, tuple)):
        raise RequestError(f"A {type(model).__name__} of models needs a name.", "Give one, such as gan.")
    name = str(getattr(model, "name", "") or type(model).__name__)
    check_name(name, name)
    return name
