"""Measure, side by side with what Keras does, and print a table: ``python -m tests.benchmarks``, at the project's root.

Each benchmark runs in a fresh process of its own, as often as `--repeat` says, and all of them take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.benchmarks import BENCHMARKS
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.measures import MEASURES
from tests.benchmarks.page import write_figures
from tests.benchmarks.results import Result, Run
from tests.benchmarks.running import BenchmarkError, run


def main() -> int:
    """Measure, print the table, and return 0, or 1 if a benchmark failed."""
    options = parse()
    date, machine = datetime.now(UTC).date().isoformat(), describe_machine()
    values, failures = measure(options.only, options.repeat, is_small=options.small)
    results = [Result(measure, values[measure.name]) for measure in MEASURES if measure.name in values]
    done = Run(date, machine, results, options.small)
    print(done.to_markdown())
    if options.json:
        options.json.write_text(json.dumps(done.to_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    if options.docs and not failures:
        write_figures(done.to_markdown())
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if failures else 0


def measure(names: list[str], repeat: int, *, is_small: bool) -> tuple[dict[str, list[float]], list[BenchmarkError]]:
    """Run benchmarks in turns; return their values by measure, and the failures. One that failed is not repeated."""
    values, failures, left = defaultdict(list), [], list(names)
    for number in range(repeat):
        for name in list(left):
            print(f"{number + 1} of {repeat}: {name} …", file=sys.stderr, flush=True)
            try:
                for measured, value in run(name, is_small=is_small):
                    values[measured].append(value)
            except BenchmarkError as error:
                failures.append(error)
                left.remove(name)
    return values, failures


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description="Measure colab_save beside Keras.")
    names = list(BENCHMARKS)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="processes for each benchmark; default: 3")
    parser.add_argument("--small", action="store_true", help="small models, once: for correctness, not for figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value to this file")
    parser.add_argument("--docs", action="store_true", help="write the table to docs/performance.md")
    options = parser.parse_args()
    if options.docs and (options.small or options.only != names):
        parser.error("docs/performance.md shows every measure at its full size")
    options.repeat = 1 if options.small else options.repeat
    return options


if __name__ == "__main__":
    sys.exit(main())
