"""The benchmarks by name; as a program, the fresh process in which `running` runs one of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.examining import examine_models
from tests.benchmarks.extension import load_extension
from tests.benchmarks.low_memory import save_with_low_memory
from tests.benchmarks.memory import save_models
from tests.benchmarks.panel import list_versions, show_panel
from tests.benchmarks.session import run_session
from tests.benchmarks.staging import stage_models

BENCHMARKS: dict[str, Callable[..., Iterator[tuple[str, float]]]] = {
    "extension": load_extension,
    "demo": partial(run_session, "demo"),
    "dense": partial(run_session, "dense"),
    "resnet50": partial(run_session, "resnet50"),
    "staging": stage_models,
    "examining": examine_models,
    "memory": save_models,
    "low_machine": partial(save_with_low_memory, "machine"),
    "low_container": partial(save_with_low_memory, "container"),
    "panel": show_panel,
    "listing": list_versions,
}
"""Each yields names of measures, without its own in front, and their values."""


def main(name: str, answer: str, *flags: str) -> None:
    """Run a benchmark in this process, and write its values to a file."""
    values = list(BENCHMARKS[name](is_small="--small" in flags))
    Path(answer).write_text(json.dumps(values))


if __name__ == "__main__":
    main(*sys.argv[1:])
