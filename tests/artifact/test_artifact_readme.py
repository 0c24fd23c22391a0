"""The README of an artifact; the project's own is in test_readme.py."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from colab_save.artifact.manifest import FileFacts, Payload
from colab_save.artifact.readme import readme_of
from colab_save.artifact.round_trip import Aspect, Outcome, Verdict
from tests.making import V1, export, facts, manifest, passed, variable

OPENINGS = {"keras": 'import keras\nmodel = keras.saving.load_model("model.keras")', "h5": "import keras"}


def code_blocks(text):
    return [block.removeprefix("python\n") for block in text.split("```")[1::2]]


def test_it_names_the_class_and_the_number_of_parameters():
    text = readme_of(manifest(facts=facts(variables=(variable(shape=(1000, 30)),))), OPENINGS)
    assert "# cats\n" in text
    assert "A `Sequential` with 30,000 parameters" in text


def test_it_opens_every_payload_without_this_package_in_lines_that_are_python():
    both = manifest(payloads=(Payload("keras", "model.keras"), Payload("h5", "model.h5")))
    blocks = code_blocks(readme_of(both, OPENINGS))
    assert list(OPENINGS.values()) == [block.strip() for block in blocks]
    assert [] == [name for block in blocks for name in ast.dump(ast.parse(block)).split("'") if "colab_save" in name]


@pytest.mark.parametrize("path", ["state.npz", "encoder/state.npz"])
def test_it_names_what_keras_alone_leaves_out(path):
    with_state = manifest(files=(FileFacts("model.keras", 3, "0" * 64), FileFacts(path, 3, "1" * 64)))
    assert "Keras alone merges LoRA adapters" in readme_of(with_state, OPENINGS)
    assert "Keras alone" not in readme_of(manifest(), OPENINGS)


@pytest.mark.parametrize("name", ["cats", "my cats", "模型"])
def test_its_line_that_loads_the_model_can_be_typed_as_it_is(name):
    (line,) = (
        line
        for line in readme_of(manifest(name=name), OPENINGS).splitlines()
        if "load_model(" in line and "With" in line
    )
    call = ast.parse(line.partition("`")[2].partition("`")[0]).body[0].value
    assert ("colab_save.load_model", [name]) == (ast.unparse(call.func), [ast.literal_eval(item) for item in call.args])


def test_it_says_what_did_not_come_back():
    trip = replace(passed(), verdicts={Aspect.TRAINING: Verdict(Outcome.FAILED, "why")})
    text = readme_of(manifest(round_trips=(trip,), is_partial=True), OPENINGS)
    assert "Saved in part." in text
    assert "- keras: training" in text.splitlines()


@pytest.mark.parametrize("has_code", [True, False])
def test_it_mentions_custom_code_where_there_is_any(has_code):
    code = (FileFacts("custom_code.py", 1, "0" * 64),) if has_code else ()
    assert has_code is ("custom_code.py" in readme_of(manifest(files=manifest().files + code), OPENINGS))


@pytest.mark.parametrize(("format", "lines"), [("keras", 1), ("saved_model", 0)])
def test_it_has_the_lines_that_plain_keras_needs_for_a_class_that_takes_objects(format, lines):
    made_of = manifest(payloads=(Payload(format, "model"),), facts=facts(objects={"Pipeline": ("encoder", "decoder")}))
    blocks = code_blocks(readme_of(made_of, {format: "import keras"}))[1:]
    assert lines == len([ast.parse(block) for block in blocks])
    assert ['for key in ["encoder", "decoder"]' in block for block in blocks] == [True] * lines


@pytest.mark.parametrize("words", ["keras 3.13.2, python 3.12.0", "manifest.json", "a note"])
def test_it_names_the_versions_the_manifest_and_the_note(words):
    assert words in readme_of(manifest(), OPENINGS)


def test_the_line_of_an_export_names_its_version():
    text = readme_of(export(), {"litert": "import ai_edge_litert"})
    assert f"colab_save.load_model('cats@{V1}')" in text
