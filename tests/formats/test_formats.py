"""Each format under the contract, and what is its own."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from colab_save.artifact.sample import Sample
from colab_save.errors import ColabSaveError, FormatError, RequestError
from colab_save.formats.base import Context, get_format
from colab_save.formats.onnx import OnnxOptions
from colab_save.formats.saved_model import SavedModelOptions
from colab_save.model.examining import examine
from colab_save.proof.comparing import compare_weights
from colab_save.sampling.sampling import take_sample
from tests import zoo
from tests.formats.contract import FormatContract

pytestmark = pytest.mark.tensorflow


class TestKeras(FormatContract):
    name = "keras"

    def test_a_subclassed_model_comes_back_with_its_classes(self, tmp_path):
        plug, model = get_format("keras"), zoo.subclassed()
        self.saved(plug, model, tmp_path)
        custom = {"Classifier": zoo.Classifier, "Scale": zoo.Scale}
        loaded = plug.load(tmp_path / plug.payload, Context(custom))
        assert [] == compare_weights(examine(model), examine(loaded))

    def test_a_model_saved_as_hdf5_before_keeps_its_optimizer(self, tmp_path):
        model = zoo.compiled_untrained()
        model.save(tmp_path / "by_keras_itself.h5")  # pops the optimizer out of the live compile arguments
        plug = get_format("keras")
        self.saved(plug, model, tmp_path)
        loaded = plug.load(tmp_path / plug.payload, Context({}))
        assert "SGD" == type(loaded.optimizer).__name__

    def test_keras_still_pops_the_optimizer_where_we_put_it_back(self, tmp_path):
        model = zoo.compiled_untrained()
        assert "optimizer" in model._compile_config.config, "Keras has moved what whole_compile_config mends"

    def test_a_model_that_cannot_be_written_is_refused_in_kerass_words(self, tmp_path):
        class Stubborn(keras.Model):
            def call(self, inputs):
                return inputs

            def get_config(self):
                raise RuntimeError("I keep my secrets")

        model = Stubborn()
        model(np.ones((2, 2), "float32"))
        plug = get_format("keras")
        with pytest.raises(FormatError, match="I keep my secrets"):
            self.saved(plug, model, tmp_path)


class TestH5(FormatContract):
    name = "h5"
    models = tuple(name for name in zoo.MODELS if name != "text")

    def test_a_subclassed_model_is_refused_before_anything_is_written(self):
        assert "subclassed" in get_format("h5").refusal(zoo.subclassed())

    def test_adams_moments_come_back(self, tmp_path):
        plug, model = get_format("h5"), zoo.sequential()
        self.saved(plug, model, tmp_path)
        loaded = plug.load(tmp_path / plug.payload, Context({}))
        assert len(model.optimizer.variables) == len(loaded.optimizer.variables)
        assert all(
            np.array_equal(one, other)
            for one, other in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True)
        )


@pytest.mark.parametrize("name", ["h5", "weights"])
def test_a_learnt_vocabulary_stops_the_formats_that_would_lose_it(name):
    assert "text_vectorization" in get_format(name).refusal(zoo.text())


class TestWeights(FormatContract):
    name = "weights"
    models = tuple(name for name in zoo.MODELS if name != "text")

    def test_it_loads_into_a_model(self, tmp_path):
        plug, model, other = get_format("weights"), zoo.sequential(), zoo.sequential()
        self.saved(plug, model, tmp_path)
        plug.load(tmp_path / plug.payload, Context({}, into=other))
        assert [] == compare_weights(examine(model), examine(other))

    def test_without_an_architecture_or_a_model_it_says_so(self, tmp_path):
        plug = get_format("weights")
        self.saved(plug, zoo.untrained(), tmp_path)
        (tmp_path / "architecture.json").unlink()
        with pytest.raises(FormatError, match="weights only"):
            plug.load(tmp_path / plug.payload, Context({}))

    def test_another_architecture_is_refused(self, tmp_path):
        plug = get_format("weights")
        self.saved(plug, zoo.sequential(), tmp_path)
        with pytest.raises(FormatError, match="could not load"):
            plug.load(tmp_path / plug.payload, Context({}, into=zoo.convolutional()))


class TestLiteRT(FormatContract):
    name = "litert"
    models = ("convolutional", "many_inputs", "list_of_inputs", "tabular")


class TestSavedModel(FormatContract):
    name = "saved_model"

    def written(self, model, folder, given=None, **options):
        plug = get_format("saved_model")
        sample = take_sample(model, given, plug.run, plug.specs(model))
        notes = plug.save(model, folder, sample, SavedModelOptions(**options))
        return plug.load(folder / plug.payload, Context({})), notes

    def test_the_signature_names_inputs_and_outputs(self, tmp_path):
        loaded, _ = self.written(zoo.many_inputs(), tmp_path)
        signature = loaded.signatures["serving_default"]
        assert {"left", "right"} == signature.structured_input_signature[1].keys()
        assert {"score", "parts_0", "parts_1"} == signature.structured_outputs.keys()

    def test_the_users_names_of_output_layers_are_the_names_of_outputs(self, tmp_path):
        loaded, _ = self.written(zoo.tabular(), tmp_path)
        assert {"price"} == loaded.signatures["serving_default"].structured_outputs.keys()

    def test_names_that_keras_made_up_are_numbered(self, tmp_path):
        loaded, _ = self.written(zoo.sequential(), tmp_path)
        signature = loaded.signatures["serving_default"]
        assert ({"inputs"}, {"output_0"}) == (
            set(signature.structured_input_signature[1]),
            set(signature.structured_outputs),
        )

    @pytest.mark.parametrize("count", [1, 5])
    def test_any_number_of_rows_is_accepted(self, tmp_path, count):
        loaded, _ = self.written(zoo.sequential(), tmp_path)
        signature = loaded.signatures["serving_default"]
        assert (count, 2) == signature(inputs=tf.ones((count, 4)))["output_0"].shape

    def test_a_fixed_batch_can_be_asked_for(self, tmp_path):
        loaded, _ = self.written(zoo.sequential(), tmp_path, batch=4)
        assert 4 == loaded.signatures["serving_default"].structured_input_signature[1]["inputs"].shape[0]

    def test_a_model_that_needs_its_batch_size_is_written_with_it_and_says_so(self, tmp_path):
        class Looping(keras.Model):
            def call(self, inputs):
                return tf.stack([inputs[row] * 2.0 for row in range(inputs.shape[0])])

        _, notes = self.written(Looping(), tmp_path, zoo.rows(3, 2))
        assert "exactly 3 rows" in notes[0]

    def test_it_brings_no_optimizer_along(self, tmp_path):
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(512)])
        zoo.trained(model, zoo.rows(4, 64), zoo.rows(4, 512))
        self.written(model, tmp_path)
        size = sum(file.stat().st_size for file in tmp_path.rglob("variables.data*"))
        assert size < 1.5 * model.count_params() * 4

    def test_nested_inputs_and_outputs_are_those_of_the_notebook(self, tmp_path):
        model = zoo.many_inputs()
        loaded, _ = self.written(model, tmp_path)
        inputs = {"left": zoo.rows(3, 3), "right": np.array([[0, 1], [2, 3], [4, 0]])}
        assert {"score", "parts"} == loaded(inputs).keys()
        assert (3, 1) == loaded.predict(inputs, batch_size=2)["score"].shape

    def test_predict_answers_as_the_live_model_does(self, tmp_path):
        model = zoo.sequential()
        loaded, _ = self.written(model, tmp_path)
        inputs = zoo.rows(70, 4)
        np.testing.assert_allclose(model.predict(inputs, verbose=0), loaded.predict(inputs), rtol=1e-5, atol=1e-6)

    def test_predict_takes_a_dataset_of_batches(self, tmp_path):
        loaded, _ = self.written(zoo.sequential(), tmp_path)
        assert (6, 2) == loaded.predict(tf.data.Dataset.from_tensor_slices(zoo.rows(6, 4)).batch(4)).shape

    def test_inputs_are_cast_to_the_signatures_dtype(self, tmp_path):
        loaded, _ = self.written(zoo.sequential(), tmp_path)
        assert tf.float32 == loaded(np.ones((2, 4), "float64")).dtype

    def test_a_users_function_becomes_an_endpoint(self, tmp_path):
        model = zoo.sequential()

        @tf.function(input_signature=[tf.TensorSpec((None, 4), name="x")])
        def classify(x):
            return {"label": tf.argmax(model(x, training=False), axis=-1)}

        loaded, _ = self.written(model, tmp_path, signatures={"classify": classify})
        assert {"serving_default", "classify"} == set(loaded.signatures)
        assert (3,) == loaded.classify(tf.ones((3, 4)))["label"].shape

    def test_a_plain_function_is_refused_as_an_endpoint(self, tmp_path):
        with pytest.raises(RequestError, match=r"not a tf\.function"):
            self.written(zoo.sequential(), tmp_path, signatures={"classify": len})

    def test_a_module_comes_back_with_its_functions_and_variables(self, tmp_path):
        model = zoo.Counter()
        loaded, _ = self.written(model, tmp_path)
        assert [] == compare_weights(examine(model), examine(loaded))
        assert 5.0 == float(loaded.grow(1.0))

    def test_a_keras_model_in_a_module_comes_back_by_its_path(self, tmp_path):
        model = Exporting()
        before = set(vars(model))
        loaded, _ = self.written(model, tmp_path, zoo.rows(2, 4))
        assert [] == compare_weights(examine(model), examine(loaded))
        assert before == set(vars(model))
        assert (b"no", 3.0) == (loaded.labels(0).numpy(), float(loaded.program.scale))
        np.testing.assert_allclose(model(zoo.rows(2, 4)), loaded(zoo.rows(2, 4)), rtol=1e-6)

    def test_swapped_weights_of_a_keras_model_in_a_module_are_told(self, tmp_path):
        model, other = Exporting(), Exporting()
        one, two, *_ = model.net.layers
        other.net.set_weights([*two.get_weights(), *one.get_weights(), *model.net.layers[-1].get_weights()])
        loaded, _ = self.written(other, tmp_path, zoo.rows(2, 4))
        told = compare_weights(examine(model), examine(loaded))
        assert ["net/dense/kernel", "net/dense_1/kernel"] == [difference.where for difference in told]

    def test_a_module_without_functions_is_refused(self):
        assert "tf.function" in get_format("saved_model").refusal(tf.Module())

    def test_a_signature_of_several_inputs_wants_their_names(self, tmp_path):
        model = zoo.many_inputs()
        plug = get_format("saved_model")
        plug.save(model, tmp_path, take_sample(model, None, plug.run), SavedModelOptions())
        loaded = plug.load(tmp_path / plug.payload, Context({}))
        loaded.function = loaded.signatures["serving_default"]
        with pytest.raises(RequestError, match="left, right"):
            loaded(zoo.rows(2, 3))

    def test_a_folder_that_is_none_is_an_error_of_the_tree(self, tmp_path):
        with pytest.raises(ColabSaveError):
            get_format("saved_model").load(tmp_path, Context({}))


class Exporting(tf.Module):
    """Around a Keras model, as tutorials write it: without a call of the base class, traced when it is made."""

    def __init__(self):
        layers = [keras.layers.Dense(4), keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)]
        self.net = keras.Sequential([keras.Input((4,)), *layers])
        self.scale = tf.Variable(3.0)
        self.names = ["no", "yes"]
        self.__call__.get_concrete_function(tf.TensorSpec((None, 4)))

    @tf.function
    def __call__(self, x):
        return self.net(x, training=False) * self.scale

    @tf.function(input_signature=[tf.TensorSpec((), tf.int32)])
    def labels(self, index):
        return tf.gather(tf.constant([*self.names]), index)


class Cleaning(tf.Module):
    """Calls what ONNX has no operator for."""

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="x")])
    def __call__(self, x):
        return tf.strings.regex_replace(x, "a+", "")


class Large(tf.Module):
    """Declares 2 GiB of weights, and has none."""

    @property
    def variables(self):
        return [SimpleNamespace(shape=(2**29,), dtype=tf.float32)]

    @tf.function(input_signature=[tf.TensorSpec((None, 1))])
    def __call__(self, x):
        return x


class Drawing(keras.layers.Layer):
    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


class TestOnnx(FormatContract):
    name = "onnx"
    models = ("many_inputs", "tabular")
    """All that it can hold are proven in test_saving.py."""

    def written(self, model, folder, **options):
        plug = get_format("onnx")
        plug.save(model, folder, take_sample(model, None, plug.run, plug.specs(model)), OnnxOptions(**options))
        return plug.load(folder / plug.payload, Context({}))

    def test_nothing_is_printed_and_logging_stays_as_it_was(self, tmp_path, capfd):
        root = logging.getLogger()
        before = (root.level, [*root.handlers])
        self.written(zoo.untrained(), tmp_path)
        assert (("", ""), before) == (capfd.readouterr(), (root.level, [*root.handlers]))

    def test_an_opset_can_be_asked_for(self, tmp_path):
        self.written(zoo.untrained(), tmp_path, opset=17)
        made = onnx.load(tmp_path / "model.onnx")
        assert 17 == next(each.version for each in made.opset_import if not each.domain)

    @pytest.mark.parametrize("opset", [13, 19, "17", True])
    def test_another_opset_is_refused(self, opset):
        with pytest.raises(RequestError, match="must be one of 14, 15, 16, 17, 18"):
            OnnxOptions(opset=opset)

    def test_the_exact_gelu_is_written_though_tf2onnx_has_it_not(self, tmp_path):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Activation("gelu")])
        inputs = np.linspace(-6, 6, 40, dtype="float32").reshape(10, 4)
        np.testing.assert_allclose(model(inputs), self.written(model, tmp_path)(inputs), rtol=1e-4, atol=1e-6)

    def test_a_module_of_functions_is_written_too(self, tmp_path):
        assert 4.0 == float(self.written(zoo.Counter(), tmp_path)([[1.0, 0.0]])["y"][0, 0])

    def test_an_operation_without_a_counterpart_is_named(self, tmp_path):
        plug, model = get_format("onnx"), Cleaning()
        sample = Sample(np.array([b"a"], object), np.array([b""], object), plug.specs(model))
        with pytest.raises(FormatError, match="The model calls StaticRegexReplace, for which ONNX has no operator"):
            plug.save(model, tmp_path, sample, plug.Options())
        assert [] == [*tmp_path.iterdir()]

    def test_a_model_that_is_random_at_inference_is_refused(self, tmp_path):
        with pytest.raises(FormatError, match="draws other numbers"):
            self.written(keras.Sequential([keras.Input((4,)), Drawing()]), tmp_path)

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (Large, "its weights are 2.1 GB, and an ONNX file holds 2.1 GB at most"),
            (zoo.text, "no operators for text_vectorization, a TextVectorization"),
            (zoo.bfloat16_outputs, "bfloat16"),
            (tf.Module, "tf.function"),
        ],
    )
    def test_what_it_cannot_hold_is_refused_before_anything_is_written(self, make, words):
        assert words in get_format("onnx").refusal(make())
