"""Variables of one kernel are there in another that loads the model, equal and of the same types."""

from __future__ import annotations

import pytest

from tests.kernels import started

pytestmark = [
    pytest.mark.outside,
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jupyter_client 7.4.9, which Colab pins
]

MAKE = """
import dataclasses, datetime, enum
import keras, numpy as np, pandas as pd
from sklearn.preprocessing import LabelEncoder, StandardScaler
%load_ext colab_save

class Mode(enum.Enum):
    FAST = "fast"

@dataclasses.dataclass
class Settings:
    rate: float
    mode: Mode

cats = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
cats.compile(loss="mse")
history = cats.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
settings, day = Settings(0.1, Mode.FAST), datetime.date(2020, 1, 1)
labels = LabelEncoder().fit(["cat", "dog"])
scaler = StandardScaler().fit(np.arange(6.0).reshape(3, 2))
frame = pd.DataFrame({"at": pd.date_range("2020", periods=2, tz="Europe/Berlin"), "c": pd.Categorical(["a", "b"])})
words = keras.layers.TextVectorization(output_sequence_length=2)
words.adapt(["hello world"])
taken = 1
"""

NAMES = ("settings", "day", "labels", "scaler", "frame", "words", "history", "taken")

COMPARE = """
assert str(settings) == "Settings(rate=0.1, mode=<Mode.FAST: 'fast'>)", settings
assert str(day) == "2020-01-01" and list(labels.classes_) == ["cat", "dog"]
assert scaler.mean_.tolist() == [2.0, 3.0] and taken == 2
assert str(frame.dtypes["at"]).endswith("Europe/Berlin]") and list(frame["c"].cat.categories) == ["a", "b"]
assert words(["world hello"]).numpy().tolist() in ([[2, 3]], [[3, 2]])
assert list(history.history) == ["loss"] and history.model is cats
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model that one kernel has saved with all of them."""
    pytest.importorskip("skops")
    where = tmp_path_factory.mktemp("variables")
    line = " ".join(f"--extra {name}" for name in NAMES)
    with started(where) as kernel:
        for cell in (MAKE, f"%savemodel cats {line}"):
            assert [] == kernel.run(cell).errors
    return where


def test_variables_are_there_in_another_kernel_and_those_that_it_has_stay(folder):
    with started(folder) as kernel:
        for cell in ("%load_ext colab_save\ntaken = 2", "cats = %loadmodel cats --trust", COMPARE):
            assert [] == kernel.run(cell).errors
