"""The README's blocks run, in their order and in one folder; one that does not run says why in a comment before it.

    <!-- not run by the tests: the reason -->

Python blocks are cells of one notebook in which the reader's `model` is already trained; shell lines come after them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from colab_save.artifact.round_trip import Aspect
from colab_save.format_table import format_names
from colab_save.formats.base import get_format

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
FENCE = re.compile(
    r"(?:<!-- not run by the tests: (?P<reason>[^>]+?) -->\n+)?^```(?P<language>\w*)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)

NOTEBOOK = """
import json, sys
import keras, numpy
from IPython.core.interactiveshell import InteractiveShell

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
model.compile(optimizer="adam", loss="mse")
model.fit(numpy.ones((8, 4)), numpy.ones((8, 2)), verbose=0)

shell = InteractiveShell.instance()
shell.push({"model": model})
for cell in json.load(sys.stdin):
    result = shell.run_cell(cell)
    print("\\n#ran#", result.success, flush=True)
"""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and why it does not run, where it does not."""

    language: str
    code: str
    reason: str

    def __str__(self) -> str:
        return self.code.strip().splitlines()[0]


BLOCKS = [Block(found["language"], found["code"], found["reason"] or "") for found in FENCE.finditer(README)]
CELLS = [block for block in BLOCKS if block.language == "python" and not block.reason]
COMMANDS = [block for block in BLOCKS if block.language == "sh" and not block.reason]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def printed(folder):
    """What each cell of the README printed, and whether it ran, in one notebook from top to bottom."""
    done = run([sys.executable, "-c", NOTEBOOK], folder, json.dumps([block.code for block in CELLS]))
    assert done.returncode == 0, done.stderr
    return re.findall(r"(.*?)\n#ran# (True|False)\n", done.stdout, re.DOTALL)


def run(command, folder, text=None):
    """Run a process as in a reader's terminal: our commands are on the path; pip must find everything installed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PIP_NO_INDEX": "1"}
    shell = isinstance(command, str)
    return subprocess.run(
        command, input=text, shell=shell, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_runs_or_says_why_it_does_not(block):
    assert block.language in {"python", "sh"} or block.reason


def test_the_readme_opens_with_what_it_is_in_five_lines_and_a_picture():
    title, said, *_ = README.split("\n\n")
    assert title.startswith("# ")
    assert len(said.splitlines()) <= 5
    assert re.search(r"!\[[^\]]+\]\(\S+/notebooks/card\.png\)", README)


def test_the_readme_has_at_most_200_lines():
    assert len(README.splitlines()) <= 200


LINKS = sorted(set(re.findall(r"https://\S+/main/([^)\s]+)", README)))


@pytest.mark.parametrize("link", LINKS)
def test_what_the_readme_links_to_is_there(link):
    assert (Path(__file__).parents[1] / link).exists()


def test_every_link_is_absolute_since_the_package_index_shows_no_others():
    assert [] == re.findall(r"\]\((?!https://)[^)]*\)", README)


def test_every_reference_has_its_link():
    named = set(re.findall(r"(?<!!)\[([^\]]+)\](?![:(])", re.sub(r"`[^`\n]*`", "", FENCE.sub("", README))))
    assert set(re.findall(r"^\[([^\]]+)\]: https://", README, re.MULTILINE)) == named


@pytest.mark.parametrize("ending", ["colab-save demo", "python -m pytest -n 2 --dist loadfile"])
def test_one_command_does_all_the_set_up(ending):
    lines = [line for block in BLOCKS for line in block.code.splitlines() if line.startswith("python3 -m venv")]
    assert sum(line.endswith(ending) for line in lines) == 1


@pytest.mark.parametrize("name", format_names())
def test_the_table_of_formats_says_what_a_format_writes_and_keeps(name):
    kind = get_format(name)
    keeps = ", ".join(aspect for aspect in Aspect if aspect in kind.holds)
    assert f"| `{name}` | `{kind.payload}` | {keeps} |" in README


@pytest.mark.tensorflow
@pytest.mark.parametrize("number", range(len(CELLS)), ids=[str(cell) for cell in CELLS])
def test_a_cell_of_the_readme_runs(printed, number):
    text, ran = printed[number]
    assert ran == "True", text


@pytest.mark.tensorflow
@pytest.mark.parametrize("line", [line for block in COMMANDS for line in block.code.splitlines()])
def test_a_command_of_the_readme_runs(printed, folder, line):
    done = run(line, folder)
    assert done.returncode == 0, done.stdout + done.stderr
