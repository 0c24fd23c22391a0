"""Draw sample cards as a reader would see them: one PNG for each card, theme and width.

    python tests/pictures.py OUT        all of them, into the folder OUT
    python tests/pictures.py            only the picture of the README, notebooks/card.png

Needs Playwright and a Chromium (`CHROMIUM`, default /usr/bin/chromium); no test needs either.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from colab_save.artifact.facts import LayerFacts, ModelFacts, TensorFacts, VariableFacts
from colab_save.artifact.manifest import FileFacts, Manifest, Payload
from colab_save.artifact.round_trip import Aspect, Outcome, OutputError, RoundTrip, Verdict, failed, skipped
from colab_save.frontends.languages import MAGIC
from colab_save.hints import action, speaking
from colab_save.reports.card import Card
from colab_save.reports.listing import Listing
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.saving.leaning import RESTS
from colab_save.stores.base import UploadState

VERSION = "20260822T101530Z-3fa2"
PASSED = {aspect: Verdict(Outcome.PASSED) for aspect in Aspect}
NOT_HELD = {Aspect.TRAINING: Verdict(Outcome.NOT_HELD, "h5 holds no compile arguments of a subclassed model")}
DIFFERS = {
    Aspect.OUTPUTS: Verdict(Outcome.FAILED, "output['score'][0, 3]: expected 0.8123, got 0.1034", 40),
    Aspect.WEIGHTS: Verdict(Outcome.FAILED, "decoder/dense/kernel: expected digest 3f1b0c, got digest 99d2e1", 2),
}
PROGRAM = {
    aspect: Verdict(Outcome.NOT_HELD, "the format saved_model cannot hold it")
    for aspect in (Aspect.TRAINING, Aspect.STEP, Aspect.STRUCTURE, Aspect.CODE)
}
EARLIER = "20260822T100102Z-9b01"
RESTING = {Aspect.STEP: Verdict(Outcome.SKIPPED, RESTS.format(f"cats@{EARLIER}"))}
TRACE = (
    "Could not deserialize class 'Attention2D' because its parent module cannot be imported.\n"
    "Full object config: {'module': None, 'class_name': 'Attention2D', 'config': {'name': 'attention2d', 'heads': 4}}\n"
    "Exception encountered: Unable to revive the layer from its config.\n"
    "Override get_config() so that it holds every argument of __init__."
)
TARGET = f"cats@{VERSION}"
WHERE = "/content/drive/MyDrive/colab_save/"
JUPYTER = """
.jp td, .jp th, .jp tr {text-align: right; vertical-align: middle; padding: .5em; white-space: normal; max-width: none}
.jp table {border: none; font-size: 12px; table-layout: fixed; margin: 0 auto 1em}
.jp thead {border-bottom: 1px solid red} .jp tbody tr:nth-child(odd) {background: #f0f} .jp th {font-weight: bold}
.jp pre, .jp code {background: #ff0; color: #000; font-size: 20px}
.jp dl dt {float: left; width: 20%; font-weight: bold}
"""
"""The kind of rules that front ends have for the HTML of outputs, louder, so that what leaks into a card is seen."""


LOST = ("class_names", "threshold")


def trip(format: str, changed: dict[Aspect, Verdict] | None = None, error: float = 5.9605e-08) -> RoundTrip:
    """Make a round trip that passed but for what is given."""
    return RoundTrip(format, {**PASSED, **(changed or {})}, (OutputError("output", error, error),), 1.87)


def weight(path: str, *shape: int) -> VariableFacts:
    """Make the facts of a weight."""
    return VariableFacts(path, shape, "float32", trainable=True, digest="0" * 64)


def small() -> ModelFacts:
    """Make the facts of a model of two layers."""
    layers = (
        LayerFacts("", "Sequential"),
        LayerFacts("flatten", "Flatten", shape=(None, 784)),
        LayerFacts("dense", "Dense", shape=(None, 10), inputs=("flatten",)),
    )
    variables = (weight("dense/kernel", 784, 10), weight("dense/bias", 10))
    inputs, outputs = TensorFacts("pixels", (None, 28, 28), "float32"), TensorFacts("digit", (None, 10), "float32")
    known = {"iterations": 600, "compiled": {"optimizer": {"class_name": "Adam"}}}
    return ModelFacts(
        "keras", "keras.Sequential", variables, layers=layers, inputs=(inputs,), outputs=(outputs,), **known
    )


def residual() -> ModelFacts:
    """Make the facts of a model with shortcuts, of which some blocks repeat."""
    layers = [LayerFacts("", "Functional"), LayerFacts("image", "InputLayer", shape=(None, 32, 32, 3))]
    for block in range(9):
        shape, first = (None, 32, 32, 64), layers[-1].path
        for name in ("Conv2D", "BatchNormalization", "Add"):
            inputs = (layers[-1].path, first) if name == "Add" else (layers[-1].path,)
            layers.append(
                LayerFacts(f"{name.lower()}_{block}", name, dtype="mixed_float16", shape=shape, inputs=inputs)
            )
    head = LayerFacts("score", "Dense", shape=(None, 10), inputs=(layers[-1].path,), trainable=False)
    variables = [weight(f"{layer.path}/kernel", 3, 3, 64, 64) for layer in layers if layer.class_name == "Conv2D"]
    return ModelFacts("keras", "keras.Functional", (*variables, weight("score/kernel", 64, 10)), layers=(*layers, head))


def manifest(*trips: RoundTrip, name: str = "cats", note: str = "", tags: tuple[str, ...] = ()) -> Manifest:
    """Make the manifest of an artifact with a payload for each round trip."""
    payloads = tuple(Payload(item.format, f"model.{item.format}") for item in trips)
    files = tuple(FileFacts(item.path, 1_234_567, "0" * 64) for item in payloads)
    facts = residual() if note else small()
    sample = FileFacts("sample.npz", 4_096, "0" * 64)
    created = "2026-08-22T10:15:30+00:00"
    needs = {"einops": "0.8.1"} if note else {}
    known = {"requirements": needs, "note": note, "tags": tags}
    return Manifest(name, VERSION, created, payloads, (*files, sample), facts, trips, **known)


def saved(made: Manifest, store: str = "drive", attempts: tuple[RoundTrip, ...] = (), *notes: str) -> SaveReport:
    """Make the report of a save."""
    seconds = {"resolve": 0.02, "stage": 0.41, "verify": 5.83, "publish": 0.37}
    where = f"{WHERE}{made.name}/{VERSION}"
    line = action("load", made.name, name="model")
    upload_state = UploadState.UNKNOWN if store == "drive" else UploadState.DONE
    return SaveReport(made, where, store, upload_state, line, attempts, notes, seconds=seconds)


def loaded(found: RoundTrip, made: Manifest | None = None, *notes: str) -> LoadReport:
    """Make the report of a load."""
    return LoadReport(
        object(), TARGET, WHERE + TARGET, found.format, found, made, notes=notes, size=1_234_567, seconds={"load": 1.2}
    )


def cards() -> dict[str, Card]:
    """Give every card that is worth a look, by a name for its picture."""
    h5 = trip("h5", NOT_HELD, 0.0)
    long = "the_" + "very_" * 18 + "long_name"
    note = "trained on the second fold, 40 epochs, with <b>augmentation</b> & mixed precision"
    gave_up = failed("keras", TRACE, frozenset(Aspect))
    partial = replace(manifest(trip("saved_model", PROGRAM)), is_partial=True, given_up=(gave_up,))
    listed = (
        manifest(trip("keras"), h5, note=note, tags=("best", "baseline")),
        manifest(trip("keras", DIFFERS), name="dogs"),
        manifest(skipped("saved_model", "not verified"), name=long),
    )
    now = datetime(2026, 8, 22, 14, 0, tzinfo=UTC)
    return {
        "passed": saved(manifest(trip("keras"))).card(),
        "several": saved(manifest(trip("keras"), trip("saved_model"), h5, tags=("best",), note=note), "local").card(),
        "forced": saved(manifest(trip("keras", DIFFERS, 0.71))).card(),
        "skipped": saved(manifest(skipped("keras", "--no-verify was given")), "local").card(),
        "partial": saved(partial, "local", (gave_up,), "The suffix .keras was added.").card(),
        "resting": saved(replace(manifest(trip("keras", RESTING)), rests_on=EARLIER)).card(),
        "long": saved(manifest(trip("keras"), name=long, note=note * 3)).card(),
        "loaded": loaded(h5, manifest(h5)).card(),
        "differs": loaded(trip("keras", DIFFERS, 0.71), manifest(trip("keras")), "Load it with Keras itself.").card(),
        "lost": replace(saved(manifest(replace(trip("keras"), lost=LOST)), "local"), extras=("vocabulary",)).card(),
        "foreign": loaded(skipped("h5", "a plain file has no manifest to compare with")).card(),
        "listing": Listing("./models", "local", listed).card(now),
        "empty": Listing("./models", "local", ()).card(),
    }


def draw(pages: dict[Path, tuple[str, int, str]], scale: float) -> None:
    """Draw pages of HTML: each file's content, width in pixels and colour scheme."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=flags)
        for file, (content, width, scheme) in pages.items():
            page = browser.new_page(
                viewport={"width": width, "height": 100}, color_scheme=scheme, device_scale_factor=scale
            )
            page.set_content(content)
            too_wide = page.evaluate("document.documentElement.scrollWidth") - width
            page.screenshot(path=file, full_page=True)
            page.close()
            print(file, f"{file.stat().st_size:,} bytes", f"{too_wide} px too wide" if too_wide > 0 else "")
        browser.close()


def main(out: str | None = None) -> None:
    """Draw what the command line asks for."""
    with speaking(MAGIC):
        draw_all(out)


def draw_all(out: str | None) -> None:
    """Draw the picture of the README, or all cards in a folder."""
    if out is None:
        content = f'<!doctype html><html theme="light"><body style="margin: 6px">{cards()["passed"].to_html()}'
        return draw({Path("notebooks/card.png"): (content, 800, "light")}, 1.0)
    Path(out).mkdir(parents=True, exist_ok=True)
    pages = {}
    for width, scheme in ((960, "light"), (360, "dark")):
        for name, card in cards().items():
            ground = "#fff" if scheme == "light" else "#111"
            head = f'<!doctype html><style>{JUPYTER}</style><body class="jp" style="background: {ground}">'
            pages[Path(out, f"{name}-{width}-{scheme}.png")] = (head + card.to_html(), width, scheme)
    return draw(pages, 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
