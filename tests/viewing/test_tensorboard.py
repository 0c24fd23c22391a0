"""What TensorBoard is given to read: histograms and graphs, from the payloads, by TensorFlow's own writer."""

from __future__ import annotations

import importlib.machinery
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from IPython.display import display
from IPython.utils.capture import capture_output

from colab_save.artifact.manifest import Part, Payload
from colab_save.errors import DamagedFileError, FormatError, MissingPackageError
from colab_save.progress import ignore_steps
from colab_save.stores.local import LocalStore
from colab_save.viewing.tensorboard import SUFFIX, open_in_tensorboard, write_logs
from tests.making import V1, facts, keras_bytes, passed, save_version, variable

pytestmark = pytest.mark.tensorflow

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)
PAYLOAD = keras_bytes({"layers/dense/vars/0": KERNEL})
KNOWN = facts(variables=(variable("dense/kernel", shape=(2, 3), content=KERNEL.tobytes()),), iterations=7)


@pytest.fixture
def save(own_folder, tmp_path):
    store = LocalStore(own_folder / "models")
    return lambda files, **changes: save_version(store, tmp_path, files=files, **{"facts": KNOWN, **changes})


@pytest.fixture
def cats(save):
    return save({"model.keras": PAYLOAD})


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The files of a SavedModel, by path."""
    folder = tmp_path_factory.mktemp("program")
    module = tf.Module()
    module.kernel = tf.Variable(KERNEL)
    module.answer = tf.function(lambda x: x @ module.kernel, input_signature=[tf.TensorSpec((None, 2))])
    tf.saved_model.save(module, str(folder))
    return {
        f"saved_model/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def board(fresh_ipython, monkeypatch):
    """TensorBoard's extension in IPython, as far as its magic; yields the lines that the magic is called with."""
    lines = []

    def start(line):
        handle = display({"text/plain": "Launching TensorBoard..."}, raw=True, display_id=True)
        handle.update({"text/plain": f"TensorBoard of {line}"}, raw=True)
        lines.append(line)

    module = type(sys)("tensorboard")
    module.__spec__ = importlib.machinery.ModuleSpec("tensorboard", None)
    module.load_ipython_extension = lambda shell: shell.register_magic_function(start, magic_name="tensorboard")
    monkeypatch.setitem(sys.modules, "tensorboard", module)
    yield lines
    fresh_ipython.extension_manager.loaded.discard("tensorboard")


def written(target="cats"):
    return write_logs(target, None, ignore_steps)


def events_in(folder):
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return [event for file in files for event in tf.compat.v1.train.summary_iterator(str(file))]


def histograms_in(folder):
    """By tag: the step, and the rows of the table."""
    values = [(event.step, value) for event in events_in(folder) for value in event.summary.value]
    assert {"histograms"} == {value.metadata.plugin_data.plugin_name for _, value in values}
    return {value.tag: (step, tf.make_ndarray(value.tensor).tolist()) for step, value in values}


def graphs_in(folder):
    found = [event.graph_def for event in events_in(folder) if event.graph_def]
    return [tf.compat.v1.GraphDef.FromString(graph) for graph in found]


def test_each_weight_is_written_under_the_name_that_the_model_has_for_it(cats, own_folder):
    assert f"logs/cats/{V1}" == written().where[""]
    [(name, (step, rows))] = histograms_in(own_folder / "logs" / "cats" / V1).items()
    assert ("dense/kernel", 7) == (name, step)
    assert ([0, 5], 6) == ([rows[0][0], rows[-1][1]], sum(count for *_, count in rows))


def test_the_graph_of_a_saved_model_is_written_whole(save, program, own_folder):
    save(
        {"model.keras": PAYLOAD, **program},
        payloads=(Payload("keras", "model.keras"), Payload("saved_model", "saved_model")),
    )
    assert "1 histogram, and the graph" in str(written())
    [graph] = graphs_in(own_folder / "logs" / "cats" / V1)
    assert "MatMul" in {node.op for function in graph.library.function for node in function.node_def}


def test_a_version_without_a_saved_model_says_that_it_has_no_graph(cats, own_folder):
    assert "no graph: only a SavedModel holds one" in str(written())
    assert [] == graphs_in(own_folder / "logs" / "cats" / V1)


def test_logs_that_are_written_again_replace_the_older_ones(cats, own_folder):
    own = own_folder / "logs" / "cats" / V1 / "events.out.tfevents.1.mine"
    for _ in range(2):
        written()
        own.write_bytes(b"mine")
    assert [own.name] == [path.name for path in own.parent.iterdir() if path.suffix != SUFFIX]
    assert 1 == len(list(own.parent.glob(f"*{SUFFIX}")))


def test_of_several_models_each_is_a_run_of_its_own(save, own_folder):
    files = {"d/model.keras": PAYLOAD, "g/model.keras": PAYLOAD}
    trips = tuple(replace(passed(), part=name) for name in "dg")
    payloads = tuple(Payload("keras", path) for path in files)
    save(files, parts=tuple(Part(name, KNOWN) for name in "dg"), payloads=payloads, round_trips=trips)
    assert "d: 1 histogram" in str(written())
    assert ["dense/kernel"] * 2 == [
        name for part in "dg" for name in histograms_in(own_folder / "logs" / "cats" / V1 / part)
    ]


def test_a_file_that_nobody_recorded_is_written_under_its_own_names(own_folder):
    (own_folder / "old.keras").write_bytes(PAYLOAD)
    written("./old.keras")
    assert ["layers/dense/vars/0"] == [*histograms_in(own_folder / "logs" / "old.keras")]


def test_a_plain_saved_model_gives_its_graph(own_folder, program):
    for path, content in program.items():
        (own_folder / path).parent.mkdir(parents=True, exist_ok=True)
        (own_folder / path).write_bytes(content)
    written("./saved_model")
    assert 1 == len(graphs_in(own_folder / "logs" / "saved_model"))


def test_a_name_does_not_lead_out_of_the_folder_of_logs(save, own_folder):
    saved = save({"model.keras": PAYLOAD})
    text = replace(saved, name="../../cats").to_json()
    (own_folder / "models" / "cats" / V1 / "manifest.json").write_text(text)
    assert f"logs/_.._cats/{V1}" == written().where[""]


def test_a_damaged_payload_is_not_written_and_says_why(save, own_folder):
    save({"model.keras": PAYLOAD[:-50]})
    with pytest.raises(FormatError, match="cut off"):
        written()
    (own_folder / "old.keras").write_bytes(PAYLOAD[:-50])
    with pytest.raises(DamagedFileError):
        written("./old.keras")


def test_without_a_notebook_the_line_that_opens_it_is_told(cats, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert ("see it", f"tensorboard --logdir 'my logs/cats/{V1}'") == open_in_tensorboard("cats", logs="my logs").line


def test_in_a_notebook_the_line_is_that_of_the_magic(cats, board):
    assert ("see it", f'%tensorboard --logdir "my logs/cats/{V1}"') == open_in_tensorboard("cats", logs="my logs").line


def test_in_a_notebook_tensorboard_opens_on_the_logs(cats, board):
    open_in_tensorboard("cats", logs="my logs")
    open_in_tensorboard("cats")
    assert [f'--logdir "my logs/cats/{V1}"', f"--logdir logs/cats/{V1}"] == board


def test_what_tensorboard_displays_at_last_is_displayed_once(cats, board):
    with capture_output() as caught:
        open_in_tensorboard("cats")
    assert [f"TensorBoard of --logdir logs/cats/{V1}"] == [item.data["text/plain"] for item in caught.outputs]


def test_in_a_notebook_without_tensorboard_nothing_is_written(cats, fresh_ipython, monkeypatch, own_folder):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingPackageError) as caught:
        open_in_tensorboard("cats")
    assert "pip install 'colab_save[tensorboard]'" == caught.value.hint
    assert not (own_folder / "logs").exists()
