"""Files of many kinds that Keras itself wrote: none is refused, and the findings name exactly what each needs."""

from __future__ import annotations

import warnings
import zipfile

import pytest

from colab_save.inspecting.findings import CustomName, needs_child
from colab_save.inspecting.inspection import inspect

pytestmark = pytest.mark.tensorflow


def text_model(keras):
    vectorize = keras.layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    vectorize.adapt(["a b c", "d e"])
    given = keras.Input((1,), dtype="string")
    return keras.Model(given, keras.layers.Dense(2)(keras.layers.Embedding(20, 3)(vectorize(given))))


def lookup_model(keras):
    word, numbers = keras.Input((1,), dtype="string", name="word"), keras.Input((3,), name="numbers")
    scaled = keras.layers.Normalization(mean=[0.0, 1.0, 2.0], variance=[1.0, 1.0, 2.0])(numbers)
    known = keras.layers.StringLookup(vocabulary=["a", "b"])(word)
    return keras.Model([word, numbers], [known, keras.layers.Dense(2, kernel_regularizer="l2")(scaled)])


def nested_model(keras):
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, dtype="mixed_float16")])
    given = keras.Input((4,))
    model = keras.Model(given, keras.ops.sin(inner(given)) + 1.0)
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    model.compile(keras.optimizers.AdamW(schedule), loss=["mse"], metrics=["mae", keras.metrics.R2Score()])
    model.fit(keras.ops.ones((4, 4)), keras.ops.ones((4, 4)), verbose=0)
    return model


def recurrent_model(keras):
    layers = keras.layers
    cells = layers.RNN([layers.GRUCell(2), layers.GRUCell(3)], return_sequences=True)
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    return keras.Sequential([keras.Input((4, 2)), both, cells, layers.TimeDistributed(layers.Dense(2))])


def attention_model(keras):
    given = keras.Input((4, 8))
    return keras.Model(given, keras.layers.LayerNormalization()(keras.layers.MultiHeadAttention(2, 4)(given, given)))


def sparse_model(keras):
    given = keras.Input((4,), sparse=True)
    return keras.Model(given, keras.layers.Dense(2)(given))


def quantized_model(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.quantize("int8")
    return model


def image_model(keras):
    layers = keras.layers
    augment = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1), layers.Rescaling(1 / 255)])
    stack = [layers.Conv2D(4, 3, kernel_constraint="max_norm"), layers.BatchNormalization(), layers.ReLU(max_value=6)]
    return keras.Sequential([keras.Input((8, 8, 3)), augment, *stack, layers.GlobalAveragePooling2D()])


MODELS = [
    text_model,
    lookup_model,
    nested_model,
    recurrent_model,
    attention_model,
    sparse_model,
    quantized_model,
    image_model,
]


@pytest.fixture(scope="module")
def keras():
    """Import Keras without the warnings of matplotlib, which it imports if it is installed."""
    with warnings.catch_warnings(action="ignore"):
        import keras

    return keras


@pytest.fixture(autouse=True)
def quiet():
    """Keras warns about its own .h5 format and lambdas."""
    with warnings.catch_warnings(action="ignore"):
        yield


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_a_model_of_keras_alone_needs_nothing(keras, tmp_path, make):
    model = make(keras)
    model.save(tmp_path / "model.keras")
    findings = inspect(tmp_path / "model.keras")
    assert ("keras", (), (), keras.__version__) == (
        findings.format,
        findings.custom_names,
        findings.runs_code,
        findings.keras_version,
    )


@pytest.mark.parametrize("make", [nested_model, recurrent_model, image_model], ids=lambda make: make.__name__)
def test_its_weights_need_nothing(keras, tmp_path, make):
    make(keras).save_weights(tmp_path / "model.weights.h5")
    findings = inspect(tmp_path / "model.weights.h5")
    assert ("weights", (), ()) == (findings.format, findings.custom_names, findings.runs_code)


@pytest.mark.parametrize("make", [recurrent_model, image_model], ids=lambda make: make.__name__)
def test_its_h5_needs_nothing(keras, tmp_path, make):
    make(keras).save(tmp_path / "model.h5")
    findings = inspect(tmp_path / "model.h5")
    assert ("h5", (), (), False) == (
        findings.format,
        findings.custom_names,
        findings.runs_code,
        needs_child(findings),
    )


def test_what_it_exports_only_computes(keras, tmp_path):
    text_model(keras).export(tmp_path / "saved", verbose=False)
    findings = inspect(tmp_path / "saved")
    assert ("saved_model", ()) == (findings.format, findings.runs_code)


def test_a_graph_that_reads_a_file_is_seen(tmp_path):
    import tensorflow as tf

    class Reader(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
        def __call__(self, path):
            return tf.io.read_file(path)

    tf.saved_model.save(Reader(), tmp_path / "saved")
    (found,) = inspect(tmp_path / "saved").runs_code
    assert "ReadFile" in found


def test_an_asset_table_only_computes(tmp_path):
    import tensorflow as tf

    class Words(tf.Module):
        def __init__(self, path):
            super().__init__()
            source = tf.lookup.TextFileInitializer(
                path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
            )
            self.table = tf.lookup.StaticHashTable(source, -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, words):
            return self.table.lookup(words)

    (tmp_path / "words.txt").write_text("a\nb\n")
    tf.saved_model.save(Words(str(tmp_path / "words.txt")), tmp_path / "saved")
    assert () == inspect(tmp_path / "saved").runs_code


def test_a_checkpoint_is_one(tmp_path):
    import tensorflow as tf

    prefix = tf.train.Checkpoint(v=tf.Variable(1.0)).save(str(tmp_path / "ckpt"))
    index = tmp_path / "ckpt-1.index"
    assert ["checkpoint"] * 3 == [inspect(path).format for path in (tmp_path, tmp_path / "ckpt-1", index)]
    assert str(tmp_path / "ckpt-1") == prefix


@pytest.fixture
def custom_model(keras):
    @keras.saving.register_keras_serializable(package="mine")
    class Cats(keras.layers.Layer):
        def __init__(self, units=3, **more):
            super().__init__(**more)
            self.units, self.dense = units, keras.layers.Dense(units)

        def call(self, x):
            return self.dense(x)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    def double(x):
        return x * 2

    def cat_loss(y, p):
        return keras.ops.mean(keras.ops.square(y - p))

    layers = [Cats(), keras.layers.Lambda(double), keras.layers.Dense(2, activation=double)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("adam", loss=cat_loss)
    return model


def test_what_the_user_made_is_named(custom_model, tmp_path):
    custom_model.save(tmp_path / "model.keras")
    findings = inspect(tmp_path / "model.keras")
    expected = {("Cats", "mine>Cats"), ("double", ""), ("cat_loss", "")}
    assert (expected, ()) == ({(it.name, it.registered) for it in findings.custom_names}, findings.runs_code)


def test_a_subclassed_model_is_named(keras, tmp_path):
    class Net(keras.Model):
        def __init__(self, **more):
            super().__init__(**more)
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Net()
    model(keras.ops.ones((2, 3)))
    model.save(tmp_path / "model.keras")
    (found,) = inspect(tmp_path / "model.keras").custom_names
    assert CustomName(found.module, "Net", "Net") == found


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_lambda_needs_trust(keras, tmp_path, name):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / name)
    (found,) = inspect(tmp_path / name).runs_code
    assert "Python bytecode (a lambda)" in found


def test_packed_zeros_of_a_real_model_are_no_bomb(keras, tmp_path):
    model = keras.Sequential([keras.Input((512,)), keras.layers.Dense(512, kernel_initializer="zeros")])
    model.save(tmp_path / "model.keras")
    packed = tmp_path / "packed.keras"
    with zipfile.ZipFile(tmp_path / "model.keras") as one, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as other:
        for name in one.namelist():
            other.writestr(name, one.read(name))
    assert packed.stat().st_size < 512 * 512 * 4 / 100
    assert "keras" == inspect(packed).format
