from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colab_save.artifact.facts import (
    LayerFacts,
    ModelFacts,
    TensorFacts,
    VariableFacts,
    coarsest,
    comparable,
    given_name,
)
from colab_save.artifact.round_trip import Aspect
from colab_save.proof.comparing import (
    Difference,
    compare,
    compare_code,
    compare_structure,
    compare_training,
    compare_weights,
)
from tests.making import digest, facts, variable

variables = st.builds(
    VariableFacts,
    path=st.sampled_from(["a", "b", "c", "d"]),
    shape=st.sampled_from([(), (2,), (2, 3)]),
    dtype=st.sampled_from(["float32", "int32"]),
    trainable=st.booleans(),
    digest=st.sampled_from([digest(b"1"), digest(b"2")]),
)
sets = st.lists(variables, max_size=4, unique_by=lambda item: item.path).map(tuple)
configs = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["mse", "mae"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("xyz"), below, max_size=3),
    max_leaves=6,
)
layers = st.builds(
    LayerFacts,
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["Dense", "Scale"]),
    trainable=st.booleans(),
    dtype=st.sampled_from(["float32", "mixed_float16"]),
    arguments=st.dictionaries(st.sampled_from("xyz"), configs, max_size=2),
)
models = st.builds(
    ModelFacts,
    st.just("keras"),
    st.just("Model"),
    variables=sets,
    optimizer=sets,
    iterations=st.none() | st.integers(0, 2),
    compiled=st.none() | st.dictionaries(st.sampled_from(["loss", "metrics"]), configs),
    layers=st.lists(layers, max_size=3, unique_by=lambda item: item.path).map(tuple),
)


NOTHING: dict[Aspect, list[Difference]] = {
    aspect: [] for aspect in Aspect if aspect not in {Aspect.OUTPUTS, Aspect.STEP}
}


def places(differences):
    return [difference.where for difference in differences]


@given(models)
def test_a_model_is_equal_to_itself(model):
    assert NOTHING == compare(model, replace(model))


@given(models)
def test_a_model_is_equal_to_what_json_made_of_it(model):
    assert NOTHING == compare(model, ModelFacts.from_json(json.loads(json.dumps(model.to_json()))))


def test_nan_is_equal_to_itself():
    assert [] == compare_training(facts(compiled={"a": math.nan}), facts(compiled={"a": float("nan")}))


@given(models, models)
def test_weights_differ_in_both_directions_or_in_none(left, right):
    assert places(compare_weights(left, right)) == places(compare_weights(right, left))


@given(models, models)
def test_equal_weights_mean_equal_paths_shapes_dtypes_and_digests(left, right):
    def weights(model):
        return {(item.path, item.shape, item.dtype, item.digest) for item in model.variables}

    assert (weights(left) == weights(right)) is (compare_weights(left, right) == [])


def without_nothing(value):
    """Return a config without ``None`` at the end of a list or under a key, where it means the same as absence."""
    if isinstance(value, dict):
        return {key: without_nothing(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        items = [without_nothing(item) for item in value]
        while items and items[-1] is None:
            items.pop()
        return items
    return value


@given(configs, configs)
def test_a_change_of_the_compile_arguments_is_always_found(before, after):
    found = compare_training(facts(compiled={"loss": before}), facts(compiled={"loss": after}))
    assert (without_nothing(before) != without_nothing(after)) is bool(found)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"shape": (3, 2)}, "dense/kernel: expected float32 [2, 3], got float32 [3, 2]"),
        ({"dtype": "float16"}, "dense/kernel: expected float32 [2, 3], got float16 [2, 3]"),
        (
            {"digest": digest(b"other")},
            f"dense/kernel: expected digest {digest(b'weights')[:12]}, got digest {digest(b'other')[:12]}",
        ),
    ],
)
def test_a_changed_weight_is_named_by_path(change, where):
    changed = facts(variables=(replace(variable(), **change), facts().variables[1]))
    assert [where] == [str(item) for item in compare_weights(facts(), changed)]


def test_a_lost_weight_is_named_by_path():
    found = compare_weights(facts(), facts(variables=facts().variables[1:]))
    assert ["dense/kernel: expected float32 [2, 3], got nothing"] == [str(item) for item in found]


def test_a_weight_that_was_not_there_is_named_by_path():
    more = (*facts().variables, variable("extra", shape=()))
    assert ["extra: expected nothing, got float32 []"] == [
        str(item) for item in compare_weights(facts(), facts(variables=more))
    ]


def test_two_weights_that_changed_places_are_both_named():
    left = (variable("a", content=b"1"), variable("b", content=b"2"))
    right = (variable("a", content=b"2"), variable("b", content=b"1"))
    assert ["a", "b"] == places(compare_weights(facts(variables=left), facts(variables=right)))


def test_the_order_of_weights_does_not_matter():
    assert [] == compare_weights(facts(), facts(variables=facts().variables[::-1]))


def test_trainability_belongs_to_training_and_not_to_weights():
    frozen = tuple(replace(item, trainable=False) for item in facts().variables)
    assert [] == compare_weights(facts(), facts(variables=frozen))


def test_slots_that_only_the_reloaded_optimizer_has_are_no_difference():
    assert [] == compare_training(facts(optimizer=()), facts())


def test_a_slot_that_the_reloaded_optimizer_lost_is_a_difference():
    assert ["0:adam/m"] == places(compare_training(facts(), facts(optimizer=facts().optimizer[1:])))


def test_a_slot_with_another_value_is_a_difference():
    changed = (variable("0:adam/m", content=b"zeros"), facts().optimizer[1])
    assert ["0:adam/m"] == places(compare_training(facts(), facts(optimizer=changed)))


@pytest.mark.parametrize("iterations", [None, 0, 8])
def test_other_iterations_are_a_difference(iterations):
    assert ["iterations"] == places(compare_training(facts(), facts(iterations=iterations)))


def test_a_layer_that_came_back_trainable_is_named():
    head, dense = LayerFacts("head", "Dense"), LayerFacts("dense", "Dense")
    found = compare_training(facts(layers=(replace(dense, trainable=False), head)), facts(layers=(dense, head)))
    assert [Difference("trainable.dense", "False", "True")] == found


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"class_name": "Scale"}, "dense.class: expected 'Dense', got 'Scale'"),
        ({"dtype": "mixed_float16"}, "dense.dtype: expected 'float32', got 'mixed_float16'"),
        ({"arguments": {"units": 4}}, "dense.units: expected 3, got 4"),
        ({"arguments": {}}, "dense.units: expected 3, got None"),
    ],
)
def test_a_layer_with_other_arguments_is_named_with_the_difference(change, where):
    found = compare_structure(facts(), facts(layers=(replace(facts().layers[0], **change),)))
    assert [where] == [str(item) for item in found]


def test_a_layer_that_is_gone_is_named():
    assert ["dense"] == places(compare_structure(facts(), facts(layers=())))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": "z"}, "inputs[0].name"),
        ({"shape": (None, 3)}, "inputs[0].shape[1]"),
        ({"dtype": "int32"}, "inputs[0].dtype"),
    ],
)
def test_an_input_that_differs_is_named(change, where):
    changed = replace(facts().inputs[0], **change)
    assert [where] == places(compare_structure(facts(), facts(inputs=(changed,))))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pixels", "pixels"),
        ("pixels_clone", "pixels"),
        ("input_of_mine", "input_of_mine"),
        ("keras_tensor", ""),
        ("keras_tensor_13_clone", ""),
        ("keras_tensor_13CLONE", ""),
        ("input_layer_3", ""),
        ("dense/BiasAdd:0", ""),
        ("tf.math.add_1/Add:0", ""),
    ],
)
def test_a_name_that_keras_made_up_is_not_a_given_name(name, expected):
    assert expected == given_name(name)


def test_names_that_keras_numbered_are_not_compared():
    left, right = (
        facts(outputs=(TensorFacts(name, (None, 3), "float32"),)) for name in ("keras_tensor_4", "keras_tensor")
    )
    assert [] == compare_structure(left, right)


@pytest.mark.parametrize(("name", "count"), [("input_4", 0), ("keras_tensor_5CLONE", 0), ("pixels", 2)])
def test_an_input_layer_whose_name_was_made_up_goes_by_its_position(name, count):
    left, right = (facts(layers=(LayerFacts(path, "InputLayer"),)) for path in ("input_1", name))
    assert (count, count) == (len(compare_structure(left, right)), len(compare_training(left, right)))


def test_a_dropped_input_layer_is_a_difference():
    left, right = (
        facts(layers=tuple(LayerFacts(path, "InputLayer") for path in paths))
        for paths in (("input_1", "input_2"), ("input_1",))
    )
    assert ["input 2"] == [item.where for item in compare_structure(left, right)]


def test_another_name_that_the_user_gave_is_a_difference():
    left, right = (facts(outputs=(TensorFacts(name, (None, 3), "float32"),)) for name in ("score_clone", "rank"))
    assert ["outputs[0].name"] == [item.where for item in compare_structure(left, right)]


@pytest.mark.parametrize(("dtype", "count"), [("map_float32", 0), ("map_mixed_float16", 1), ("mixed_float16", 1)])
def test_a_map_of_dtype_policies_is_the_policy_that_the_layer_itself_computes_in(dtype, count):
    left, right = (facts(layers=(LayerFacts("", "Block", dtype=name),)) for name in ("float32", dtype))
    assert count == len(compare_structure(left, right))


def test_a_custom_class_that_did_not_come_back_is_named():
    assert ["Scale"] == places(compare_code(facts(custom=("Loss", "Scale")), facts(custom=("Loss",))))


@pytest.mark.parametrize("name", ["losses", "metrics", "held"])
def test_attributes_of_compiled_objects_belong_to_training(name):
    changed = facts(**{name: {"x": {"delta": 2.0}}})
    assert 1 == len(compare_training(changed, facts(**{name: {"x": {"delta": 1.0}}})))


def test_a_seed_that_starts_again_belongs_to_training():
    assert ["state.dropout/seed_generator[1]"] == places(
        compare_training(
            facts(states={"dropout/seed_generator": (7, 3)}), facts(states={"dropout/seed_generator": (7, 0)})
        )
    )


@pytest.mark.parametrize(
    ("compiled", "where"),
    [
        (None, ["compile"]),
        ({}, ["compile.loss", "compile.metrics"]),
        ({**facts().compiled, "loss": "mae"}, ["compile.loss"]),
        ({**facts().compiled, "jit": True}, ["compile.jit"]),
        ({"loss": "mse", "metrics": ["mae"]}, ["compile.metrics[1]"]),
        (
            {"loss": "mse", "metrics": ["mae", {"class_name": "AUC", "config": {"bins": 4}}]},
            ["compile.metrics[1].config.bins"],
        ),
        ({"loss": ["mse"], "metrics": "mae"}, ["compile.loss", "compile.metrics"]),
    ],
)
def test_compile_arguments_that_differ_are_named_by_place(compiled, where):
    assert where == places(compare_training(facts(), facts(compiled=compiled)))


def test_a_tuple_and_the_list_that_json_makes_of_it_are_equal():
    assert [] == compare_training(facts(compiled={"a": (1, (2,))}), facts(compiled={"a": [1, [2]]}))


def test_a_long_value_is_cut_in_a_difference():
    (found,) = compare_training(facts(compiled={"a": "x" * 500}), facts(compiled={"a": "y"}))
    assert len(found.expected) < 90


@pytest.mark.parametrize(("shapes", "expected"), [([], 0), ([()], 1), ([(2, 3), (3,)], 9), ([(0, 5)], 0)])
def test_parameters_are_counted(shapes, expected):
    weights = tuple(variable(str(index), shape=shape) for index, shape in enumerate(shapes))
    assert expected == facts(variables=weights).parameters


@pytest.mark.parametrize("value", [None, [], "facts", {}, {"kind": 1}, {**facts().to_json(), "variables": {}}])
def test_json_that_is_not_facts_is_refused(value):
    with pytest.raises(ValueError, match=r"record|missing|not a"):
        ModelFacts.from_json(value)


def config(module):
    return {"module": module, "class_name": "Own", "config": {"units": 2}, "registered_name": "Own"}


@pytest.mark.parametrize(
    "module", ["__main__", "models", "keras_models", "tf_keras_models", "colab_save_custom_code", None]
)
def test_where_a_custom_object_was_defined_is_not_compared(module):
    assert [{"loss": {"class_name": "Own", "config": {"units": 2}}}] == comparable([{"loss": config(module)}])


@pytest.mark.parametrize("module", ["keras", "keras.losses", "tf_keras.src.losses"])
def test_where_keras_has_an_object_is_compared(module):
    assert config(module) == comparable(config(module))


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        ([], "float32"),
        (["float32", "int32", "float64"], "float32"),
        (["float32", "mixed_float16"], "float16"),
        (["float16", "mixed_bfloat16"], "bfloat16"),
    ],
)
def test_the_coarsest_dtype_is_found_in_dtypes_and_policies(dtypes, expected):
    assert expected == coarsest(*dtypes)


def test_long_arguments_stand_in_place_of_their_digests_where_they_are_known():
    held = {"words": "sha256 1", "more": [{"table": "sha256 2"}, 3]}
    whole = facts(layers=(LayerFacts("a", "Lookup", arguments=held),)).with_values({"sha256 1": ["cat"]})
    assert {"words": ["cat"], "more": [{"table": "sha256 2"}, 3]} == whole.layers[0].arguments


def test_two_digests_of_long_arguments_are_called_digests():
    before, after = (
        facts(layers=(LayerFacts("a", "Lookup", arguments={"words": f"sha256 {letter * 64}"}),)) for letter in "ab"
    )
    assert ["a.words: expected digest aaaaaaaaaaaa, got digest bbbbbbbbbbbb"] == list(
        map(str, compare_structure(before, after))
    )
