"""The documentation is true: its blocks run, its tables name what the code has, its words are those of the glossary."""

from __future__ import annotations

import functools
import re
import textwrap
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

import colab_save
from colab_save import errors
from colab_save.artifact.facts import LayerFacts, ModelFacts, TensorFacts, VariableFacts
from colab_save.artifact.manifest import FileFacts, Manifest, Part, Payload, SampleFacts
from colab_save.artifact.round_trip import Aspect, OutputError, RoundTrip, Verdict
from colab_save.artifact.sample import Pass
from colab_save.format_table import format_names
from colab_save.formats.base import get_format
from colab_save.settings import SETTINGS
from tests.kernels import started
from tests.test_architecture import LEVELS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
FENCE = re.compile(
    r"(?:<!-- not run by the tests: (?P<reason>[^>]+?) -->\n+)?^```(?P<language>\w*)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
BLOCKS = {page: list(FENCE.finditer(text)) for page, text in PAGES.items()}
RUN = [page for page, blocks in BLOCKS.items() if any(b["language"] == "python" and not b["reason"] for b in blocks)]
RECORDS = [Manifest, FileFacts, Payload, SampleFacts, Pass, Part, ModelFacts, VariableFacts, TensorFacts, LayerFacts]
RECORDS += [RoundTrip, Verdict, OutputError]
SETUP = """
import keras, numpy
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
model.compile(optimizer="adam", loss="mse")
model.fit(numpy.ones((8, 4)), numpy.ones((8, 2)), verbose=0);
"""


@pytest.mark.parametrize("page", PAGES)
def test_a_block_runs_or_says_why_it_does_not(page):
    assert [] == [b["code"] for b in BLOCKS[page] if b["language"] not in {"python", "sh"} and not b["reason"]]


@pytest.mark.tensorflow
@pytest.mark.outside
@pytest.mark.parametrize("page", RUN)
def test_the_blocks_of_a_page_run_in_a_kernel(page, tmp_path):
    with started(tmp_path) as kernel:
        kernel.run(SETUP)
        for block in BLOCKS[page]:
            if block["language"] == "python" and not block["reason"]:
                cell = kernel.run(block["code"])
                assert cell.status == "ok", (block["code"], cell.text, cell.errors)


@functools.cache
def rows_of(page, heading):
    """The rows of the first table below a heading, as lists of cells."""
    below = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGES[page], re.MULTILINE | re.DOTALL)[1]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_artifact_format_has_each_field_of_a_record(record):
    told = {cells[0].strip("`"): "optional" in cells[1] for cells in rows_of("artifact-format.md", record.__name__)}
    written = [item for item in fields(record) if item.init]
    told |= {"schema": True} if record is Manifest else {}  # which has a default, and is always written and read
    known = {f.name: not (f.default is MISSING and f.default_factory is MISSING) for f in written}
    assert known == told


@pytest.mark.parametrize("name", format_names())
def test_the_table_of_formats_says_what_a_format_writes_and_holds(name):
    kind = get_format(name)
    holds = ", ".join(aspect for aspect in Aspect if aspect in kind.holds)
    assert f"| `{name}` | `{kind.payload}` | {holds} |" in PAGES["guide/formats.md"]


def test_the_page_on_settings_has_the_table_of_settings():
    records = SETTINGS.values()
    table = [[f"`{it.name}`", it.default_in_words, f"`{it.variable}`", it.help] for it in records]
    assert table == rows_of("guide/settings.md", "Settings")


GLOSSARY = rows_of("glossary.md", "Glossary")
REFUSED = [phrase for row in GLOSSARY for phrase in re.findall(r"`([^`]+)`", row[2])]


def test_each_term_of_the_glossary_says_what_it_means_and_where():
    places = {"messages", "options", "outcomes"}
    assert [] == [row for row in GLOSSARY if len(row) != 4 or not set(row[3].split(", ")) <= places]


def test_the_page_on_python_has_every_public_name():
    shown = set(re.findall(r"^::: (\S+)$", PAGES["api.md"], re.MULTILINE))
    assert {f"{getattr(colab_save, name).__module__}.{name}" for name in colab_save.__all__} == shown


def test_the_page_on_python_shows_the_tree_of_errors():
    tree = re.search(r"^    ColabSaveError\n(    .+\n)+", errors.__doc__, re.MULTILINE)[0]
    assert textwrap.dedent(tree) in PAGES["api.md"]


@pytest.mark.parametrize("page", ["extending.md"])
def test_a_page_that_shows_files_names_files_that_there_are(page):
    shown = re.findall(r'^--8<-- "([^"]+)"$', PAGES[page], re.MULTILINE)
    assert len(re.findall("--8", PAGES[page])) == len(shown) == 4
    assert [] == [path for path in shown if not (ROOT / path).is_file()]


CITED = re.compile(r"losses\.md §(\d)")


def test_every_section_of_the_losses_that_is_cited_exists():
    sections = set(re.findall(r"^## (\d)\.", PAGES["losses.md"], re.MULTILINE))
    texts = {path: path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))} | SOURCES
    assert sections >= {number for text in texts.values() for number in CITED.findall(text)}
    assert [] == [str(path) for path, text in texts.items() if re.search("LOS" + "SES §", text)]


def test_the_architecture_page_shows_the_levels_that_are_tested():
    shown = [{*re.findall(r"`(\w+)/?`", told)} for _, told in rows_of("architecture.md", "Architecture")]
    top, *levels = LEVELS.values()
    inside = {"drawing", "drive", "remote"}
    assert [{"__init__", "__main__"}, *levels] == [names - inside for names in shown]
    assert {"colab_save", "__main__"} == top


SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(ROOT.glob("colab_save/**/*.py"))
}
FRONT = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")}
TOLD = {("docs/artifact-format.md", "NOT_KEPT"), ("colab_save/artifact/schemas.py", "NOT_KEPT")}
"""Where the earliest manifests are told about, which say so."""


@pytest.mark.parametrize("phrase", REFUSED)
def test_a_refused_phrase_is_nowhere_in_code_and_documentation(phrase):
    whole = re.compile(rf"(?<![\w-]){re.escape(phrase)}(?![\w-])", re.IGNORECASE)
    texts = {f"docs/{page}": text for page, text in PAGES.items() if page != "glossary.md"} | FRONT | SOURCES
    assert [] == [name for name, text in texts.items() if (name, phrase) not in TOLD and whole.search(text)]
