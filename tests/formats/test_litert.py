"""LiteRT files: what is converted and refused, what a load returns, and files from elsewhere."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from colab_save.errors import FormatError, MissingPackageError, RequestError, UnsafeFileError
from colab_save.formats.base import Context, get_format
from colab_save.formats.litert import NESTING
from colab_save.formats.loaded import litert
from colab_save.formats.saved_model import SavedModelOptions
from colab_save.inspecting.flatbuffer import Buffer
from colab_save.inspecting.inspection import inspect
from colab_save.loading.pipeline import load
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.sampling.sampling import take_sample
from colab_save.saving.pipeline import save
from colab_save.viewing.inside import inspect_model
from tests import zoo
from tests.inspecting.conftest import Files

pytestmark = pytest.mark.tensorflow


def converted(model, folder, **options):
    plug = get_format("litert")
    sample = take_sample(model, None, plug.run, plug.specs(model))
    plug.save(model, folder, sample, SavedModelOptions(**options))
    return folder / plug.payload, sample


def opened(path):
    return get_format("litert").load(path, Context({}))


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    """A live model, the file that it was converted to with a further endpoint, and what its sample was."""
    model = zoo.sequential()

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="x")])
    def classify(x):
        return {"label": tf.argmax(model(x, training=False), axis=-1)}

    return model, *converted(model, tmp_path_factory.mktemp("phone"), signatures={"classify": classify})


# --- what comes back ---


def test_it_answers_any_number_of_rows_as_the_live_model_does(phone):
    model, path, _ = phone
    rows = zoo.rows(70, 4)
    np.testing.assert_allclose(model.predict(rows, verbose=0), opened(path).predict(rows), rtol=1e-4, atol=1e-5)


def test_it_takes_arrays_of_other_dtypes_by_place_by_name_and_in_a_dataset(phone):
    _, path, sample = phone
    loaded, rows = opened(path), sample.inputs.astype("float64")
    batches = tf.data.Dataset.from_tensor_slices(sample.inputs).batch(3)
    answers = [loaded(rows), loaded(inputs=rows), loaded({"inputs": rows}), loaded.predict(batches)]
    assert [True] * 4 == [np.allclose(sample.outputs, answer, atol=1e-5) for answer in answers]


def test_a_users_function_becomes_an_endpoint(phone):
    _, path, sample = phone
    signatures = opened(path).signatures
    assert {"serving_default", "classify"} == signatures.keys()
    assert [*np.argmax(sample.outputs, -1)] == [*signatures["classify"](x=sample.inputs)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.ones((2, 5)), "takes inputs (float32 [?, 4]); it was given float32 [2, 5]"),
        (np.ones(4), "was given float32 [4]"),
        (np.array([["a"] * 4]), "was given str32 [1, 4]"),
        ({"x": np.ones((2, 4))}, "it was given x"),
    ],
)
def test_what_it_does_not_take_is_refused_in_words(phone, given, words):
    with pytest.raises(RequestError) as caught:
        opened(phone[1])(given)
    assert words in caught.value.message


class Wrapped(tf.Module):
    def __init__(self):
        super().__init__()
        self.net = zoo.untrained()

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="x")])
    def __call__(self, x):
        return self.net(x)


def test_a_module_that_holds_a_keras_model_answers_as_it_does(tmp_path):
    path, sample = converted(Wrapped(), tmp_path)
    np.testing.assert_allclose(sample.outputs, opened(path)(x=sample.inputs), rtol=1e-4, atol=1e-5)


def test_a_file_without_signatures_answers_by_the_names_of_its_tensors(tmp_path):
    path, sample = converted(zoo.Counter(), tmp_path)
    data = bytearray(path.read_bytes())
    root = Buffer(bytes(data)).root()
    at = root.at - root.buffer.number(root.at, "<i") + 4 + 2 * 7  # the place of the signatures, in the vtable
    data[at : at + 2] = b"\0\0"
    path.write_bytes(data)
    (path.parent / NESTING).unlink()
    inspect(path)
    loaded = opened(path)
    assert ({}, [(None, 2)]) == (loaded.signatures, [facts.shape for facts in loaded.inputs.values()])
    np.testing.assert_allclose(sample.outputs["y"], loaded.predict(sample.inputs), rtol=1e-4, atol=1e-5)


def test_nothing_is_heard_of_the_converter_and_the_interpreter(tmp_path, capfd):
    path, _ = converted(zoo.Counter(), tmp_path)
    opened(path)
    assert ("", "") == capfd.readouterr()


# --- what cannot be converted ---


def test_operations_that_litert_has_not_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"no operation for .*StringLower, StringSplitV2") as caught:
        converted(zoo.text(), tmp_path)
    assert "saved_model" in caught.value.hint
    assert [] == [*tmp_path.iterdir()]


def test_a_model_that_is_random_at_inference_is_refused(tmp_path):
    with pytest.raises(FormatError, match="draws other numbers"):
        converted(keras.Sequential([keras.Input((4,)), zoo.Noise()]), tmp_path)


def recurrent():
    return keras.Sequential([keras.Input((None, 3)), keras.layers.SimpleRNN(2)])


def test_a_recurrent_model_wants_a_known_number_of_rows(tmp_path):
    with pytest.raises(FormatError) as caught:
        converted(recurrent(), tmp_path)
    assert "options=batch=1" in caught.value.hint


def test_with_that_it_answers_row_by_row(tmp_path):
    path, sample = converted(recurrent(), tmp_path, batch=1)
    np.testing.assert_allclose(sample.outputs, opened(path).predict(sample.inputs), rtol=1e-4, atol=1e-5)


def test_a_plain_function_is_refused_as_an_endpoint(tmp_path):
    with pytest.raises(RequestError, match=r"not a tf\.function"):
        converted(zoo.untrained(), tmp_path, signatures={"classify": len})


# --- what runs it ---


def test_tensorflow_still_has_the_interpreter_and_the_converter():
    assert {"Interpreter", "TFLiteConverter"} <= set(dir(tf.lite)), "TensorFlow has moved what litert needs"


def test_without_an_interpreter_the_error_says_what_brings_one(monkeypatch):
    monkeypatch.setitem(sys.modules, litert.PACKAGE, None)
    monkeypatch.delattr(tf.lite, "Interpreter")
    with pytest.raises(MissingPackageError) as caught:
        litert.interpreter_class()
    assert "pip install ai-edge-litert" == caught.value.hint


def test_the_package_of_its_own_comes_first(tmp_path, monkeypatch):
    package = tmp_path / litert.PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "interpreter.py").write_text("class Interpreter: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert f"{litert.PACKAGE}.interpreter" == litert.interpreter_class().__module__
    finally:
        for name in [name for name in sys.modules if name.startswith(litert.PACKAGE)]:
            del sys.modules[name]


# --- saving and loading ---


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A plain file of a model with nested inputs and outputs, and the reports of saving and loading it."""
    path = tmp_path_factory.mktemp("saved") / "net.tflite"
    report = save(SaveRequest(zoo.many_inputs(), str(path), purpose="mobile"))
    return path, report, load(LoadRequest(str(path)))


def test_it_is_proven_and_nests_what_it_takes_and_gives(saved):
    loaded = saved[2]
    answer = loaded.model.predict({"left": zoo.rows(3, 3), "right": np.ones((3, 2))})
    assert (True, {"score", "parts"}, (3, 1)) == (loaded.is_proven, answer.keys(), answer["score"].shape)


def test_the_report_says_what_is_not_held(saved):
    verdicts = saved[1].manifest.round_trips[0].verdicts
    outcomes = {aspect: verdict.outcome for aspect, verdict in verdicts.items()}
    assert {"outputs": "PASSED"} | dict.fromkeys(["weights", "training", "structure", "code"], "NOT_HELD") == outcomes


def test_looking_inside_says_why_no_weights_are_shown(saved):
    (note,) = inspect_model(str(saved[0])).notes
    assert "not read: net.tflite has its weights as constants" in note


def test_a_file_of_somebody_elses_is_opened_elsewhere_first_and_answers_by_name(saved, tmp_path):
    path = Path(shutil.copy(saved[0], tmp_path))
    report = load(LoadRequest(str(path)))
    answer = report.model(left=zoo.rows(2, 3), right=np.ones((2, 2)))
    assert (False, {"score", "parts_0", "parts_1"}) == (report.is_proven, answer.keys())


def test_a_file_that_may_kill_the_interpreter_does_not_kill_the_notebook(tmp_path):
    """What lies before the tensors in memory decides whether it dies or says so."""
    absolute, nothing = 101, -1  # the builtin operator ABS, and what it gets
    tables = {"operations": [{0: absolute, 3: absolute}], "operators": [{1: [nothing], 2: [1]}]}
    path = Files(tmp_path).litert(**tables, buffers=[{}], tensors=[{0: [1, 2], 3: "x"}, {0: [1, 2], 3: "y"}])
    with pytest.raises((FormatError, UnsafeFileError), match=r"first opened in a separate process|could not open"):
        load(LoadRequest(str(path)))
