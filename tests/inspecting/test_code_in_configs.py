"""What a config would run is listed with its place and needs trust; each case is beside a harmless twin."""

from __future__ import annotations

import pytest

from colab_save.inspecting.inspection import inspect

LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
OLD_LAMBDA = {"function": ["4wEAAAA=", None, None], "function_type": "lambda"}

NEEDS_TRUST = {
    "lambda in a Lambda layer": (
        lambda f: f.layer(f.an_object("Lambda", {"function": LAMBDA})),
        "config.layers[0].config.function: Python bytecode",
        lambda f: f.layer(f.an_object("Lambda", {"function": f.a_function("double")})),
    ),
    "lambda as a loss": (
        lambda f: f.trained_with(LAMBDA),
        "compile_config.loss: Python bytecode",
        lambda f: f.trained_with("mse"),
    ),
    "lambda in .h5 of Keras 2, which tf_keras runs in safe mode": (
        lambda f: f.old_h5("Lambda", OLD_LAMBDA),
        "a Lambda layer of Keras 2",
        lambda f: f.old_h5("Lambda", {"function": "double", "function_type": "function"}),
    ),
    "lambda as an output shape": (
        lambda f: f.old_h5(
            "Lambda", {"function": "double", "output_shape": ["4w", None, None], "output_shape_type": "lambda"}
        ),
        "output_shape: Python bytecode",
        lambda f: f.old_h5("Lambda", {"function": "f", "output_shape": [10], "output_shape_type": "raw"}),
    ),
    "call of tf.io.write_file": (
        lambda f: f.old_h5("TFOpLambda", {"function": "io.write_file"}),
        "a call of tf.io.write_file",
        lambda f: f.old_h5("TFOpLambda", {"function": "math.add"}),
    ),
    "call of tf.numpy_function": (
        lambda f: f.old_h5("TFOpLambda", {"function": "numpy_function"}),
        "a call of tf.numpy_function",
        lambda f: f.old_h5("TFOpLambda", {"function": "io.decode_jpeg"}),
    ),
    "node that writes": (
        lambda f: f.old_h5("TensorFlowOpLayer", {"node_def": '{"name": "x", "op": "WriteFile"}'}),
        "the operation WriteFile",
        lambda f: f.old_h5("TensorFlowOpLayer", {"node_def": '{"name": "x", "op": "AddV2"}'}),
    ),
}


@pytest.mark.parametrize("name", NEEDS_TRUST)
def test_what_would_run_code_is_listed_with_its_place(files, name):
    make, words, _ = NEEDS_TRUST[name]
    (found,) = inspect(make(files)).runs_code
    assert words in found


@pytest.mark.parametrize("name", NEEDS_TRUST)
def test_the_harmless_twin_runs_no_code(files, name):
    *_, make = NEEDS_TRUST[name]
    assert () == inspect(make(files)).runs_code
