"""Remake the README's pictures of the panel, in a browser and without TensorFlow: fake actions that answer at once.

python tests/widgets/shots.py            the pictures of the README, into notebooks/
python tests/widgets/shots.py OUT        all of them, into the folder OUT, to look at as a designer would
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # a script, and in its notebook a module beside it

from front_ends import opened

HERE = Path(__file__).parent

CELLS = [
    f"""import sys, time
from dataclasses import replace
sys.path.insert(0, {str(HERE)!r})
from fake_actions import *
from colab_save.widgets.machine import start_in_background
keras = type(sys)("keras"); keras.Model = Model; sys.modules["keras"] = keras
class Sequential(Model): pass
digits = Sequential()
fake = FakeActions(start_with=start_in_background)
p = panel_in(get_ipython(), fake)
p""",
    """for number in range(30):
    globals()[f"model_{number}_with_quite_a_long_name_of_a_variable"] = Model()""",
    """note = "second fold, with augmentation"
days = range(5, 28)
fake.saved = [manifest("cats" if day % 3 else "digits", f"202608{day:02}T101530Z-3fa{day % 10}", size=day * 410_000,
    outcome=Outcome.SKIPPED if day % 7 == 0 else Outcome.PASSED, tags=("best",) if day == 26 else (),
    note=note if day % 4 == 0 else "") for day in reversed(days)]
fake.saved.append(manifest("the_" + "very_" * 15 + "long_name", "20260722T101530Z-3fa1"))
p.models.refresh()
p.tabs.selected_index = 1""",
    """import numpy as np
from colab_save.artifact.facts import LayerFacts, VariableFacts
from colab_save.reports.histogram import histogram_of
from colab_save.viewing.weights import Weight
draw = np.random.default_rng(0).normal
arrays = {"rescaling/scale": np.full(1, 1 / 255), "conv2d/kernel": draw(0, 0.3, (3, 3, 1, 32)),
    "conv2d/bias": np.zeros(32), "encoder/attention/query_projection/kernel": draw(0, 0.02, (64, 8, 8)) ** 3,
    "top/kernel": draw(0, 1, (64, 10))}
arrays["top/kernel"][0, :3] = np.nan
layers = [LayerFacts("", "Functional"), LayerFacts("rescaling", "Rescaling", shape=(None, 28, 28, 1), trainable=False),
    LayerFacts("conv2d", "Conv2D", shape=(None, 26, 26, 32)), LayerFacts("encoder/attention", "MultiHeadAttention",
    shape=(None, 676, 64), dtype="mixed_bfloat16"), LayerFacts("top", "Dense", shape=(None, 10))]
facts = ModelFacts("keras", "keras.Functional", tuple(VariableFacts(name, array.shape, "float32", True, name)
    for name, array in arrays.items()), layers=tuple(layers))
fake.inside = Inside(replace(manifest("digits"), facts=facts), {"": tuple(
    Weight(name, array.shape, "float32", name, histogram_of(array)) for name, array in arrays.items())})""",
    """p.tabs.selected_index = 0
fake.steps = [Step(Stage.RESOLVE), Step(Stage.STAGE, detail="keras"), Step(Stage.VERIFY, detail="keras"),
    lambda: time.sleep(3), Step(Stage.PUBLISH, 3_000_000, 8_000_000, "drive"), lambda: time.sleep(3)]""",
    """fake.steps = []
fake.error = RoundTripError("The reloaded model differs from the live one; nothing was published. "
    "keras: weights: dense_3/kernel: expected digest 7a9b1c, got digest 99ab12\\nsecond\\nthird\\nfourth\\nfifth line",
    "Create every layer in __init__ or build(), and assign each to an attribute of its own.")""",
]


def main(out: str | None = None) -> None:
    """Take the pictures."""
    folder = Path(out or tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    with opened(Path(tempfile.mkdtemp()), CELLS) as notebook:
        panel, page = notebook.panel, notebook.page

        def shot(name, seconds=0.7):
            time.sleep(seconds)
            notebook.shot(folder / f"{name}.png")

        notebook.run(0)
        shot("save")
        notebook.run(1)
        panel().get_by_text("Let me pick the formats").click()
        panel().get_by_text("More options", exact=True).click()
        shot("thirty-models")
        panel().get_by_text("More options", exact=True).click()
        panel().get_by_text("Decide for me").click()
        notebook.run(2)
        shot("empty-tick")
        panel().get_by_role("checkbox").first.check()
        shot("models")
        notebook.dark()
        shot("models-dark")
        notebook.run(3)
        for name in ("Look inside", "Open in Netron", "Open in TensorBoard"):
            panel().get_by_role("button", name=name, exact=True).click()
            shot(f"{name.lower().replace(' ', '-')}-dark", 1)
        notebook.run(4)
        panel().get_by_role("button", name="Save", exact=True).click()
        shot("progress-dark", 2)
        shot("passed-dark", 6)
        notebook.run(5)
        panel().get_by_role("button", name="Save", exact=True).click()
        shot("failed-dark")
        page.set_viewport_size({"width": 420, "height": 1400})
        shot("phone-dark")
    if out is None:
        for name in ("save", "models"):
            (HERE.parents[1] / "notebooks" / f"panel-{name}.png").write_bytes((folder / f"{name}.png").read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
