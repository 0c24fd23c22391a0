"""Models that others write, saved by one line in one kernel, loaded in another that never ran their cells.

A file of `tests/others` is a notebook (see `tests/notebooks_of_others.py`).
"""

from __future__ import annotations

import pytest

from tests.notebooks_of_others import TESTS, Notebook, recorded, start_pair

# jupyter_client 7.4.9, which Colab pins, is older than its Python.
pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.outside,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

EVERY = sorted(path.relative_to(TESTS / "others").with_suffix("").as_posix() for path in TESTS.glob("others/*/*.py"))
FEW = (
    "audio/spectrogram_in_a_layer",
    "generative/vae",
    "graph/dense_gcn",
    "keras2/tf_keras_convnet",
    "layers/preprocessing_of_every_kind",
    "reinforcement/deep_q_breakout",
    "structured/from_scratch_feature_encoding",
    "text/end_to_end_vectorization",
    "timeseries/stateful_lstm",
    "training/custom_train_step",
    "transfer/lora_dense",
    "vision/convnet_of_digits",
)
"""One of each family, for every run; ``--hypothesis-profile=thorough`` asks for all."""


@pytest.fixture(scope="module")
def pair(request, tmp_path_factory):
    """Two kernels for the notebooks of a family; the few of every run share theirs."""
    with start_pair(tmp_path_factory.mktemp(request.param)) as pair:
        yield pair


def pytest_generate_tests(metafunc):
    if "pair" in metafunc.fixturenames:
        is_thorough = metafunc.config.getoption("--hypothesis-profile") == "thorough"
        rows = [
            # --dist loadgroup, which .ci/thorough uses, has one worker run a family, in the same two kernels
            pytest.param(family, name, id=name, marks=pytest.mark.xdist_group(family))
            for name in (EVERY if is_thorough else FEW)
            for family in [name.partition("/")[0] if is_thorough else "few"]
        ]
        metafunc.parametrize(("pair", "name"), rows, indirect=True, scope="module")


@pytest.fixture(scope="module")
def name(request):
    return request.param


def test_a_model_of_others_comes_back_as_expected(pair, name, record_property):
    notebook = Notebook.of(f"others/{name}")
    found = pair.see(notebook)
    record_property(*recorded("models of others", notebook, found))
    assert found.outcome != "silent", "\n".join(found.reasons)
    assert (notebook.expected, []) == (found.outcome, found.changed), "\n".join(found.reasons)
