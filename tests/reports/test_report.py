from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.facts import LayerFacts, ModelFacts, TensorFacts
from colab_save.artifact.manifest import FileFacts, Manifest, Payload
from colab_save.artifact.round_trip import (
    NOT_VERIFIED,
    Aspect,
    Outcome,
    OutputError,
    RoundTrip,
    Verdict,
    failed,
    skipped,
)
from colab_save.hints import action, option
from colab_save.quantities import age_in_words, size_in_words
from colab_save.quoting import visible
from colab_save.reports.listing import Listing
from colab_save.reports.partial import AFTERWARDS
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.stores.base import UploadState

VERSION = "20260822T101530Z-3fa2"
NOW = datetime(2026, 8, 22, 14, 0, tzinfo=UTC)
VOID = {"br", "hr", "img", "meta", "link", "input"}


class Page(HTMLParser):
    """Reads a card as a browser would: its elements, its attributes, and the text that is seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.tags, self.attributes, self.pieces, self.code = [], [], [], [], ""
        self.feed(html)
        self.close()
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.pieces.append(data)
        if self.open[-1:] == ["code"]:
            self.code += data


class Cats:
    """Stands for a loaded model; its repr must never be shown."""

    def __repr__(self) -> str:
        return "a model of many lines"


ERRORS = (OutputError("output", 1.2e-07, 1e-06),)


def trip(format="keras", verdicts=None, errors=ERRORS):
    return RoundTrip(format, dict.fromkeys(Aspect, Verdict(Outcome.PASSED)) | (verdicts or {}), errors, 2.13)


def manifest(*trips, **changed):
    trips = trips or (trip(),)
    payloads = tuple(Payload(item.format, f"model.{item.format}") for item in trips)
    files = [FileFacts(f"{item.path}/part", 1_200_000, "0" * 64) for item in payloads]
    known = {
        "name": "cats",
        "version": VERSION,
        "created": "2026-08-22T11:00:00+00:00",
        "payloads": payloads,
        "files": (*files, FileFacts("sample.npz", 4_000, "0" * 64)),
        "facts": ModelFacts("keras", "keras.src.models.sequential.Sequential"),
        "round_trips": trips,
    }
    return Manifest(**(known | changed))


def drawn(text):
    """Facts of a model of one layer, with a text in each place that is shown."""
    layers = (LayerFacts("", "Sequential"), LayerFacts("a", text, dtype=text))
    return ModelFacts("keras", "Sequential", layers=layers, inputs=(TensorFacts(text, (3,), "float32"),))


def saved(made=None, **changed):
    known = {
        "manifest": made or manifest(),
        "where": f"/content/drive/MyDrive/colab_save/cats/{VERSION}",
        "store": "drive",
        "upload_state": UploadState.UNKNOWN,
        "load_line": f"model = {action('load', 'cats')}",
        "seconds": {"stage": 0.4, "verify": 5.8},
    }
    return SaveReport(**(known | changed))


def loaded(found=None, **changed):
    known = {"model": Cats(), "target": f"cats@{VERSION}", "where": "./models", "format": "keras"}
    return LoadReport(**(known | {"round_trip": found or trip()} | changed))


def both(report):
    """Give what a reader sees of a report, in text and in HTML."""
    return str(report), Page(report._repr_html_()).text


ALL = ", ".join(Aspect)
WHY = "the file holds no optimizer"
NOT_HELD = trip("h5", {Aspect.TRAINING: Verdict(Outcome.NOT_HELD, WHY)})
FAILED = trip("keras", {Aspect.WEIGHTS: Verdict(Outcome.FAILED, "dense/kernel: expected 1, got 2", 3)})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (trip(), ["PASSED", "proven by a fresh process"]),
        (NOT_HELD, ["PASSED", "training NOT_HELD", WHY]),
        (
            FAILED,
            ["FAILED", "you forced it", "weights FAILED", "3 places differ, first dense/kernel: expected"],
        ),
        (skipped("keras", "--no-verify was given"), ["SKIPPED", "not proven", "--no-verify was given"]),
        (
            trip("keras", dict.fromkeys((Aspect.OUTPUTS, Aspect.STEP), Verdict(Outcome.SKIPPED, "it has no call()"))),
            ["SKIPPED", "saved, answers not checked", "outputs, step SKIPPED", "it has no call()"],
        ),
        (skipped("keras", f"{option('verify', value=False)} was given"), ["SKIPPED", "verify=False was given"]),
    ],
)
def test_a_save_says_its_outcome_and_why_in_text_and_in_html(found, words):
    text, seen = both(saved(manifest(found)))
    plain = re.sub("[✓✗∅○] ", "", seen)
    assert [] == [word for word in words if word not in text or word not in plain]


PART = manifest(FAILED, is_partial=True)
NO_SAMPLE = trip("keras", {Aspect.OUTPUTS: Verdict(Outcome.SKIPPED, "no sample was recorded")})
NO_SAMPLE_AND_LOST = replace(FAILED, verdicts={**FAILED.verdicts, Aspect.OUTPUTS: NO_SAMPLE.verdicts[Aspect.OUTPUTS]})


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (saved(PART), "saved in part"),
        (saved(manifest(trip("saved_model"), is_partial=True, given_up=(FAILED,))), "saved in part"),
        (loaded(FAILED, manifest=PART), "loaded, equal to what was saved in part"),
        (loaded(manifest=PART, format="saved_model"), "loaded, equal to what was saved in part"),
        (loaded(skipped("keras", NOT_VERIFIED), manifest=PART), "loaded, not compared; it was saved in part"),
        (loaded(NO_SAMPLE, manifest=PART), "loaded, answers not checked; it was saved in part"),
        (loaded(NO_SAMPLE_AND_LOST, manifest=PART), "loaded, answers not checked; it was saved in part"),
    ],
)
def test_what_is_saved_in_part_is_amber_and_never_passed(report, words):
    text, page = str(report), Page(report._repr_html_())
    assert text.startswith(f"PARTIAL  cats@{VERSION}: {words}")
    assert ("div", "class", "colab-save PARTIAL") in page.attributes
    assert "PARTIAL" == report.to_json()["outcome"]


def test_what_is_saved_in_part_says_what_to_do_and_what_to_change():
    text = str(saved(PART, advice="Return it from get_config()."))
    assert "Set the weights that differ before you train it.\n    Return it from get_config()." in text


@pytest.mark.parametrize("aspect", Aspect)
def test_whatever_aspect_failed_both_reports_say_what_to_do_with_the_loaded_model(aspect):
    lost = trip("keras", {aspect: Verdict(Outcome.FAILED, "why", 1)})
    made = manifest(lost, is_partial=True)
    assert [True, True] == [AFTERWARDS[aspect] in str(report) for report in (saved(made), loaded(lost, manifest=made))]


def test_a_load_of_a_part_says_what_another_payload_lost():
    report = loaded(trip("saved_model"), manifest=manifest(FAILED, trip("saved_model"), is_partial=True))
    text = str(replace(report, format="saved_model"))
    assert "keras: weights: dense/kernel: expected 1, got 2" in text
    assert (
        "saved_model answers as the live model did, but it cannot be trained. format=keras loads what came back" in text
    )


@pytest.mark.parametrize("words", ["1.2e-07", "1.2 MB", "2.1 s", "Sequential", f"colab_save/cats/{VERSION}", "5.8 s"])
def test_a_save_says_the_error_sizes_seconds_and_place(words):
    text, seen = both(saved())
    assert (True, True) == (words in text, words in seen)


def test_the_first_line_of_text_is_the_outcome_and_the_version():
    assert str(saved()).startswith(f"PASSED  cats@{VERSION}")


def test_each_payload_is_one_line_with_all_its_aspects():
    lines = str(saved(manifest(trip("keras"), NOT_HELD))).splitlines()
    rest = "largest error 1.2e-07, size 1.2 MB, round trip 2.1 s"
    assert [
        f"  keras: outputs PASSED, weights PASSED, training PASSED, step PASSED, structure PASSED, code PASSED, {rest}",
        f"  h5: outputs PASSED, weights PASSED, training NOT_HELD, step PASSED, structure PASSED, code PASSED, {rest}",
    ] == [line for line in lines if line.startswith(("  keras: ", "  h5: "))]


def test_aspects_that_share_a_verdict_share_a_line():
    assert 1 == str(saved(manifest(skipped("keras", "not asked for")))).count("not asked for")


def test_payloads_with_the_same_remark_share_it():
    trips = [replace(NOT_HELD, part=part) for part in "abcde"]
    lines = str(saved(attempts=tuple(trips))).splitlines()
    remark = f"  auto gave up a h5, b h5, c h5 and 2 more: training NOT_HELD: {WHY}"
    assert [remark] == [line for line in lines if WHY in line]


def test_several_reasons_are_told_each_on_its_line_and_counted_once():
    found = trip(verdicts={Aspect.WEIGHTS: Verdict(Outcome.FAILED, "a differs\nb differs\nand 2 more", 4)})
    assert "keras weights FAILED: a differs\n    b differs\n    and 2 more\n" in str(saved(manifest(found)))


def test_a_payload_without_a_round_trip_is_not_called_proven():
    report = saved(manifest(trip("keras"), payloads=(Payload("keras", "a"), Payload("h5", "b"))))
    assert "h5: outputs SKIPPED, weights SKIPPED, training SKIPPED" in str(report)


@pytest.mark.parametrize(
    ("store", "upload_state", "words"),
    [
        ("drive", UploadState.UNKNOWN, "written to the Drive mount; upload not confirmed"),
        ("drive", UploadState.WRITTEN, "written to the Drive mount; not uploaded yet"),
        ("drive", UploadState.UPLOADED, "uploaded to Drive"),
        ("drive", UploadState.FLUSHED, "flushed: uploaded to Drive, which is now unmounted"),
        ("drive", UploadState.MISSING, "written to the Drive mount, but missing or changed there now"),
        ("local", UploadState.DONE, "on this machine's disk"),
        ("tape", UploadState.UNKNOWN, "written to tape; not confirmed"),
    ],
)
def test_the_upload_state_never_says_more_than_the_store_knows(store, upload_state, words):
    assert f"upload: {words}" in str(saved(store=store, upload_state=upload_state))


def test_what_auto_gave_up_is_told_with_every_line_of_the_reason():
    report = saved(attempts=(failed("h5", "Keras said:\nno such layer", frozenset(Aspect)),))
    assert f"  auto gave up h5: {ALL} FAILED: Keras said:\n    no such layer\n" in str(report)


def test_a_long_reason_is_folded_behind_its_first_line():
    html = saved(attempts=(failed("h5", "Keras said:\nno such layer", frozenset(Aspect)),))._repr_html_()
    assert re.search(r'<summary>.*Keras said:</span></summary><div class="reason">no such layer</div></details>', html)


def test_the_line_to_paste_is_alone_in_a_code_element():
    assert "model = load cats" == Page(saved()._repr_html_()).code


def test_notes_tags_and_the_users_own_note_are_shown():
    text, seen = both(saved(manifest(tags=("best", "v1"), note="the one"), notes=("a suffix was added",)))
    words = ("best, v1", "the one", "a suffix was added")
    assert [] == [word for word in words if word not in text or word not in seen]


def test_the_worst_output_is_named_when_there_are_several():
    errors = (OutputError("output['a']", 1e-7, 0), OutputError("output['b']", float("nan"), 0), OutputError("c", 3, 0))
    assert "largest error nan in output['b']" in str(saved(manifest(trip(errors=errors))))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (trip(), "PASSED  cats@20260822T101530Z-3fa2: loaded, and proven"),
        (FAILED, "FAILED  cats@20260822T101530Z-3fa2: loaded, but it differs"),
        (skipped("h5", "it has no manifest"), "SKIPPED  cats@20260822T101530Z-3fa2: loaded, not proven"),
    ],
)
def test_a_load_says_whether_it_is_proven(found, words):
    assert str(loaded(found)).startswith(words)


def test_a_load_says_what_could_not_be_compared_and_why():
    assert "outputs, weights, training, step, structure, code SKIPPED: it has no manifest" in str(
        loaded(skipped("h5", "it has no manifest"))
    )


@pytest.mark.parametrize("show", [str, repr, lambda report: report._repr_html_()])
def test_a_model_is_never_shown_beyond_its_class(show):
    assert "many lines" not in show(loaded())


def test_a_load_names_the_models_class():
    assert "model: Cats" in str(loaded())


def test_the_repr_of_a_report_holds_no_facts():
    assert "ModelFacts" not in repr(saved()) + repr(loaded(manifest=manifest()))


def test_a_listing_of_a_pattern_that_matches_nothing_says_how_many_names_there_are():
    listing = Listing("./models", "local", (), pattern="dog*", others=2)
    assert "No name in ./models matches 'dog*'. There are 2 names; list shows all." == str(listing)
    assert "There is 1 name;" in str(replace(listing, others=1))


def test_an_empty_listing_says_how_to_begin():
    text, seen = both(Listing("./models", "local", ()))
    assert "No saved models in ./models. Save one with save." == text
    assert "No saved models in ./models Save one with save." == seen


HOSTILE = "{pip:x} {option:trust}"


@pytest.mark.parametrize(
    "report",
    [
        saved(manifest(note=HOSTILE, metrics={HOSTILE: 1.0})),
        saved(where=HOSTILE),
        saved(manifest(facts=drawn(HOSTILE))),
        saved(manifest(trip(errors=(OutputError(HOSTILE, 1, 1), OutputError("b", 0, 0))))),
        loaded(target=HOSTILE),
        loaded(replace(trip(), lost=(HOSTILE,))),
        Listing("./models", "local", (manifest(note=HOSTILE),)),
        Listing(HOSTILE, "local", ()),
    ],
)
def test_a_text_of_others_is_shown_as_it_is(report):
    text, seen = both(report)
    assert (True, True) == (HOSTILE in text, HOSTILE in seen)


def test_json_has_texts_of_others_as_they_are_and_references_rendered():
    document = saved(manifest(note=HOSTILE), notes=(f"Add {option('to')}.",)).to_json()
    assert (HOSTILE, ["Add to."]) == (document["note"], document["notes"])


def test_a_listing_has_a_line_for_each_version_under_its_columns():
    made = (manifest(tags=("best",), note="the\none"), manifest(name="a", created="2020-01-01"))
    listing = Listing("./models", "local", made)
    assert (
        "2 saved versions in ./models\n"
        "name  version                when        size    formats  outcome  tags  note\n"
        f"cats  {VERSION}  {age_in_words('2026-08-22T11:00:00+00:00')}  1.2 MB  keras    PASSED   best  the one\n"
        f"a     {VERSION}  2020-01-01  1.2 MB  keras    PASSED"
    ).split() == str(listing).split()


def listed(text):
    """The names in the rows of a listing."""
    return [line.split()[0] for line in text.splitlines()[2:] if VERSION[8:] in line]


def test_a_listing_has_the_versions_of_one_name_together():
    days = (("cats", 22), ("dogs", 21), ("cats", 20), ("ants", 23))
    made = tuple(manifest(name=name, version=f"202608{day}{VERSION[8:]}") for name, day in days)
    assert ["ants", "cats", "cats", "dogs"] == listed(str(Listing(".", "local", made)))


def many(count, **more):
    names = ["cats"] * (count - 6) + [f"dog_{number}" for number in range(6)]
    made = [manifest(name=name, version=f"20260822T{at:06}Z-3fa2") for at, name in enumerate(reversed(names))]
    return Listing(".", "local", tuple(reversed(made)), **more)


def test_a_long_listing_shows_the_newest_and_counts_the_others():
    text = str(many(30))
    assert ["cats"] * 20 == [line.split()[0] for line in text.splitlines()[2:22]]
    words = "10 older versions: 4 of cats, 1 of dog_0, 1 of dog_1, 1 of dog_2, 3 of 3 other names"
    assert (True, True) == ("30 saved versions in ." in text, words in text), text


def test_a_listing_that_a_pattern_narrows_shows_all():
    text = str(many(30, pattern="c*"))
    assert (32, False) == (len(text.splitlines()), "not shown" in text)


def test_a_listing_tells_what_was_measured_where_anything_was():
    measured = manifest(metrics={"loss": 0.5, "val_loss": 0.25})
    head, first, second = str(Listing(".", "local", (measured, manifest()))).splitlines()[1:]
    assert head.index("metrics") == first.index("val_loss 0.25, loss 0.5")
    assert second.endswith("PASSED")


def test_a_listing_tells_exports_from_models():
    phone = manifest(payloads=(Payload("litert", "model.tflite"),), is_export=True)
    head, first, second = str(Listing(".", "local", (phone, manifest()))).splitlines()[1:]
    assert (head.index("kind"), -1) == (first.index("export"), second.find("export"))


@pytest.mark.parametrize(
    ("formats", "words"),
    [
        (("litert",), "for mobile"),
        (("saved_model", "onnx"), "for serving and exchange"),
        (("gone",), "for other programs"),
    ],
)
def test_a_card_says_what_an_export_is_for(formats, words):
    payloads = tuple(Payload(name, name) for name in formats)
    exported = manifest(payloads=payloads, is_export=True)
    for report in (saved(exported), loaded(manifest=exported)):
        assert f"export: {words}; cats alone means the newest version that is no export" in str(report)
    assert "export:" not in str(saved(manifest()))


def test_a_report_names_a_few_of_what_was_pruned():
    versions = tuple(f"2026082{day}T101530Z-0001" for day in range(6))
    assert f"pruned: 6 older versions: {', '.join(versions[:4])}, 2 more" in str(saved(pruned=versions))


def test_a_report_tells_what_was_measured():
    for report in (saved(manifest(metrics={"loss": 0.5})), loaded(manifest=manifest(metrics={"loss": 0.5}))):
        assert "metrics: loss 0.5" in str(report)


@pytest.mark.parametrize("manifests", [(), (manifest(),)])
def test_a_listing_names_the_versions_that_cannot_be_read(manifests):
    text, seen = both(Listing(".", "local", manifests, ("The manifest cats/1 cannot be read.",)))
    assert (True, True) == (
        text.endswith("\n  damaged: The manifest cats/1 cannot be read."),
        seen.endswith("damaged The manifest cats/1 cannot be read."),
    )


def test_a_listing_shows_the_upload_state_of_each_version():
    known = {f"cats@{VERSION}": UploadState.UPLOADED, f"dogs@{VERSION}": UploadState.WRITTEN}
    listing = Listing("there", "drive", (manifest(), manifest(name="dogs")), upload_states=known)
    head, *rows = str(listing).splitlines()[1:]
    assert ["uploaded", "written"] == [row[head.index("upload") :].split()[0] for row in rows]


def test_a_listing_explains_a_version_that_has_lost_its_upload():
    text, seen = both(Listing("there", "drive", (manifest(),), upload_states={f"cats@{VERSION}": UploadState.MISSING}))
    words = f"cats@{VERSION}: a file is missing or incomplete"
    assert (True, True) == (words in text, words in seen)


@pytest.mark.parametrize("manifests", [(), (manifest(),)])
def test_a_listing_explains_unfinished_saves(manifests):
    text, seen = both(Listing(".", "local", manifests, unfinished=(f"cats/{VERSION}",)))
    for words in (f"unfinished: cats/{VERSION}: a save that is still running", "once it is a day old"):
        assert words in text
        assert words.replace("unfinished:", "unfinished") in seen


def test_the_columns_of_a_listing_stand_under_each_other():
    listing = Listing(".", "local", (manifest(), manifest(name="a much longer name")))
    assert 1 == len({line.index(VERSION) for line in str(listing).splitlines()[2:]})


def test_a_listing_gives_ages_from_the_moment_it_is_shown():
    assert "3 hours ago" in Page(Listing(".", "local", (manifest(),)).card(NOW).to_html()).text


def test_a_save_shows_the_model_at_a_glance_and_what_its_code_needs():
    report = saved(manifest(facts=drawn("Dense"), requirements={"einops": "0.8.1"}))
    words = ("model: Sequential, 1 layer, 0 parameters", "inputs: Dense: float32 [3]", "needs: einops 0.8.1")
    assert [] == [word for word in words if word not in str(report)]


def test_a_name_that_keras_made_up_is_not_shown():
    inputs = (TensorFacts("keras_tensor_7", (None, 3), "float32"),)
    report = saved(manifest(facts=ModelFacts("keras", "Sequential", inputs=inputs)))
    assert "  inputs: float32 [None, 3]\n" in str(report)


@pytest.mark.parametrize(
    "report", [saved(manifest(facts=drawn("Dense"))), loaded(manifest=manifest(facts=drawn("Dense")))]
)
def test_the_architecture_is_drawn_for_a_save_and_for_a_load(report):
    assert (
        "<title>Architecture of Sequential</title><desc>Dense: Input; a: Dense after Dense: Input</desc>"
        in report._repr_html_()
    )


LOST = RoundTrip("keras", {Aspect.WEIGHTS: Verdict(Outcome.PASSED)}, lost=("class_names", "threshold"))


@pytest.mark.parametrize("report", [saved(manifest(LOST)), loaded(LOST)])
def test_plain_attributes_that_did_not_come_back_are_named_with_the_option_that_saves_them(report):
    said = "(plain attributes of the model). Save them with extra=class_names,threshold."
    assert f"  not saved: class_names, threshold {said}" in str(report).splitlines()


@pytest.mark.parametrize("report", [saved(extras=("names",)), loaded(manifest=manifest(), extras={"names": ["cat"]})])
def test_extras_are_named_and_not_shown(report):
    assert ("  extras: names" in str(report).splitlines(), "cat'" in repr(report)) == (True, False)


def test_attributes_that_no_payload_brings_back_are_told_once():
    report = saved(manifest(LOST, replace(LOST, format="h5")))
    assert 1 == str(report).count("threshold (plain attributes of the model; keras, h5)")


def test_very_many_attributes_that_did_not_come_back_are_counted():
    names = tuple(f"name_{number}" for number in range(100))
    assert "name_11 and 88 more (plain" in str(saved(manifest(replace(LOST, lost=names))))


def test_a_load_says_when_what_comes_back_is_of_another_class():
    assert "loaded as: Cats" in str(loaded(manifest=manifest()))


REPORTS = {
    "save": lambda text: saved(
        manifest(
            trip("keras", {Aspect.WEIGHTS: Verdict(Outcome.FAILED, text)}),
            name=text,
            note=text,
            tags=(text,),
            facts=drawn(text),
            requirements={text: text},
        ),
        where=text,
        load_line=text,
        notes=(text,),
        attempts=(failed(text, text, frozenset(Aspect)),),
        seconds={text: 1.0},
    ),
    "load": lambda text: loaded(
        skipped(text, text), target=text, where=text, notes=(text,), manifest=manifest(note=text)
    ),
    "listing": lambda text: Listing(
        text, "local", (manifest(name=text, version=text, created=text, note=text),), (text,)
    ),
    "empty": lambda text: Listing(text, "local", ()),
}


@pytest.mark.parametrize("kind", REPORTS)
@given(text=st.text() | st.sampled_from(["<script>", '"><img src=x onerror=1>', "</code></style>", "&lt;", "a\nb<i>c"]))
def test_no_text_of_anyone_adds_an_element_or_an_attribute(kind, text):
    harmless = "a\nb" if "\n" in text.strip() else "a"
    page, plain = Page(REPORTS[kind](text)._repr_html_()), Page(REPORTS[kind](harmless)._repr_html_())
    names = {(tag, name) for tag, name, _ in plain.attributes}
    assert (set(), set()) == (set(page.tags) - set(plain.tags), {(t, n) for t, n, _ in page.attributes} - names)


@pytest.mark.parametrize("kind", REPORTS)
@given(text=st.text())
def test_no_text_of_anyone_reaches_the_terminal_as_a_control_character(kind, text):
    assert [] == [c for c in str(REPORTS[kind](text)) if not (c.isprintable() or c in "\n\u200d")]


@given(st.text())
def test_visible_text_can_always_be_written_as_utf_8(text):
    assert visible(text) == visible(text).encode().decode()


@pytest.mark.parametrize("kind", REPORTS)
def test_a_card_is_self_contained(kind):
    html = REPORTS[kind]("x")._repr_html_()
    assert [] == [word for word in ("http", "<script", "url(", "@import", "<link", "<img") if word in html]


@pytest.mark.parametrize("kind", REPORTS)
def test_a_card_is_closed_as_it_was_opened(kind):
    assert [] == Page(REPORTS[kind]("a\nb")._repr_html_()).open


@pytest.mark.parametrize("kind", REPORTS)
def test_a_card_adds_no_heading_to_the_notebooks_table_of_contents(kind):
    assert [] == [tag for tag in Page(REPORTS[kind]("x")._repr_html_()).tags if re.fullmatch(r"h\d", tag)]


def test_a_card_is_a_named_group_with_scoped_table_headers():
    attributes = Page(saved()._repr_html_()).attributes
    wanted = [("div", "role", "group"), ("div", "aria-label", f"cats@{VERSION}: PASSED"), ("th", "scope", "col")]
    assert [] == [item for item in (*wanted, ("th", "scope", "row")) if item not in attributes]


def test_every_rule_of_the_style_is_scoped_to_the_card():
    style = re.search(r"<style>(.*?)</style>", saved()._repr_html_(), re.DOTALL).group(1)
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"@container[^{]+\{", "", style))
    assert [] == [item for group in selectors for item in group.split(",") if ".colab-save" not in item]


def test_long_names_are_shown_whole():
    name = "very_" * 24
    text, seen = both(saved(manifest(name=name)))
    assert (True, True) == (name in text, name in seen)


def test_ipythons_terminal_shows_the_text():
    class Printer:
        shown = ""

        def text(self, obj):
            self.shown += obj

    printer = Printer()
    saved()._repr_pretty_(printer, cycle=False)
    assert str(saved()) == printer.shown


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_950, "1.0 MB"),
        (123_456_789, "123 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_decimal(size, words):
    assert words == size_in_words(size)


@pytest.mark.parametrize(
    ("created", "words"),
    [
        ("2026-08-22T13:59:30+00:00", "just now"),
        ("2026-08-22T13:59:00Z", "1 minute ago"),
        ("2026-08-22T13:00:00", "1 hour ago"),
        ("2026-08-20T13:00:00+00:00", "2 days ago"),
        ("2026-01-02T00:00:00+00:00", "2026-01-02"),
        ("2027-01-02T00:00:00+00:00", "2027-01-02"),
        ("someday", "someday"),
    ],
)
def test_ages_are_counted_from_now(created, words):
    assert words == age_in_words(created, NOW)
