"""The reports of a save and of a load: what was done, proven and not proven.

The pipelines `saving` and `loading` return them; the magics display them, the terminal prints them, the panel embeds
them. This module chooses and words the content; `card` renders it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.metrics import metrics_in_words
from colab_save.artifact.parts import each_part, payload_sizes
from colab_save.artifact.round_trip import Aspect, Outcome, OutputError, RoundTrip, skipped, worst_of
from colab_save.format_table import FORMATS
from colab_save.hints import literal, option, render
from colab_save.quantities import age_in_words, count_in_words, size_in_words
from colab_save.quoting import listed
from colab_save.reports.card import Card, Cell, Remark, Shown, Table
from colab_save.reports.drawing.picture import picture_of
from colab_save.reports.glance import glance_at
from colab_save.reports.json_fields import round_trip_fields, version_fields
from colab_save.reports.partial import lost_in_words, todo
from colab_save.store_table import STORES
from colab_save.stores.base import UploadState
from colab_save.types import Json, Model

SAVED = {
    Outcome.PASSED: "saved, and proven by a fresh process",
    Outcome.PARTIAL: "saved in part: not all of it comes back",
    Outcome.SKIPPED: "saved, not proven",
    Outcome.FAILED: "saved because you forced it, but the reloaded model differs",
}
"""The summary of a save, by its outcome."""

LOADED = {
    Outcome.PASSED: "loaded, and proven: equal to what was saved",
    Outcome.PARTIAL: "loaded, equal to what was saved in part",
    Outcome.SKIPPED: "loaded, not proven",
    Outcome.FAILED: "loaded, but it differs from what was saved",
}
"""The summary of a load, by its outcome."""


SKIPPED_ALONE = {
    frozenset({Aspect.OUTPUTS}): "answers not checked",
    frozenset({Aspect.CODE}): "some code could not be captured",
    frozenset({Aspect.OUTPUTS, Aspect.WEIGHTS}): "not built yet: no weights",
}
"""The words for what was skipped, where the rest was proven; weights are only where there are none."""


def summary_of(words: Mapping[Outcome, str], trips: Sequence[RoundTrip], outcome: Outcome | None = None) -> str:
    """Return what happened in a few words, which name what was skipped where the rest was proven.

    Args:
        words: `SAVED` or `LOADED`.
        trips: The round trips of all payloads.
        outcome: The outcome of the whole. Default: the worst of the round trips.
    """
    known = words[outcome or worst_of(trip.outcome for trip in trips)]
    return known.replace("not proven", SKIPPED_ALONE.get(_skipped_in(trips), "not proven"))


def _loaded_in_words(trips: Sequence[RoundTrip], outcome: Outcome) -> str:
    """Return what happened in a load; a PARTIAL version is called equal only where all that it has was compared."""
    if outcome is Outcome.PARTIAL and (missing := _skipped_in(trips)):
        return f"loaded, {SKIPPED_ALONE.get(missing, 'not compared')}; it was saved in part"
    return summary_of(LOADED, trips, outcome)


def _skipped_in(trips: Sequence[RoundTrip]) -> frozenset[Aspect]:
    verdicts = [(aspect, verdict.outcome) for trip in trips for aspect, verdict in trip.verdicts.items()]
    return frozenset(aspect for aspect, outcome in verdicts if outcome is Outcome.SKIPPED) - {Aspect.STEP}


NAMED = 4
"""Most pruned versions that are shown by name."""


@dataclass(frozen=True, slots=True)
class SaveReport(Shown):
    """The report of a save.

    Attributes:
        manifest: The manifest of the new version: name, version, payloads, files, round trips, facts, tags, note.
        where: The folder, file or URL that holds it.
        store: The kind of store, by its name in the table of stores (``local``, ``drive``, ``remote``).
        upload_state: How far it is uploaded, as far as the store can tell.
        load_line: The line that loads the model.
        attempts: Round trips of formats that ``auto`` tried and gave up, in order.
        notes: What the user should know, such as a suffix that was added, or what was not saved and why.
        pruned: The older versions that retention removed (``keep``, ``keep_best``).
        seconds: Seconds of each step, by its name.
        extras: The names of the extras saved with the model.
        advice: For a PARTIAL save, what to change so that next time all comes back; empty if that is not known.
    """

    manifest: Manifest = field(repr=False)
    where: str
    store: str
    upload_state: UploadState
    load_line: str
    attempts: tuple[RoundTrip, ...] = ()
    notes: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    advice: str = ""

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome of the round trips of the version; ``PARTIAL`` if not all of it comes back."""
        return self.manifest.outcome

    @property
    def duration(self) -> float:
        """Return the seconds of all steps together."""
        return sum(self.seconds.values())

    def card(self) -> Card:
        """Return a card with what was proven of each payload, where it is, and how to load it."""
        manifest = self.manifest
        trips, sizes = {trip.label: trip for trip in manifest.round_trips}, payload_sizes(manifest)
        shown = [trips.get(label) or skipped(label, "not verified") for label in sizes]
        aspects = aspects_of(shown)
        rows = tuple(_row(trip, sizes[trip.label], aspects) for trip in shown)
        remarks = [*remarks_on_all(self.attempts, "auto gave up {}:"), *remarks_on_all(shown), *remarks_on_lost(shown)]
        return Card(
            title=literal(f"{manifest.name}@{manifest.version}"),
            summary=summary_of(SAVED, shown, Outcome.PARTIAL if manifest.is_partial else None),
            outcome=self.outcome,
            facts=dict(self._facts()),
            table=Table(("payload", *aspects, "largest error", "size", "round trip"), rows),
            remarks=(*self._todo(), *remarks, *(Remark("note", note) for note in self.notes)),
            line=("load it", self.load_line),
            picture=picture_of(manifest),
        )

    def to_json(self) -> dict[str, Json]:
        """Return the version, where it is, and the results of its round trips."""
        return {
            **version_fields(self.manifest),
            "where": self.where,
            "store": self.store,
            "upload_state": str(self.upload_state),
            "round_trips": [round_trip_fields(trip) for trip in self.manifest.round_trips],
            "attempts": [round_trip_fields(trip) for trip in self.attempts],
            "advice": render(self.advice),
            "extras": list(self.extras),
            "pruned": list(self.pruned),
            "notes": list(map(render, self.notes)),
            "seconds": dict(self.seconds),
        }

    @property
    def todo(self) -> str:
        """Return for a PARTIAL save what to do with the loaded model, and what to change before the next save."""
        if not self.manifest.is_partial:
            return ""
        formats = dict.fromkeys(each.default.format for each in each_part(self.manifest).values())
        return "\n".join(filter(None, (todo(self.manifest, "+".join(formats)), self.advice)))

    def _todo(self) -> Iterator[Remark]:
        if self.todo:
            yield Remark("saved in part", self.todo, Outcome.PARTIAL)

    def _facts(self) -> Iterator[tuple[str, str]]:
        manifest = self.manifest
        yield "where", literal(self.where)
        confirmed = "confirmed" if self.upload_state.is_done else "not confirmed"
        states = STORES[self.store].states if self.store in STORES else {}
        yield "upload", states.get(self.upload_state, f"written to {self.store}; {confirmed}")
        yield "size", f"{size_in_words(manifest.size)} in {count_in_words(len(manifest.files), 'file')}"
        if self.extras:
            yield "extras", literal(", ".join(self.extras))
        if self.pruned:
            names = [*self.pruned[:NAMED], *([f"{len(self.pruned) - NAMED} more"] if self.pruned[NAMED:] else [])]
            yield "pruned", f"{count_in_words(len(self.pruned), 'older version')}: {', '.join(names)}"
        yield from _about(manifest, self.seconds)


@dataclass(frozen=True, slots=True)
class LoadReport(Shown):
    """The report of a load.

    Attributes:
        model: The loaded model: a Keras model, or an object that can be called; for a collection the dict, list or
            object that holds the models.
        target: The exact version (``cats@20260822T101530Z-3fa2``), or the path.
        where: The folder, file or URL that it came from.
        format: The format of the payload that was loaded.
        round_trip: The comparison with the manifest, made in this process. Aspects that could not be compared are
            ``SKIPPED`` with the reason (without a manifest there is nothing to compare with).
        manifest: The manifest, if there is one.
        round_trips: For a collection, the round trip of each part and of the whole; ``round_trip`` sums them up.
        notes: What the user should know.
        size: Bytes of the payloads that were loaded, and of a collection's own files.
        seconds: Seconds of each step, by its name.
        extras: The extras saved with the model, by name.
        variables: Those of them that were variables of the notebook.
        withheld: Why an extra did not come back, one sentence each.
        is_trusted: Whether it is the user's own or trusted, so that variables of the notebook may be set from it.
        passed_over: A message for each newer version that is not whole.
    """

    model: Model = field(repr=False)
    target: str
    where: str
    format: str
    round_trip: RoundTrip
    manifest: Manifest | None = field(default=None, repr=False)
    round_trips: tuple[RoundTrip, ...] = ()
    notes: tuple[str, ...] = ()
    size: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict, repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    withheld: tuple[str, ...] = ()
    is_trusted: bool = False
    passed_over: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the comparison; ``PARTIAL`` if not all of the version comes back."""
        return Outcome.PARTIAL if self.manifest and self.manifest.is_partial else self.round_trip.outcome

    @property
    def is_proven(self) -> bool:
        """Return whether every aspect that the format holds was compared and is equal to the saved model's."""
        return self.outcome is Outcome.PASSED

    def card(self) -> Card:
        """Return a card with what was compared, what differs, and what could not be compared and why."""
        trip, several = self.round_trip, self.round_trips[1:]
        sizes = payload_sizes(self.manifest) if self.manifest and several else {trip.label: self.size}
        shown = self.round_trips if several else (trip,)
        aspects = aspects_of(shown)
        notes = (Remark("note", note) for note in (*self.withheld, *self.notes))
        return Card(
            title=literal(self.target),
            summary=_loaded_in_words(shown, self.outcome),
            outcome=self.outcome,
            facts=dict(self._facts()),
            table=Table(
                ("payload", *aspects, "largest error", "size", "comparison"),
                tuple(_row(each, sizes.get(each.label, 0), aspects) for each in shown),
            ),
            remarks=(
                *remarks_on_newer(self.passed_over),
                *self._lost(),
                *remarks_on(trip),
                *remarks_on_lost(shown),
                *notes,
            ),
            picture=picture_of(self.manifest) if self.manifest else None,
        )

    def to_json(self) -> dict[str, Json]:
        """Return what was loaded, from where, and the results of the comparison; not the model itself."""
        return {
            "target": self.target,
            "where": self.where,
            "format": self.format,
            "outcome": str(self.outcome),
            "is_proven": self.is_proven,
            "version": version_fields(self.manifest) if self.manifest else None,
            "round_trips": [round_trip_fields(trip) for trip in self.round_trips or (self.round_trip,)],
            "extras": list(self.extras),
            "withheld": list(map(render, self.withheld)),
            "passed_over": list(map(render, self.passed_over)),
            "notes": list(map(render, self.notes)),
            "size": self.size,
            "seconds": dict(self.seconds),
        }

    @property
    def lost(self) -> str:
        """Return what of a PARTIAL version does not come back, and what to do about it; empty for any other."""
        if self.manifest is None or not self.manifest.is_partial:
            return ""
        return f"{lost_in_words(self.manifest)}\n{todo(self.manifest, self.format)}"

    def _lost(self) -> Iterator[Remark]:
        if self.lost:
            yield Remark("saved in part", self.lost, Outcome.PARTIAL)

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "where", literal(self.where)
        class_name = type(self.model).__name__
        if self.manifest is None:
            yield "model", class_name
            return
        if class_name != self.manifest.facts.class_name.rpartition(".")[2]:
            yield "loaded as", class_name
        yield "saved", age_in_words(self.manifest.created)
        if self.extras:
            yield "extras", literal(", ".join(self.extras))
        yield from _about(self.manifest, self.seconds)


def _about(manifest: Manifest, seconds: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    if manifest.is_export:
        purposes = " and ".join(FORMATS[name].purpose for name in manifest.formats if name in FORMATS)
        name, use = literal(manifest.name), purposes or "other programs"
        yield "export", f"for {use}; {name} alone means the newest version that is no export, if there is one"
    yield from ((label, literal(text)) for label, text in glance_at(manifest))
    if manifest.rests_on:
        version = literal(f"{manifest.name}@{manifest.rests_on}")
        yield "proof", f"rests on the full proof of {version}; {option('full')} repeats all of it"
    if manifest.metrics:
        yield "metrics", literal(metrics_in_words(manifest.metrics))
    if manifest.requirements:
        yield "needs", literal(", ".join(" ".join(pair) for pair in manifest.requirements.items()))
    if manifest.tags:
        yield "tags", literal(", ".join(manifest.tags))
    if manifest.note:
        yield "your note", literal(manifest.note)
    if seconds:
        steps = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        yield "time", f"{sum(seconds.values()):.1f} s ({steps})"


def aspects_of(trips: Sequence[RoundTrip]) -> tuple[Aspect, ...]:
    """Return the aspects that the models have: nothing is trained of one that is not compiled."""
    return tuple(aspect for aspect in Aspect if any(aspect in trip.verdicts for trip in trips))


def _row(trip: RoundTrip, size: int, aspects: Sequence[Aspect]) -> tuple[Cell, ...]:
    outcomes = (trip.verdicts[aspect].outcome if aspect in trip.verdicts else "" for aspect in aspects)
    seconds = f"{trip.seconds:.1f} s" if trip.seconds else ""
    return (literal(trip.label), *outcomes, _largest(trip.errors), size_in_words(size), seconds)


def _largest(errors: tuple[OutputError, ...]) -> str:
    """Return the largest absolute error and its output; NaN counts as the largest."""
    if not errors:
        return ""
    worst = max(errors, key=lambda error: (error.absolute != error.absolute, error.absolute))
    return f"{worst.absolute:.2g}" + (f" in {literal(worst.name)}" if len(errors) > 1 and worst.absolute != 0 else "")


MOST_LOST = 12
"""Most lost attributes that are shown by name."""


def remarks_on(trip: RoundTrip, about: str = "") -> Iterator[Remark]:
    """Return a remark on each aspect that has not passed; aspects with the same verdict share one."""
    verdicts = {aspect: trip.verdicts[aspect] for aspect in Aspect if aspect in trip.verdicts}
    for verdict in dict.fromkeys(verdicts.values()):
        aspects = ", ".join(aspect for aspect, other in verdicts.items() if other == verdict)
        is_all = verdict.differences <= 1 or "\n" in verdict.reason
        first = "" if is_all else f"{verdict.differences} places differ, first "
        if verdict.outcome is not Outcome.PASSED:
            yield Remark(f"{about} {aspects}".strip(), first + verdict.reason, verdict.outcome)


def remarks_on_all(trips: Sequence[RoundTrip], about: str = "{}") -> Iterator[Remark]:
    """Return the remarks on several payloads; payloads with the same remark share it.

    Args:
        trips: Their round trips.
        about: What goes before the aspects, with braces for the labels of the payloads.
    """
    found: dict[Remark, list[str]] = {}
    for trip in trips:
        for remark in remarks_on(trip):
            found.setdefault(remark, []).append(literal(trip.label))
    for remark, labels in found.items():
        yield replace(remark, about=f"{about.replace('{}', listed(labels))} {remark.about}")


def remarks_on_newer(passed_over: Sequence[str]) -> Iterator[Remark]:
    """Return a remark on each newer version that is not whole, so that an older one was loaded."""
    return (Remark("passed over", f"a newer version. {why}") for why in passed_over)


def remarks_on_lost(trips: Sequence[RoundTrip]) -> Iterator[Remark]:
    """Return remarks on the plain attributes of the model that did not come back, and how to save them."""
    for lost in dict.fromkeys(trip.lost for trip in trips if trip.lost):
        alike = [trip for trip in trips if trip.lost == lost]
        names = lost[:MOST_LOST]
        named = literal(", ".join(names)) + (f" and {len(lost) - MOST_LOST} more" if len(lost) > MOST_LOST else "")
        where = f"; {', '.join(literal(trip.label) for trip in alike)}" if len(trips) > 1 else ""
        hint = "" if alike[0].part else f" Save them with {option('extra', names)}."
        yield Remark("not saved", f"{named} (plain attributes of the model{where}).{hint}")
