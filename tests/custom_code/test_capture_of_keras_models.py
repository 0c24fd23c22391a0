"""Keras models of the user's classes: their custom objects are found, and a bare Python with the file loads them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from colab_save.custom_code.captured import functions_by_name
from colab_save.custom_code.capturing import capture
from colab_save.custom_code.custom_objects import find_custom_objects

# Warnings of Keras and of what it imports say nothing about the captured code.
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PIECES = """
import keras
import numpy as np
import tensorflow as tf
from keras import ops
from tensorflow.keras import layers as L

INIT = keras.initializers.RandomNormal(stddev=0.02, seed=1)
SHIFT = tf.constant([0.5, 0.25])
EPS = 1e-6

def swishy(x):
    return x * ops.sigmoid(x) + EPS

@keras.saving.register_keras_serializable(package="mine", name="Sc")
class Scale(L.Layer):
    def __init__(self, units=2, **kw):
        super().__init__(**kw)
        self.units = units
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer=INIT)
        super().build(shape)
    @tf.function
    def call(self, x):
        return x @ self.w + SHIFT
    def get_config(self):
        return {**super().get_config(), "units": self.units}

def helper():
    return 2.0

@keras.saving.register_keras_serializable(package="mine")
def my_loss(y, p):
    return ops.mean((y - p) ** 2) * helper()

class Warm(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, base=0.1):
        self.base = base
    def __call__(self, step):
        return self.base / (1.0 + ops.cast(step, "float32"))
    def get_config(self):
        return {"base": self.base}

class Slow(keras.optimizers.SGD):
    pass

def off(y, p):
    return ops.mean(y - p)

class Error(keras.metrics.MeanSquaredError):
    pass

class Pull(keras.regularizers.Regularizer):
    def __call__(self, x):
        return 0.01 * ops.sum(x * x)
    def get_config(self):
        return {}

class Near(keras.constraints.Constraint):
    def __call__(self, x):
        return ops.clip(x, -1, 1)

class Start(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return ops.full(shape, 0.1, dtype=dtype)

def make_focal(gamma):
    def focal(y, p):
        return ops.mean(ops.abs(y - p) ** gamma)
    return focal

i = keras.Input((3,))
inner = keras.Sequential([keras.Input((3,)), L.Dense(2, activation=swishy, kernel_regularizer=Pull(),
                          kernel_constraint=Near(), kernel_initializer=Start())])
x = L.Lambda(lambda t, k=EPS: t * 3.0 + k)(Scale(2)(inner(i)))
model = keras.Model(i, {"a": L.Activation(lambda t: t + 1)(x), "b": L.Dense(2)(x)})
model.compile(Slow(Warm(0.05)), loss={"a": my_loss, "b": make_focal(2.0)}, metrics={"a": [off], "b": [Error(name="e")]})
x, y = np.ones((4, 3), "f4"), {"a": np.ones((4, 2), "f4"), "b": np.ones((4, 2), "f4")}
"""

SEQ2SEQ = """
import keras
import numpy as np
from keras import layers, ops

UNITS = 4

class Attention(layers.Layer):
    def __init__(self, units=UNITS, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.projections = {"query": layers.Dense(units), "keys": layers.Dense(units)}
        self.score = layers.Dense(1)
    def call(self, query, memory):
        query = ops.expand_dims(self.projections["query"](query), 1)
        weights = ops.softmax(self.score(ops.tanh(query + self.projections["keys"](memory))), axis=1)
        return ops.sum(weights * memory, axis=1)
    def get_config(self):
        return {**super().get_config(), "units": self.units}

class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, units, steps=4):
        self.units, self.steps = units, steps
    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        return self.units**-0.5 * ops.minimum(step**-0.5, step * self.steps**-1.5)
    def get_config(self):
        return {"units": self.units, "steps": self.steps}

def masked_loss(y, p):
    mask = ops.cast(y != 0, "float32")
    return ops.sum(keras.losses.sparse_categorical_crossentropy(y, p) * mask) / ops.sum(mask)

source, target = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
memory = layers.GRU(UNITS, return_sequences=True)(layers.Embedding(7, UNITS)(source))
state = layers.GRU(UNITS)(layers.Embedding(7, UNITS)(target))
context = Attention()(state, memory)
model = keras.Model([source, target], layers.Dense(7, activation="softmax")(layers.Concatenate()([context, state])))
model.compile(keras.optimizers.Adam(Warmup(UNITS)), loss=masked_loss)
x = [np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 2], [3, 4]])]
y = np.array([1, 2])
"""

MODELS = {"pieces": PIECES, "seq2seq": SEQ2SEQ}

RELOAD = """
import json, runpy, sys
import keras, numpy as np
found = {}
for name in sys.argv[1:]:
    table = runpy.run_path(f"{name}.py")["CUSTOM_OBJECTS"]
    model = keras.saving.load_model(f"{name}.keras", custom_objects=table)
    given = np.load(f"{name}.npz", allow_pickle=True)["given"].item()
    answers = keras.tree.flatten(model.predict(given["x"], verbose=0))
    differences = [float(np.max(np.abs(a - b))) for a, b in zip(answers, given["answers"], strict=True)]
    found[name] = {"differences": differences, "loss": float(np.ravel(model.train_on_batch(given["x"], given["y"]))[0])}
print(json.dumps(found))
"""


@pytest.fixture
def built(notebook):
    def build(cell):
        notebook.run(cell)
        return notebook["model"], notebook

    return build


@pytest.fixture(scope="module")
def reloaded(tmp_path_factory):
    """Save each model in a process with cells; return the outputs of the live models and of those in a bare Python."""
    folder = tmp_path_factory.mktemp("models")
    live = {}
    for name, cell in MODELS.items():
        live[name] = save(name, cell, folder)
    done = subprocess.run(
        [sys.executable, "-I", "-c", RELOAD, *MODELS], cwd=folder, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr
    return live, json.loads(done.stdout.splitlines()[-1])


def save(name, cell, folder):
    """Train a model one step, save it with its code, and return the loss of the next step."""
    import linecache
    from types import ModuleType

    import keras
    import numpy as np

    file, module = f"<cell-of-{name}>", ModuleType(f"notebook_of_{name}")
    linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
    sys.modules[module.__name__] = module
    exec(compile(cell, file, "exec"), vars(module))
    model, x, y = module.model, module.x, module.y
    model.train_on_batch(x, y)
    model.reset_metrics()  # in Keras 3.13 the loss of a step is a mean over all steps
    code = capture(find_custom_objects(model), vars(module))
    (folder / f"{name}.py").write_text(code.source, "utf-8")
    with functions_by_name(code):
        model.save(folder / f"{name}.keras")
    answers = keras.tree.flatten(model.predict(x, verbose=0))
    np.savez(folder / f"{name}.npz", given=np.array({"x": x, "y": y, "answers": answers}, dtype=object))
    keras.saving.get_custom_objects().clear()
    del sys.modules[module.__name__]
    return {"loss": float(np.ravel(model.train_on_batch(x, y))[0]), "code": code}


@pytest.mark.parametrize("name", MODELS)
def test_a_bare_python_with_the_file_computes_the_same_outputs(reloaded, name):
    assert 0.0 == max(reloaded[1][name]["differences"])


@pytest.mark.parametrize("name", MODELS)
def test_a_bare_python_with_the_file_trains_on_with_the_same_loss(reloaded, name):
    assert reloaded[0][name]["loss"] == pytest.approx(reloaded[1][name]["loss"], rel=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_nothing_of_the_model_is_missing(reloaded, name):
    assert () == reloaded[0][name]["code"].missing


def test_the_table_has_plain_and_registered_names(reloaded):
    assert {"Scale", "mine>Sc", "my_loss", "mine>my_loss", "focal", "lambda_1", "lambda_2"} <= set(
        reloaded[0]["pieces"]["code"].names
    )


def test_keras_and_tensorflow_are_the_requirements(reloaded):
    assert {"keras", "tensorflow"} <= reloaded[0]["pieces"]["code"].requirements.keys()


def names_of(objects):
    return {item.__name__ for item in objects}


def test_every_custom_object_of_a_model_is_found(built):
    model, _ = built(PIECES)
    expected = {"swishy", "Scale", "Warm", "Slow", "off", "Error", "Pull", "Near", "Start", "focal", "my_loss"}
    assert expected | {"<lambda>"} == names_of(find_custom_objects(model))


def test_a_model_of_keras_alone_needs_no_custom_code(built):
    model, _ = built(
        "import keras\nmodel = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation='relu')])\n"
        "model.compile('adam', 'mse', metrics=['mae'])"
    )
    assert [] == find_custom_objects(model)


@pytest.mark.parametrize(
    "held", ["self.part", "self.parts = [[part]]; x", "self.parts = {'a': (part,)}; x", "self.box.part"]
)
def test_a_layer_is_found_wherever_a_model_holds_it(built, held):
    model, _ = built(f"""
import keras
class Box: pass
class Part(keras.layers.Layer): pass
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.box = Box()
        part = Part()
        {held} = part
model = Net()
""")
    assert {"Net", "Part"} == names_of(find_custom_objects(model))


def test_an_object_that_only_the_config_names_is_found(built):
    model, _ = built("""
import keras
@keras.saving.register_keras_serializable(package="mine")
def hidden(x): return x
class Net(keras.Model):
    def get_config(self):
        return {"function": keras.saving.serialize_keras_object(hidden)}
model = Net()
""")
    found = names_of(find_custom_objects(model))
    forget("mine>hidden")
    assert {"Net", "hidden"} == found


def forget(name):
    import keras

    keras.saving.get_custom_objects().pop(name)


def test_lambdas_have_their_name_only_while_the_model_is_saved(built, tmp_path):
    import zipfile

    model, notebook = built(
        "import keras\nmodel = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: -x)])"
    )
    code = capture(find_custom_objects(model), notebook.names)
    with functions_by_name(code):
        model.save(tmp_path / "m.keras")
    config = zipfile.ZipFile(tmp_path / "m.keras").read("config.json")
    assert (False, "<lambda>") == (b"__lambda__" in config, model.layers[0].function.__name__)


def test_what_the_notebook_has_registered_stays_registered(notebook, again):
    import keras

    notebook.run("import keras\n@keras.saving.register_keras_serializable('mine')\ndef act(x): return x")
    again(notebook.capture("act"))
    live = keras.saving.get_custom_objects().pop("mine>act")
    assert notebook["act"] is live
