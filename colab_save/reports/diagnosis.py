"""The report of `doctor`: what was found out about the machine, a line for each subject, to paste into a bug report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from colab_save.hints import literal
from colab_save.reports.card import Card, Shown
from colab_save.types import Html, Json

TITLE = "Diagnosis of colab_save"
SUMMARY = (
    "Paste it into a bug report. Your name, your home folder, addresses, passwords and tokens are hidden where they "
    "were recognised; read it before you post it."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one subject.

    Attributes:
        text: In words, without references.
        fields: The same for programs.
    """

    text: str
    fields: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnosis(Shown):
    """What was found out about the machine, without what a bug report must not have.

    Attributes:
        findings: By subject, such as ``default store``.
    """

    findings: Mapping[str, Finding]

    def card(self) -> Card:
        """Return a card with a line for each subject."""
        return Card(TITLE, SUMMARY, facts={name: literal(each.text) for name, each in self.findings.items()})

    def to_json(self) -> dict[str, Json]:
        """Return the fields of each subject, and its text."""
        findings = self.findings.items()
        return {name.replace(" ", "_"): {"text": each.text, **each.fields} for name, each in findings}

    def _repr_html_(self) -> Html:
        """Return the lines as one text, which a click selects: the columns of a card are pasted in pieces."""
        lines = "\n".join(f"{name}: {each.text}" for name, each in self.findings.items())
        return replace(self.card(), facts={}, line=("a click selects it", literal(lines))).to_html()
