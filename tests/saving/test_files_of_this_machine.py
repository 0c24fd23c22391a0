"""What a model reads while it is made travels with it, or the save says which file the next runtime will not have.

One kernel saves each kind; another, in a folder with nothing but the saved models, loads them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.kernels import started

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of jupyter_client 7.4.9, which Colab pins
]

DEFINE = """
%load_ext colab_save
import json, os, keras, numpy as np, tensorflow as tf
HERE = os.getpid()
table = np.arange(12, dtype="float32").reshape(4, 3)
for name in ("absolute", "relative", "twin", "hidden", "plain", "part", "unused", "asked", "asking"):
    np.save(f"{name}.npy", table)
def write(file, text):
    with open(file, "w") as stream:
        stream.write(text)
write("vocab.txt", "a\\nb\\nc\\n")
write("labels.txt", "cat\\ndog\\n")
write("words.json", json.dumps({"a": 2.0}))
write("credentials.json", json.dumps({"scale": 2.0}))
write("notes.txt", "scale = 2\\nkey = hf_" + "a1" * 15 + "\\n")
keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).export("exported", verbose=False)
class Vectors(keras.layers.Layer):
    def __init__(self, file, **kwargs):
        super().__init__(**kwargs)
        self.file = file
        self.table = np.load(file)
    def call(self, x):
        return keras.ops.matmul(x, self.table)
    def get_config(self):
        return {**super().get_config(), "file": self.file}
class Relative(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = np.load("relative.npy")
    def call(self, x):
        return keras.ops.matmul(x, self.table)
class Forgetful(Vectors):
    def call(self, x):
        return super().call(x) * (1.0 + (os.getpid() != HERE))
class Hidden(keras.layers.Layer):
    def call(self, x):
        return keras.ops.matmul(x, np.load(os.path.join(WHERE, "hidden" + ".npy")))
WHERE = os.getcwd()
os.mkdir("shelf")
for name in ("first.npy", "second.npy", "private.npy"):
    np.save(f"shelf/{name}", table)
SHELF = os.path.abspath("shelf")
class Joined(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = sum(np.load(os.path.join(SHELF, name + ".npy")) for name in ("first", "second"))
    def call(self, x):
        return keras.ops.matmul(x, self.table)
class Unused(Vectors):
    def __init__(self, file, table=None, **kwargs):
        keras.layers.Layer.__init__(self, **kwargs)
        self.file = file
        self.table = np.load(file).tolist() if table is None else table
    def get_config(self):
        return {**super().get_config(), "table": self.table}
class Labels(keras.layers.Layer):
    def __init__(self, file, **kwargs):
        super().__init__(**kwargs)
        self.file = file
        lines = tf.lookup.TextFileInitializer(
            file, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE)
        self.lengths = tf.lookup.StaticHashTable(lines, "none")
    def call(self, x):
        words = self.lengths.lookup(tf.cast(x, tf.int64))
        return tf.cast(tf.strings.length(words), tf.float32)
    def get_config(self):
        return {**super().get_config(), "file": self.file}
class Scaled(keras.layers.Layer):
    def __init__(self, file, **kwargs):
        super().__init__(**kwargs)
        self.file = file
    def call(self, x):
        with open(self.file) as stream:
            return x * float(len(stream.read()))
    def get_config(self):
        return {**super().get_config(), "file": self.file}
class Asked(keras.layers.Layer):
    def __init__(self, file, **kwargs):
        super().__init__(**kwargs)
        self.file = file
        self.scale = 2.0 if os.path.exists(file) else 3.0
    def call(self, x):
        return x * self.scale
    def get_config(self):
        return {**super().get_config(), "file": self.file}
class Asking(keras.layers.Layer):
    def call(self, x):
        return x * (2.0 if os.path.isfile(os.path.join(WHERE, "asking" + ".npy")) else 3.0)
with open("words.json") as stream:
    WORDS = json.load(stream)
class Words(keras.layers.Layer):
    def call(self, x):
        return x * WORDS["a"]
def made(layer, size=4):
    return keras.Sequential([keras.Input((size,)), layer, keras.layers.Dense(1)])
x = np.arange(8, dtype="float32").reshape(2, 4) / 8
here = os.path.abspath
"""

MODELS = {
    "absolute": "made(Vectors(here('absolute.npy')))",
    "relative": "made(Relative())",
    "joined": "made(Joined())",
    "opened": "made(Scaled('labels.txt'))",
    "labels": "made(Labels('labels.txt'))",
    "words": "made(Words())",
    "asked": "made(Asked('asked.npy'))",
    "program": "made(keras.layers.TFSMLayer('exported', call_endpoint='serve'))",
    "unused": "made(Unused('unused.npy'))",
    "several": "{'one': made(Vectors('part.npy')), 'other': made(keras.layers.Dense(2))}",
}

REFUSED = {
    "twin": "made(Forgetful(here('twin.npy')))",
    "hidden": "made(Hidden())",
    "asking": "made(Asking())",
    "credentials": "made(Scaled('credentials.json'))",
    "notes": "made(Scaled('notes.txt'))",
}

TEXTS = """
texts = keras.Sequential([
    keras.Input((), dtype="string"),
    keras.layers.TextVectorization(vocabulary="vocab.txt", output_sequence_length=4),
    keras.layers.Embedding(6, 2)])
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The cells of the first runtime by name, its folder, and what the models answered."""
    folder = tmp_path_factory.mktemp("first")
    cells = {}
    with started(folder) as kernel:
        kernel.run(DEFINE)
        for name, text in {**MODELS, **REFUSED}.items():
            cells[f"made {name}"] = kernel.run(f"{name} = {text}")
            cells[name] = kernel.run(f"%savemodel {name} --format keras --rtol 1e-5")
            of = "list(several.values())" if name == "several" else f"[{name}]"
            cells[f"{name} answers"] = kernel.run(f"print([np.asarray(each(x)).tolist() for each in {of}])")
        kernel.run(TEXTS)
        cells["texts"] = kernel.run("%savemodel texts --sample np.array(['a b','c']) --format keras")
        cells["texts answers"] = kernel.run("print(np.asarray(texts(tf.constant(['a b', 'c']))).tolist())")
        kernel.run("plain = made(Vectors('plain.npy'))")
        cells["plain"] = kernel.run("%savemodel plain ./plain.keras")
        cells["plain answers"] = kernel.run("print([np.asarray(plain(x)).tolist()])")
    return folder, cells


@pytest.fixture(scope="module")
def loaded(saved, tmp_path_factory):
    """The cells of the second runtime by name: each loads a model, and prints what it answers."""
    folder, other, cells = saved[0], tmp_path_factory.mktemp("second"), {}
    for each in folder.iterdir():
        if each.name == "models" or each.name.startswith("plain.keras"):
            shutil.move(each, other / each.name)
    with started(other) as kernel:
        kernel.run("%load_ext colab_save\nimport keras, numpy as np, tensorflow as tf")
        kernel.run("x = np.arange(8, dtype='float32').reshape(2, 4) / 8")
        for name in MODELS:
            cells[f"load {name}"] = kernel.run(f"{name} = %loadmodel {name}")
            of = "list(several.values())" if name == "several" else f"[{name}]"
            cells[name] = kernel.run(f"print([np.asarray(each(x)).tolist() for each in {of}])")
        cells["load texts"] = kernel.run("texts = %loadmodel texts")
        cells["texts"] = kernel.run("print(np.asarray(texts(tf.constant(['a b', 'c']))).tolist())")
        cells["load plain"] = kernel.run("plain = %loadmodel ./plain.keras")
        cells["plain"] = kernel.run("print([np.asarray(plain(x)).tolist()])")
    return other, cells


@pytest.mark.parametrize("name", [*MODELS, "texts", "plain"])
def test_it_passes(name, saved):
    assert [] == saved[1][name].errors
    assert saved[1][name].shown["text/plain"].startswith("PASSED")


@pytest.mark.parametrize("name", [*MODELS, "texts", "plain"])
def test_it_loads_where_the_files_are_not_and_answers_the_same(name, saved, loaded):
    assert [] == loaded[1][f"load {name}"].errors
    expected = saved[1][f"{name} answers"].printed
    assert "" != expected
    for one, other in zip(json.loads(expected), json.loads(loaded[1][name].printed), strict=True):
        assert np.allclose(one, other)


def files_of(folder, name):
    """The assets in the artifact of a name."""
    [version] = (folder / "models" / name).iterdir()
    found = (path.relative_to(version).as_posix() for path in version.rglob("*"))
    return sorted(path for path in found if path.startswith("assets/"))


def test_the_file_is_an_asset_and_counts(loaded):
    assert ["assets/absolute.npy"] == files_of(loaded[0], "absolute")
    [version] = (loaded[0] / "models" / "absolute").iterdir()
    manifest = json.loads((version / "manifest.json").read_text())
    assert ["assets/absolute.npy"] == list(manifest["assets"].values())
    assert "assets/absolute.npy" in {file["path"] for file in manifest["files"]}


def test_of_a_folder_that_only_the_code_names_what_was_read_is_an_asset(loaded):
    assert ["assets/shelf/first.npy", "assets/shelf/second.npy"] == [
        path for path in files_of(loaded[0], "joined") if path.endswith(".npy")
    ]


def test_a_file_that_a_model_only_asks_for_is_an_asset(loaded):
    assert ["assets/asked.npy"] == files_of(loaded[0], "asked")


def test_a_plain_save_says_where_the_file_lies(saved):
    assert "It reads plain.npy, which lies in plain.keras.colab_save/" in saved[1]["plain"].shown["text/plain"]


def test_what_is_not_read_while_it_is_loaded_is_no_asset(loaded):
    assert [] == files_of(loaded[0], "unused")


def test_the_value_of_a_name_needs_no_file(loaded):
    assert [] == files_of(loaded[0], "words")


def test_a_true_loss_beside_an_asset_still_fails(saved):
    [error] = saved[1]["twin"].errors
    assert "outputs" in error["evalue"]


@pytest.mark.parametrize("name", ["hidden.npy", "asking.npy", "credentials.json", "notes.txt"])
def test_a_file_that_cannot_travel_is_named(name, saved):
    [error] = saved[1][name.partition(".")[0]].errors
    assert "RoundTripError" == error["ename"]
    assert f"{saved[0] / name}" in error["evalue"]
    assert "the next runtime will not have" in error["evalue"]


@pytest.mark.parametrize("name", ["credentials", "notes"])
def test_a_secret_is_saved_nowhere(name, saved):
    assert not (saved[0] / "models" / name).exists()


def test_keras_alone_opens_it_from_its_folder(loaded):
    program = (
        "import keras, custom_code; keras.saving.load_model('model.keras', custom_objects=custom_code.CUSTOM_OBJECTS)"
    )
    for name in ("absolute", "relative"):
        [version] = (loaded[0] / "models" / name).iterdir()
        run = subprocess.run([sys.executable, "-c", program], cwd=version, capture_output=True, text=True, check=False)
        assert 0 == run.returncode, run.stderr
