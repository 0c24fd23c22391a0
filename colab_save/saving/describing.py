"""Describe a save: the examined models and their round trips come in, a `Manifest` goes out.

The pipeline calls `describe`, which writes nothing; `sealing` adds the files and the signature.
"""

from __future__ import annotations

from datetime import UTC, datetime

from colab_save.artifact.environment import environment
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.libraries import read_libraries
from colab_save.artifact.manifest import Manifest, Part, Payload
from colab_save.artifact.version import new_version
from colab_save.dialect import KERAS, dialect_of
from colab_save.model.history import metrics_of
from colab_save.protobuf import GRAPH
from colab_save.saving.deciding import Decision
from colab_save.saving.examining import Examined
from colab_save.saving.plan import Plan
from colab_save.saving.staging import Staged


def describe(plan: Plan, examined: Examined, decision: Decision, staged: Staged) -> Manifest:
    """Return the manifest of what was staged and proven, with a new version and no files yet."""
    now, samples, subjects = datetime.now(UTC), staged.samples, examined.subjects
    published = {(trip.part, trip.format) for trip in decision.trips}
    parts = tuple(Part(subject.name, subject.facts, samples[subject.name]) for subject in subjects)
    collection = examined.collection
    whole = Part("", ModelFacts("several", collection.class_name)) if collection else parts[0]
    made_of = next(filter(None, (dialect_of(subject.model) for subject in subjects)), KERAS)
    return Manifest(
        name=plan.destination.name,
        version=new_version(now, plan.destination.newest(staged.formats[0].name)),
        created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        payloads=tuple(
            Payload(plug.name, f"{part.name}/{plug.payload}".lstrip("/"))
            for part in parts
            for plug in staged.formats
            if (part.name, plug.name) in published
        ),
        files=(),
        facts=whole.facts,
        round_trips=decision.trips,
        is_partial=decision.is_partial,
        given_up=decision.given_up,
        rests_on=decision.attempts[0].rests_on,
        environment=environment(made_of),
        requirements={**examined.custom.code.requirements, **_libraries(staged)},
        sample=whole.sample,
        parts=parts if collection else (),
        is_export=plan.choice.is_export,
        assets={spelled: path for spelled, path in examined.custom.assets.items() if (staged.folder / path).exists()},
        metrics=metrics_of(plan.division.models, plan.label.metrics),
        tags=plan.label.tags,
        note=plan.label.note,
    )


def _libraries(staged: Staged) -> dict[str, str]:
    """Return the distributions that the staged graphs need, with their versions."""
    libraries = (library for graph in staged.folder.rglob(GRAPH) for library in read_libraries(graph.parent))
    return {library.distribution: library.version for library in libraries if library.distribution}
