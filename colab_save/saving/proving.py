"""Have a fresh process prove what is staged: a round trip for each payload, and one for a collection.

`attempts` calls `prove` for each stage. If the process lacks a name from the notebook, it is added to the staged code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from colab_save.artifact.collection import COLLECTION, load_order, write_collection
from colab_save.artifact.layout import CUSTOM_CODE
from colab_save.artifact.round_trip import NOT_VERIFIED, Aspect, Outcome, RoundTrip, Verdict, skipped
from colab_save.custom_code.growing import Supply
from colab_save.errors import UnbuiltModelError
from colab_save.formats.base import Format
from colab_save.fresh_process.process import Verifier
from colab_save.hints import literal
from colab_save.progress import Clock, Stage
from colab_save.proof.verify import Trial, verify, verify_collection
from colab_save.quoting import cut_lines
from colab_save.saving.assets import Assets
from colab_save.saving.examining import Examined, Subject
from colab_save.saving.plan import ProofRules
from colab_save.saving.staging import Staged

MOST_LACKING = 4
"""Most lines about what the custom code lacks."""


def prove(
    staged: Staged, examined: Examined, rules: ProofRules, verifier: Verifier, clock: Clock
) -> tuple[RoundTrip, ...]:
    """Make the round trips of all that is staged, and compare with what was examined.

    Args:
        staged: What to prove; names that the fresh process lacks are added to its custom code.
        examined: What is expected.
        rules: How strictly to prove it; without verification every round trip is skipped.
        verifier: The fresh process, open.
        clock: Reports the progress.
    """
    verifier.renew()
    proving = _Proving(staged, examined, rules, verifier, clock)
    subjects, collection = examined.subjects, examined.collection
    order = load_order(collection.shared if collection else (), [subject.name for subject in subjects])
    made = {
        subject.name: [proving.of_payload(subject, plug) for plug in staged.formats]
        for subject in sorted(subjects, key=lambda subject: order.index(subject.name))
    }
    trips = tuple(trip for subject in subjects for trip in made[subject.name])
    is_possible = all(trip.outcome is not Outcome.FAILED or trip.is_compared for trip in trips)
    return trips + proving.of_collection(is_possible=is_possible)


@dataclass(frozen=True, slots=True)
class _Proving:
    """The round trips of one stage."""

    staged: Staged
    examined: Examined
    rules: ProofRules
    verifier: Verifier
    clock: Clock

    def of_payload(self, subject: Subject, plug: Format) -> RoundTrip:
        if not self.rules.is_verified:
            return replace(skipped(plug.name, NOT_VERIFIED), part=subject.name)
        stage, custom = self.staged.folder / subject.name, self.examined.custom
        assets = Assets(self.staged.folder, stage / plug.payload, plug, custom, is_placed=not self.staged.is_plain)
        collection = self.examined.collection
        trial = Trial(
            plug,
            stage,
            subject.model,
            subject.facts,
            self.staged.samples[subject.name],
            self.rules.timeout,
            subject.step,
            is_part=bool(subject.name),
            shared=tuple(each for each in collection.shared if each.part == subject.name) if collection else (),
        )
        with self.clock.at(Stage.VERIFY, f"{subject.name} {plug.name}".strip()):
            trip = self._with_assets(trial, assets)
        return replace(_explained(trip, subject, custom, assets.reasons()), part=subject.name)

    def _with_assets(self, trial: Trial, assets: Assets) -> RoundTrip:
        """Make a round trip, again as long as the fresh process was refused files that can be saved with the model."""
        while True:
            trial = replace(trial, named=assets.named(), is_safe=assets.is_safe, assets=assets.staged)
            trip = verify(self.verifier, trial, self.clock.beat, self._supply)
            if trip.outcome is not Outcome.FAILED or not assets.supply(self.verifier.refused):
                return trip

    def of_collection(self, *, is_possible: bool) -> tuple[RoundTrip, ...]:
        """Prove a collection if all of its parts could be reloaded; a single model has none."""
        collection, folder, timeout = self.examined.collection, self.staged.folder, self.rules.timeout
        if collection is None:
            return ()
        if not (self.rules.is_verified and is_possible):
            return (skipped(COLLECTION, "a part could not be reloaded" if self.rules.is_verified else NOT_VERIFIED),)
        with self.clock.at(Stage.VERIFY, COLLECTION):
            trip = verify_collection(self.verifier, folder, collection, timeout, self.clock.beat, self._supply)
            if Aspect.STRUCTURE not in trip.failed:
                return (trip,)
            plain = self.examined.with_dicts(
                f"could not be made again ({trip.failed[Aspect.STRUCTURE][0].rstrip('.')})"
            )
            if plain is None:
                return (trip,)
            write_collection(folder, plain)
            return (verify_collection(self.verifier, folder, plain, timeout, self.clock.beat, self._supply),)

    def _supply(self, name: str) -> bool:
        """Add a name that the fresh process lacked to the staged code; return whether the code has grown."""
        is_more = self.examined.custom.add(name)
        if is_more:
            self.examined.custom.write(self.staged.folder)
        return is_more


def _explained(trip: RoundTrip, subject: Subject, custom: Supply, files: Sequence[str]) -> RoundTrip:
    """Add to each failed verdict, before all that follows from it, the files and what the custom code lacks.

    Skipped outputs get the reason why there is no sample.
    """
    trip = replace(trip, verdicts={**trip.verdicts, **_skipped(trip, subject), **_not_whole(trip, subject, custom)})
    why = cut_lines([*files, *subject.configs.losses, *custom.reasons], MOST_LACKING)
    verdicts = {
        aspect: replace(verdict, reason="\n".join([*why, verdict.reason]))
        if verdict.outcome is Outcome.FAILED
        else verdict
        for aspect, verdict in trip.verdicts.items()
    }
    return replace(trip, verdicts=verdicts)


def _not_whole(trip: RoundTrip, subject: Subject, custom: Supply) -> dict[Aspect, Verdict]:
    """Return the verdict on code that came back, and that lacks names or attributes: perhaps it needs them later."""
    missing = [
        *(f"{CUSTOM_CODE} is not whole: {each}" for each in custom.code.missing),
        *subject.configs.lost_attributes,
    ]
    code = trip.verdicts.get(Aspect.CODE)  # a program that did not open has no verdict on it
    if not missing or code is None or code.outcome is not Outcome.PASSED:
        return {}
    return {Aspect.CODE: Verdict(Outcome.SKIPPED, "; ".join(missing), len(missing))}


def _skipped(trip: RoundTrip, subject: Subject) -> dict[Aspect, Verdict]:
    """Return the verdicts on what there was no sample for, and on the weights of a model that has none yet."""
    missing = subject.sample.missing
    if missing is None or trip.verdicts[Aspect.OUTPUTS].outcome is not Outcome.SKIPPED:
        return {}
    parts = ", ".join(each.name for each in subject.sample.passes if not each.is_random)
    compared = f" Of its parts, {literal(parts)} gave equal answers." if parts else ""
    reason = " ".join(missing.references)
    verdicts = {Aspect.OUTPUTS: Verdict(Outcome.SKIPPED, reason + compared)}
    if isinstance(missing, UnbuiltModelError) and not subject.facts.variables:
        verdicts[Aspect.WEIGHTS] = Verdict(Outcome.SKIPPED, reason)
    return verdicts
