"""What every format must do; each format's test class subclasses this one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from colab_save.artifact.round_trip import Aspect
from colab_save.artifact.sample import Sample
from colab_save.dialect import kind_of
from colab_save.errors import ColabSaveError, FormatError, SampleError
from colab_save.format_table import FORMATS
from colab_save.formats.base import Context, Format, get_format
from colab_save.inspecting.inspection import inspect
from colab_save.model.examining import examine
from colab_save.model.repairing import Record, repair
from colab_save.nested import leaves
from colab_save.progress import ignore_steps
from colab_save.proof.comparing import compare
from colab_save.proof.tolerances import compare_outputs
from colab_save.sampling.sampling import take_sample
from colab_save.viewing.weights import weigh
from tests.zoo import MODELS


class FormatContract:
    """Subclass it and set ``name`` and ``models``, the names of models that the format must prove here.

    A format that takes no Keras models sets ``zoo``, the makers of its own by the same names, and their classes.
    """

    name: str
    zoo: Mapping[str, Callable[[], Any]] = MODELS
    custom: Mapping[str, Any] = MappingProxyType({})
    models: tuple[str, ...] = tuple(MODELS)

    def pytest_generate_tests(self, metafunc):
        if "model" in metafunc.fixturenames:
            metafunc.parametrize("model", self.models, indirect=True)

    @pytest.fixture
    def plug(self) -> Format:
        return get_format(self.name)

    @pytest.fixture
    def model(self, request):
        return self.zoo[request.param]()

    @pytest.fixture(scope="class")
    @classmethod
    def small(cls, tmp_path_factory):
        """A folder with a small model, which no test changes."""
        folder = tmp_path_factory.mktemp(cls.name)
        cls.saved(get_format(cls.name), cls.zoo["untrained"](), folder)
        return folder

    @staticmethod
    def sampled(plug, model):
        return take_sample(model, None, plug.run, plug.specs(model))

    @classmethod
    def saved(cls, plug, model, folder):
        sample = cls.sampled(plug, model)
        plug.save(model, folder, sample, plug.Options())
        return sample

    def test_it_loads_what_it_says_it_holds(self, plug, model, tmp_path):
        sample = self.saved(plug, model, tmp_path)
        loaded = plug.load(tmp_path / plug.payload, Context(self.custom))
        if kind_of(loaded) == "keras":  # as the round trip and every load do
            repair(loaded, tmp_path / plug.payload, Record.of(examine(model)), {})
        actual = plug.run(loaded, sample.inputs)
        errors, differences = compare_outputs(sample.outputs, actual, 1e-5, 1e-5, "float32")
        found = {aspect: places for aspect, places in compare(examine(model), examine(loaded)).items() if places}
        assert ([], {}) == (differences, {aspect: found[aspect] for aspect in plug.holds & found.keys()})
        assert len(errors) == len(list(leaves(sample.outputs)))

    def test_saving_leaves_the_live_model_as_it_was(self, plug, tmp_path):
        model = self.zoo["sequential"]()
        before = examine(model)
        self.saved(plug, model, tmp_path)
        assert before == examine(model)

    def test_its_weights_are_read_without_building_the_model(self, plug, tmp_path):
        if Aspect.WEIGHTS not in plug.holds:
            pytest.skip(f"{self.name} does not hold the weights of a model")
        model = self.zoo["sequential"]()
        self.saved(plug, model, tmp_path)
        payload, facts = tmp_path / plug.payload, examine(model)
        read = {weight.digest for weight in weigh(payload, inspect(payload).format, ignore_steps)}
        assert set() == {item.digest for item in facts.variables} - read
        assert set() == {item.digest for item in facts.optimizer if item.shape} & read

    def test_the_payload_has_its_conventional_name(self, plug, small):
        assert (small / plug.payload).exists()

    def test_its_opening_lines_open_it_without_this_package(self, plug, bare_python, small):
        assert "" == bare_python(plug.opening.format(keras="keras"), small)

    def test_a_truncated_payload_is_an_error_of_the_tree(self, plug, small, tmp_path):
        payload = shutil.copytree(small, tmp_path / "copy") / plug.payload
        files = (
            [payload]
            if payload.is_file()
            else [path for path in payload.rglob("*") if path.suffix in {".pb", ".index"}]
        )
        for file in files:
            file.write_bytes(file.read_bytes()[:40])
        with pytest.raises(ColabSaveError) as caught:
            plug.load(payload, Context({}))
        assert plug.payload in str(caught.value)

    def test_without_a_sample_it_is_written_or_refused_with_the_reason(self, plug, tmp_path):
        """Whether a format can do without one is its own; what it writes is whole."""
        missing, refusal = SampleError("The model accepts no inputs.", "Pass some."), ""
        try:
            plug.save(self.zoo["untrained"](), tmp_path, Sample(None, None, None, missing=missing), plug.Options())
        except FormatError as error:
            refusal = str(error)
        assert (tmp_path / plug.payload).exists() or refusal.endswith("The model accepts no inputs.\nHint: Pass some.")

    def test_it_is_registered_under_its_name(self, plug):
        assert self.name in FORMATS
        assert self.name == plug.name

    def test_it_keeps_outputs(self, plug):
        assert Aspect.OUTPUTS in plug.holds

    def test_an_answer_is_nested_arrays(self, plug):
        sample = self.sampled(plug, self.zoo["many_inputs"]())
        assert all(isinstance(item, np.ndarray) for _, item in leaves(sample.outputs))
