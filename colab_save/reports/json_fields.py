"""The fields of versions and round trips in ``--json``, whose names and meanings stay the same.

Reports use them in their `to_json`. Times are UTC in ISO 8601, sizes are bytes; docs/guide/terminal.md lists all
fields.
"""

from __future__ import annotations

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.round_trip import RoundTrip
from colab_save.hints import render
from colab_save.types import Json


def version_fields(manifest: Manifest) -> dict[str, Json]:
    """Return the fields of a version, which are known from its manifest alone."""
    return {
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created,
        "outcome": str(manifest.outcome),
        "formats": list(manifest.formats),
        "is_export": manifest.is_export,
        "rests_on": manifest.rests_on,
        "size": manifest.size,
        "parameters": manifest.parameters,
        "tags": list(manifest.tags),
        "note": manifest.note,
        "metrics": dict(manifest.metrics),
    }


def round_trip_fields(trip: RoundTrip) -> dict[str, Json]:
    """Return the fields of a round trip: outcome and reason of each aspect, and the errors of each output."""
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
