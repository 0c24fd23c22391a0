"""The full proofs of this session, on which the proof of a later save of the same name may rest.

The pipeline remembers one for each version that PASSED; `leaning` asks for it. They are in the memory of this process
alone, so that the first save of a session always makes a full proof.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from colab_save.artifact.composites import Composite
from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.round_trip import RoundTrip
from colab_save.artifact.sample import Sample
from colab_save.custom_code.captured import CustomCode
from colab_save.formats.base import Format
from colab_save.model.walking import own_attributes
from colab_save.nested import leaves
from colab_save.saving.examining import Examined, Subject
from colab_save.saving.plan import Destination, Plan
from colab_save.taking import Taking
from colab_save.types import Array, Json

MOST = 64
"""The most names that are remembered."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What decides what a proof has to show, but for the values of variables.

    Two saves with equal ones have the same models, code, compile arguments and samples, in the same formats with the
    same options, and are compared within the same tolerances.

    Attributes:
        digest: That of all that can be written as text.
        options: The options of each format, which may hold functions.
    """

    digest: str
    options: tuple[Any, ...]

    @classmethod
    def of(cls, plan: Plan, examined: Examined, formats: tuple[Format, ...]) -> Likeness:
        """Return that of a save.

        Args:
            plan: The plan of the save.
            examined: What is saved, before the fresh process has lacked a name.
            formats: The formats to write.
        """
        subjects = [
            (each.name, _known_of(each.facts), list(_digests(each.sample)), list(_attributes(each)))
            for each in examined.subjects
        ]
        collection = examined.collection.class_name if examined.collection else ""
        code, rules = digest_of_code(examined.custom.code), plan.rules
        everything = [subjects, collection, code, [plug.name for plug in formats], rules.rtol, rules.atol]
        text = json.dumps(everything, sort_keys=True, default=repr)
        options = tuple(plan.choice.options[plug.name] for plug in formats)
        return cls(hashlib.sha256(text.encode()).hexdigest(), options)


@dataclass(frozen=True, slots=True)
class FullProof:
    """A version that PASSED, and of which everything was proven.

    Attributes:
        version: Its id.
        likeness: What it was the proof of.
        lacked: The names that the fresh process lacked, which were added to the code.
        code: The digest of the code with them, see `digest_of_code`.
        trips: Its round trips.
    """

    version: str
    likeness: Likeness
    lacked: tuple[str, ...]
    code: str
    trips: tuple[RoundTrip, ...]


class FullProofs:
    """The newest full proof of each name in each store."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], FullProof] = {}

    def find(self, destination: Destination) -> FullProof | None:
        """Return the newest full proof of a name; ``None`` if this session made none."""
        return self._known.get(_place(destination))

    def remember(self, destination: Destination, proof: FullProof) -> None:
        """Put a full proof in the place of an older one of that name."""
        self._known.pop(_place(destination), None)
        self._known[_place(destination)] = proof
        for oldest in list(self._known)[:-MOST]:
            del self._known[oldest]


FULL_PROOFS = FullProofs()
"""Those of this process."""


def digest_of_code(code: CustomCode) -> str:
    """Return the digest of the custom code, with the arrays that it uses."""
    arrays = [(name, *_digest(array)) for name, array in sorted(code.arrays.items())]
    return hashlib.sha256(json.dumps([code.source, arrays]).encode()).hexdigest()


def _known_of(facts: ModelFacts) -> Json:
    """Return the facts of a model without what training moves: digests, iterations and random states."""
    return replace(
        facts,
        variables=tuple(replace(each, digest="") for each in facts.variables),
        optimizer=tuple(replace(each, digest="") for each in facts.optimizer),
        iterations=None if facts.iterations is None else 0,
        states=dict.fromkeys(facts.states),
        generators=dict.fromkeys(facts.generators),
    ).to_json()


def _attributes(subject: Subject) -> Iterator[Any]:
    """Yield the plain attributes of each object of the user or a package: only a training pass may depend on one."""
    for item in subject.configs.items:
        held = Taking().fact("its attributes", partial(own_attributes, item), [])
        yield type(item).__name__, [(name, _value_of(value)) for name, value in held]


def _value_of(value: object) -> Json:
    """Return a plain value as text, an array by its digest, and anything else by its class, since it is compared."""
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        is_array = hasattr(value, "__array__") and not hasattr(value, "assign")
        return Taking().fact("its array", lambda: list(_digest(value)), []) if is_array else type(value).__name__


def _digests(sample: Sample) -> Iterator[Any]:
    """Yield what a sample is, and the digest of each input."""
    yield sample.is_random, sample.is_seeded, sample.missing is None
    for where, item in leaves(sample.inputs):
        arrays = item.arrays if isinstance(item, Composite) else {"": item}
        yield from ((where, key, *_digest(array)) for key, value in arrays.items() for _, array in leaves(value))


def _digest(array: Array) -> tuple[str, list[int], str]:
    import numpy as np

    plain = np.asarray(array)
    content = repr(plain.tolist()).encode() if plain.dtype == object else plain.tobytes()
    return str(plain.dtype), list(plain.shape), hashlib.sha256(content).hexdigest()


def _place(destination: Destination) -> tuple[str, str]:
    return destination.store.location, destination.key or destination.name
