"""Examine the live models before anything is written: their facts, samples with outputs, and custom code.

The pipeline calls `examine_models` once; `staging` writes what it returns, and `proving` compares with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from colab_save.artifact.collection import Collection
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.sample import Sample, Step
from colab_save.collections.extras import SAVABLE, Extras
from colab_save.collections.splitting import Division, collection_of
from colab_save.custom_code.captured import lambdas_by_name
from colab_save.custom_code.custom_objects import find_custom_objects
from colab_save.custom_code.growing import Supply
from colab_save.dialect import dialect_of
from colab_save.errors import RequestError, RoundTripError
from colab_save.hints import literal, option
from colab_save.model.configs import Configs
from colab_save.model.examining import examine
from colab_save.model.state_file import adapted_paths, unwritten_paths
from colab_save.model.walking import walk_variables
from colab_save.sampling.constructions import construction_of
from colab_save.sampling.guarding import untouched
from colab_save.sampling.notebook import Notebook
from colab_save.sampling.sampling import samples_by_part, take_passes, take_sample
from colab_save.sampling.stepping import step_of
from colab_save.saving.plan import Plan
from colab_save.taking import Taking
from colab_save.types import Model


@dataclass(frozen=True, slots=True)
class Subject:
    """One examined model.

    Attributes:
        name: The name of the part; empty for a single model.
        model: The live model.
        facts: Its facts.
        sample: Its sample inputs and outputs, as far as there are any.
        configs: The configs of its custom objects.
        step: A training step of it; ``None`` where there is nothing to train, or nothing is verified.
        beside: The paths of the variables that are written beside its payloads, see `model.state_file`.
    """

    name: str
    model: Model
    facts: ModelFacts
    sample: Sample
    configs: Configs
    step: Step | None = None
    beside: tuple[str, ...] = ()

    def remaking(self, classes: frozenset[type]) -> Subject:
        """Return it with the classes whose objects are made from their attributes."""
        names = tuple(sorted(kind.__name__ for kind in classes))
        configs = replace(self.configs, remade=classes, lost={})
        return replace(self, facts=replace(self.facts, remade=names), configs=configs)


@dataclass(frozen=True, slots=True)
class Examined:
    """All that is saved, as it was before anything was written.

    Attributes:
        subjects: The models; a single one has the empty name.
        collection: The collection that they are parts of; ``None`` for a single model.
        custom: The custom code that a reload of them needs.
        division: What is saved.
    """

    subjects: tuple[Subject, ...]
    collection: Collection | None
    custom: Supply
    division: Division = field(default_factory=lambda: Division({}))

    def with_dicts(self, reason: str) -> Collection | None:
        """Return the collection with a dict in the place of each object of a class; ``None`` without such objects.

        Args:
            reason: Why, as the rest of a sentence about the class.
        """
        if self.collection is None or not self.collection.made:
            return None
        return collection_of(self.division.whole, dict.fromkeys(self.division.classes, reason))

    def remaking(self, chosen: Callable[[Configs], frozenset[type]]) -> Examined | None:
        """Return it with further classes whose objects are made from their attributes; ``None`` if there are none.

        Args:
            chosen: Returns these classes of the objects of one model.
        """
        classes = {id(subject): subject.configs.remade | chosen(subject.configs) for subject in self.subjects}
        if all(subject.configs.remade == classes[id(subject)] for subject in self.subjects):
            return None
        needed = [each for subject in self.subjects for each in subject.configs.needing(classes[id(subject)])]
        subjects = tuple(subject.remaking(classes[id(subject)]) for subject in self.subjects)
        return self._with_code(subjects, needed)

    def without_calls(self) -> Examined | None:
        """Return it with attributes in the place of each call that makes an object; ``None`` if there are none."""
        if not any(subject.configs.called for subject in self.subjects):
            return None
        subjects = tuple(replace(each, configs=each.configs.without_calls()) for each in self.subjects)
        return self._with_code(
            subjects, [needed for each in subjects for needed in each.configs.needing(each.configs.remade)]
        )

    def _with_code(self, subjects: tuple[Subject, ...], needed: Sequence[object]) -> Examined:
        remade = {kind for subject in subjects for kind in subject.configs.remade}
        called = frozenset(kind for subject in subjects for kind in subject.configs.called)
        return replace(self, subjects=subjects, custom=self.custom.remaking(needed, tuple(remade), called))

    @property
    def hint(self) -> str:
        """Return what to change where a config is not complete; empty if all are."""
        return "\n".join(dict.fromkeys(filter(None, (subject.configs.hint for subject in self.subjects))))


def custom_objects_of(division: Division) -> list[object]:
    """Return the classes and functions that a reload of what is saved needs."""
    return [*find_custom_objects(_of_keras(division)), *division.classes]


def _of_keras(division: Division) -> list[object]:
    return [*(model for model in division.models.values() if dialect_of(model)), *division.objects]


def _variables_of(division: Division) -> frozenset[int]:
    """Return the identities of the variables of the models."""
    keras_models = [model for model in division.models.values() if dialect_of(model)]
    found = (Taking().fact("weights", lambda: [*walk_variables(model)], []) for model in keras_models)  # noqa: B023 - called at once
    return frozenset(id(variable) for named in found for _, variable in named)


def examine_models(plan: Plan) -> Examined:
    """Examine the live models: make their samples, take their facts, and find their custom code."""
    plug, division = plan.choice.attempts[0][0], plan.division
    given = samples_by_part(plan.sample, division.models)
    samples = {
        name: take_sample(model, given.get(name), plug.run, plug.specs(model), plan.notebook)
        for name, model in division.models.items()
    }
    found = find_custom_objects(_of_keras(division))
    custom = Supply(found, _of_keras(division), saved=_variables_of(division))
    custom, collection = _with_classes(custom, division)
    custom = _with_extras(custom, plan.extras)
    subjects = tuple(
        _subject(name, model, samples[name], custom, plan.notebook) for name, model in division.models.items()
    )
    return Examined(subjects, collection, custom, division)


def _with_extras(custom: Supply, extras: Extras) -> Supply:
    """Add the classes of the values that the user named.

    Raises:
        RequestError: One cannot be captured.
    """
    for kind in extras.classes:
        more, reason = custom.including(kind)
        if reason:
            what = f"{option('extra')} has a value of the class {kind.__qualname__}, which cannot be captured"
            raise RequestError(f"{what} ({literal(reason)}).", f"Convert it to plain values. {SAVABLE}")
        custom = more
    return custom


def _with_classes(custom: Supply, division: Division) -> tuple[Supply, Collection | None]:
    """Add the classes of the objects that hold models; objects of one that cannot be captured come back as dicts."""
    refused: dict[type, str] = {}
    for kind in division.classes:
        more, reason = custom.including(kind)
        if reason:
            refused[kind] = f"cannot be captured ({reason})"
        else:
            custom = more
    return custom, collection_of(division.whole, refused) if refused else division.collection


def examine_fully(plan: Plan, examined: Examined) -> Examined:
    """Add what only a full proof needs: the other passes of each model, and a training step of it."""
    return replace(examined, subjects=tuple(_in_full(plan, subject) for subject in examined.subjects))


def _in_full(plan: Plan, subject: Subject) -> Subject:
    model, sample = subject.model, subject.sample
    is_stepping = dialect_of(model) and plan.rules.is_verified
    step = step_of(model, sample, plan.notebook) if is_stepping else None
    return replace(subject, sample=take_passes(model, sample, plan.notebook), step=step)


def _subject(name: str, model: Model, sample: Sample, custom: Supply, notebook: Notebook) -> Subject:
    configs = Configs.of(model, partial(construction_of, notebook=notebook))
    with untouched(model), lambdas_by_name(custom.code), configs.whole():
        facts = examine(model)
    beside = (*adapted_paths(model), *unwritten_paths(model)) if dialect_of(model) else ()
    return Subject(name, model, replace(facts, objects=configs.objects), sample, configs, beside=beside)


def check_unchanged(examined: Examined) -> None:
    """Refuse to judge a model that has been trained since it was examined, in a cell that runs beside the panel.

    Raises:
        RoundTripError: One has.
    """
    for subject in examined.subjects:
        with untouched(subject.model):
            now = examine(subject.model)
        if now.variables != subject.facts.variables or now.iterations != subject.facts.iterations:
            raise RoundTripError(
                f"The model changed while it was being saved{f' ({literal(subject.name)})' if subject.name else ''}: "
                "something trains it.",
                "Wait until the training has ended, and save again.",
            )
