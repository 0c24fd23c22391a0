"""What ``--json`` tells of versions and round trips: few fields, whose names and meanings stay.

The reports put them into their `to_json`. Times are UTC in ISO 8601, sizes bytes; docs/guide/terminal.md lists all
fields.
"""

from __future__ import annotations

from typing import Any

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import RoundTrip
from colab_save.hints import render


def version_fields(manifest: Manifest) -> dict[str, Any]:
    """Return what a version is: what it is called, and what is known of it without a look into its files."""
    return {
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created,
        "outcome": str(manifest.outcome),
        "formats": list(manifest.formats),
        "size": manifest.size,
        "parameters": manifest.parameters,
        "tags": list(manifest.tags),
        "note": manifest.note,
        "metrics": dict(manifest.metrics),
    }


def round_trip_fields(trip: RoundTrip) -> dict[str, Any]:
    """Return what a round trip found: an outcome for each aspect with its reason, and the errors of each output."""
    return {
        "format": trip.format,
        "part": trip.part,
        "outcome": str(trip.outcome),
        "aspects": {
            str(aspect): {"outcome": str(verdict.outcome), "reason": render(verdict.reason)}
            for aspect, verdict in trip.verdicts.items()
        },
        "errors": [
            {"output": error.name, "absolute": error.absolute, "relative": error.relative} for error in trip.errors
        ],
        "seconds": trip.seconds,
    }
