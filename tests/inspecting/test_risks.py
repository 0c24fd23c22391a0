"""Files that would hang Keras or take all memory are recognised before they are opened; good models are not."""

from __future__ import annotations

import pytest

from colab_save.inspecting.findings import needs_child
from colab_save.inspecting.inspection import inspect, inspect_architecture


def tensor(name, at=0):
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, at, 0]}}


def new(*tensors):
    """Return a call as Keras 3 writes it."""
    return {"args": [list(tensors)], "kwargs": {}}


def old(*calls):
    """Return a call as Keras 2 wrote it."""
    return [[name, at, 0, {}] for name, at in calls]


def layer(files, name, *calls, kind="Dense"):
    return files.an_object(kind, {"units": 2}) | {"name": name, "inbound_nodes": list(calls)}


def functional(files, *layers):
    return files.an_object("Functional", {"layers": list(layers)}, "keras")


GRAPHS = {
    "a call of what is not called so often": lambda f: functional(
        f, layer(f, "x", kind="InputLayer"), layer(f, "enc", old(("x", 0))), layer(f, "y", old(("enc", 1)))
    ),
    "the same, as Keras 3 writes it": lambda f: functional(
        f, layer(f, "x", kind="InputLayer"), layer(f, "enc", new(tensor("x"))), layer(f, "y", new(tensor("enc", 7)))
    ),
    "two that wait for each other": lambda f: functional(
        f, layer(f, "one", new(tensor("two"))), layer(f, "two", new(tensor("one")))
    ),
    "one that waits for itself": lambda f: functional(f, layer(f, "one", new(tensor("one")))),
    "two layers of one name": lambda f: functional(
        f, layer(f, "x", kind="InputLayer"), layer(f, "y", new(tensor("x"))), layer(f, "y", new(tensor("x")))
    ),
    "a model in a model": lambda f: f.sequential(functional(f, layer(f, "one", new(tensor("one"))))),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_a_graph_that_never_ends_is_a_risk(files, case):
    findings = inspect(files.keras(GRAPHS[case](files)))
    assert (True, ["holds a graph that never ends"]) == (
        needs_child(findings),
        [risk.partition(":")[0] for risk in findings.risks],
    )


def test_a_graph_in_any_order_with_shared_layers_ends(files):
    layers = [
        layer(files, "sum", new(tensor("d", 1), tensor("e"))),
        layer(files, "d", new(tensor("x")), new(tensor("e"))),
        layer(files, "e", new(tensor("d"))),
        layer(files, "x", kind="InputLayer"),
    ]
    assert () == inspect(files.keras(functional(files, *layers))).risks


SIZES = {
    "a wide layer": lambda f: [f.dense(units=2**30)],
    "two that are wide together": lambda f: [f.dense(units=50_000), f.dense(units=50_000)],
    "a recurrent one": lambda f: [f.an_object("LSTM", {"units": 20_000})],
    "a table": lambda f: [f.an_object("Embedding", {"input_dim": 2**20, "output_dim": 2**10})],
    "an image in one axis": lambda f: [
        f.an_object("InputLayer", {"batch_shape": [None, 10_000, 10_000, 3]}),
        f.an_object("Flatten"),
        f.an_object("Dense", {"units": 100}),
    ],
    "a kernel": lambda f: [f.an_object("Conv2D", {"filters": 9, "kernel_size": [9999, 9999]})],
    "many layers": lambda f: [f.dense(units=4_000)] * 40,
}


@pytest.mark.parametrize("case", SIZES)
def test_a_file_that_declares_far_more_than_it_stores_is_a_risk(files, case):
    config = files.sequential(*[item | {"build_config": None} for item in SIZES[case](files)])
    findings = inspect(files.keras(config))
    assert (True, 1) == (needs_child(findings), len(findings.risks))
    assert "declares up to" in findings.risks[0]


def test_what_it_stores_it_may_declare(files):
    config = files.sequential(*[files.dense(units=4_000) | {"build_config": None}] * 40)
    path = files.h5(config, edit=lambda file: file.create_dataset("layers/big", data=b"\1" * 20_000_000))
    assert () == inspect(path).risks


@pytest.mark.parametrize(
    ("module", "name"),
    [("convnext", "LayerScale"), ("convnext", "StochasticDepth"), ("inception_resnet_v2", "CustomScaleLayer")],
)
def test_the_layers_of_keras_applications_are_no_risk(files, module, name):
    own = files.an_object(name, module=f"keras.src.applications.{module}")
    assert ((), ()) == ((found := inspect(files.layer(own))).risks, found.custom_names)


@pytest.mark.tensorflow
def test_a_published_network_is_no_risk(tmp_path):
    import keras

    model = keras.applications.MobileNetV3Small(weights=None)
    architecture = tmp_path / "architecture.json"
    architecture.write_text(model.to_json())
    assert () == inspect_architecture(architecture, stored=4 * model.count_params()).risks
