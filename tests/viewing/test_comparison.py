"""Two versions side by side, from their manifests and samples alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from colab_save.artifact.manifest import Part, Payload, SampleFacts
from colab_save.artifact.sample import write_arrays
from colab_save.stores.local import LocalStore
from colab_save.viewing.comparison import compare_versions
from tests.making import V1, V2, V3, facts, passed, save_version, variable


@pytest.fixture
def save(own_folder, tmp_path):
    """Save a version of cats with a sample."""
    store = LocalStore(own_folder / "models")

    def make(version, asked, answer, **changes):
        file = tmp_path / f"{version}.npz"
        structures = write_arrays(file, inputs=np.array(asked), outputs=np.array(answer))
        sample = SampleFacts("sample.npz", structures["inputs"], structures["outputs"])
        files = {"model.keras": version.encode(), "sample.npz": file.read_bytes()}
        save_version(store, tmp_path, version, files, sample=sample, **changes)

    return make


def compared():
    return str(compare_versions(f"cats@{V1}", f"cats@{V2}"))


def test_equal_versions_say_so(save):
    save(V1, [1.0, 2.0], [3.0])
    save(V2, [1.0, 2.0], [3.0])
    assert "outputs: equal for the same sample, within tolerance" in compared()
    assert "equal: weights, training" in compared()


def test_the_largest_difference_of_the_answers_is_told(save):
    save(V1, [1.0, 2.0], [3.0, 4.0])
    save(V2, [1.0, 2.0], [3.0, 4.5])
    assert "the largest difference is 0.5 in output" in compared()


def test_answers_to_different_samples_are_not_compared(save):
    save(V1, [1.0], [3.0])
    save(V2, [2.0], [3.0])
    assert "not compared: their samples have different inputs" in compared()


def test_what_differs_inside_is_counted_and_the_first_is_named(save):
    save(V1, [1.0], [3.0])
    save(V2, [1.0], [3.0], facts=facts(variables=(variable(content=b"other"), variable("dense/bias", shape=(3,)))))
    assert "weights: dense/kernel: expected digest" in compared()


def several(**changes):
    names = {"g": facts(), "d": facts(**changes)}
    trips = tuple(replace(passed(), part=name) for name in names)
    payloads = tuple(Payload("keras", f"{name}/model.keras") for name in names)
    return {"parts": tuple(Part(name, of) for name, of in names.items()), "payloads": payloads, "round_trips": trips}


def test_of_several_models_each_is_compared_with_its_own(own_folder, tmp_path):
    store = LocalStore(own_folder / "models")
    files = {"g/model.keras": b"g", "d/model.keras": b"d"}
    save_version(store, tmp_path, V1, files, **several())
    save_version(store, tmp_path, V2, files, **several(iterations=9))
    said = compared()
    assert ("d training: iterations" in said, "g equal: weights, training" in said) == (True, True)
    save_version(store, tmp_path, V3, {"model.keras": b"m"})
    assert "only one of the two has: a single model, d, g" in str(compare_versions(f"cats@{V1}", f"cats@{V3}"))


def test_json_tells_differences_and_what_is_equal_apart(save):
    save(V1, [1.0], [3.0])
    save(V2, [1.0], [3.0], facts=facts(iterations=9))
    document = compare_versions(f"cats@{V1}", f"cats@{V2}").to_json()
    differences = [each["about"] for each in document["differences"]]
    assert (["training"], ["weights", "structure", "code"]) == (differences, document["equal"])


def test_a_row_of_values_does_not_repeat_the_versions(save):
    save(V1, [1.0], [3.0], tags=("best",))
    save(V2, [1.0], [3.0], tags=("worst",))
    assert "  tags: first best, second worst" in compared().splitlines()


def test_only_what_differs_of_the_environment_is_shown(save):
    save(V1, [1.0], [3.0], environment={"python": "3.12.0", "keras": "3.13.2"})
    save(V2, [1.0], [3.0], environment={"python": "3.12.0", "keras": "3.15.1"})
    said = compared()
    assert "keras: first 3.13.2, second 3.15.1" in said
    assert "python" not in said


def test_a_version_without_a_sample_is_compared_in_all_else(save, own_folder, tmp_path):
    save(V1, [1.0], [3.0])
    save_version(LocalStore(own_folder / "models"), tmp_path, V2, {"model.keras": b"m"}, note="the second")
    said = compared()
    assert "not compared: one of the versions has no recorded sample" in said
    assert "the second" in said
