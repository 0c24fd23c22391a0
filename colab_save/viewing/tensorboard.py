"""Write the weights of a saved version, and its graph, as logs for TensorBoard; the model is never built.

Every frontend calls `open_in_tensorboard`, or `write_logs` and `show_logs`. The histograms come from `inside`, the
graph from a SavedModel. TensorFlow writes the files; TensorBoard is needed only to show them.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colab_save.artifact.facts import ModelFacts
from colab_save.errors import FormatError
from colab_save.format_table import FORMATS
from colab_save.hints import action, option
from colab_save.os_errors import refusing
from colab_save.plugging import plugged
from colab_save.progress import OnStep, ignore_steps
from colab_save.protobuf import GRAPH, fields
from colab_save.quantities import count_in_words
from colab_save.reports.histogram import Histogram
from colab_save.reports.viewed import Viewed, require
from colab_save.request.request import LoadRequest
from colab_save.request.spelling import text_word
from colab_save.versions.locating import Found, locate
from colab_save.viewing.inside import Inside, look_inside, reach
from colab_save.wording import translated

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

LOGS = "logs"
"""The default folder for log folders."""

SUFFIX = ".colab_save"
"""The suffix of each log file, by which it is found to be replaced."""

NO_GRAPH = (
    f"no graph: only a SavedModel holds one. Save with {option('formats', 'keras,saved_model')}, or open it with "
    f"{action('netron')}"
)


def open_in_tensorboard(target: str, *, source: str | None = None, logs: str = LOGS) -> Viewed:
    """Write a log folder with the histograms of a saved version, and its graph, and show it in TensorBoard.

    In a notebook TensorBoard opens below the cell; elsewhere the result has the line that opens it. The graph is that
    of the SavedModel, if the version has one.

    Args:
        target: A name, ``name@tag``, ``name@version-prefix``, a path or a URL.
        source: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.
        logs: The folder for the version's log folder. Default: ``logs``.

    Returns:
        Where the logs are, and what is in them.

    Raises:
        MissingPackageError: IPython runs this, and TensorBoard is not installed.
        NotFoundError: There is no such version.
        UntrustedError: The file is damaged, unsafe, or not what was saved.
    """
    shell = _shell()
    if shell is not None:
        require("tensorboard")
    viewed = write_logs(target, source, ignore_steps, logs)
    if shell is not None:
        show_logs(viewed)
    return viewed


def show_logs(viewed: Viewed) -> None:
    """Open TensorBoard on logs that were written, below the cell or in the widget that captures its output.

    Raises:
        MissingPackageError: TensorBoard is not installed.
    """
    require("tensorboard")
    shell = _shell()
    if shell is None:
        return
    from IPython.display import publish_display_data
    from IPython.utils.capture import capture_output

    shell.extension_manager.load_extension("tensorboard")
    # It displays a message and then updates it, which no output widget supports (ipywidgets 8, JupyterLab 4).
    with capture_output(stdout=False, stderr=False) as caught:
        shell.run_line_magic("tensorboard", _arguments(viewed.where[""]))
    for last in caught.outputs[-1:]:
        publish_display_data(last.data, last.metadata or {})


def write_logs(target: str, source: str | None, on_step: OnStep, logs: str = LOGS) -> Viewed:
    """Write logs as `open_in_tensorboard` does without showing them, and report the bytes that are fetched and read."""
    inside = look_inside(target, source, on_step)
    request = LoadRequest(target, source=source, format=_format_with_graph(inside))
    found = locate(request)
    folder = Path(logs, *_folder_of(inside))
    notes = []
    with tempfile.TemporaryDirectory(prefix="colab_save_") as work:
        for name, part in (found.parts or {"": found}).items():
            graph = _graph_of(part, request, Path(work), on_step)
            count = _write(folder / name, inside, name, graph)
            what = f"{count_in_words(count, 'histogram')}, {'and the graph' if graph else NO_GRAPH}"
            notes.append(f"{name}: {what}" if name else what)
    where = {"": str(folder)}
    return Viewed(found.name, "written for TensorBoard", where, ("see it", _line(str(folder))), (*inside.notes, *notes))


def _shell() -> InteractiveShell | None:
    """Return IPython if it runs this."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell: InteractiveShell | None = get_ipython()
    return shell


def _line(folder: str) -> str:
    """Return the line that opens TensorBoard: that of a notebook, or elsewhere that of a terminal."""
    return f"tensorboard --logdir {shlex.quote(folder)}" if _shell() is None else f"%tensorboard {_arguments(folder)}"


def _arguments(folder: str) -> str:
    return f"--logdir {text_word(folder)}"


def _folder_of(inside: Inside) -> Iterator[str]:
    """Yield the parts of a version's log folder; a name from elsewhere must not lead out of it."""
    name = inside.manifest.name if inside.manifest else re.split(r"[/\\]", inside.name.rstrip("/\\"))[-1]
    yield re.sub(r"[^\w.@-]+", "_", name).lstrip(".") or "model"
    if inside.manifest:
        yield inside.manifest.version


def _format_with_graph(inside: Inside) -> str | None:
    formats = inside.manifest.formats if inside.manifest is not None else ()
    return next((name for name in formats if name in FORMATS and FORMATS[name].graph), None)


def _graph_of(found: Found, request: LoadRequest, work: Path, on_step: OnStep) -> Any:
    """Return the graph of a file; ``None`` if its format has none."""
    if found.manifest is not None and request.format is None:
        return None
    path, found_format = reach(found, request, work, on_step)
    hook = FORMATS[found_format].graph
    if not hook:
        return None
    with translated(f"The graph of {path.name} cannot be read", "Copy it again, or load the model."):
        return plugged(hook)(path)


def graph_in_saved_model(path: Path) -> Any:
    """Read the graph of a SavedModel as a `tf.compat.v1.GraphDef`."""
    import tensorflow as tf

    view = memoryview((path / GRAPH).read_bytes())
    meta = next(part for number, part in fields(view) if number == 2)  # SavedModel.meta_graphs
    graph = next(part for number, part in fields(meta) if number == 2)  # MetaGraphDef.graph_def
    return tf.compat.v1.GraphDef.FromString(bytes(graph))


def _write(folder: Path, inside: Inside, model: str, graph: Any) -> int:
    """Write the log file of one model in place of an older one; return how many histograms are in it."""
    import tensorflow as tf

    with refusing("write", str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob(f"events.out.tfevents.*{SUFFIX}"):
            file.unlink()
    spreads = [(name, spread) for name, spread in inside.spreads(model) if spread.counts]
    if not spreads and graph is None:
        raise FormatError(
            f"There is nothing to show of {inside.name}: {'; '.join(inside.notes).rstrip('.') or 'it has no weights'}.",
            "Load the model to see what is in it.",
        )
    kind = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "histograms"})
    with translated("TensorFlow could not write the logs", "Choose another folder for the logs."):
        writer = tf.summary.create_file_writer(str(folder), filename_suffix=SUFFIX)
        with writer.as_default(step=_facts_of(inside, model).iterations or 0):
            for name, spread in spreads:
                tf.summary.write(name, tf.constant(_table(spread), tf.float64), metadata=kind)
            if graph is not None:
                tf.summary.graph(graph)
        writer.close()
    return len(spreads)


def _facts_of(inside: Inside, model: str) -> ModelFacts:
    return inside.models().get(model, ModelFacts("", ""))


def _table(spread: Histogram) -> list[tuple[float, float, float]]:
    """Return a histogram as TensorBoard's rows: the start and end of a bin, and how many values are in it."""
    edges = spread.edges
    return [*zip(edges, edges[1:], map(float, spread.counts), strict=False)]
