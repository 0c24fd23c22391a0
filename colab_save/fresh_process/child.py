"""The fresh process: load a staged payload, run it on the sample, report its facts, with nothing of the notebook.

The warm `parent` forks it, or `own` starts it, before anything is staged. Over its connection it reads its
surroundings, then one job per line, and writes one answer per line; whatever TensorFlow and the user's code print goes
to a log. It runs on the CPU, since the notebook may hold all of the GPU's memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, TypeAlias

from colab_save.artifact.collection import read_collection, write_collection
from colab_save.artifact.layout import STATE
from colab_save.artifact.sample import write_arrays
from colab_save.collections.extras import prove_extras
from colab_save.collections.joining import join
from colab_save.collections.rejoining import Owners
from colab_save.collections.splitting import collection_of
from colab_save.custom_code.running import CODE_MODULE, load_custom_code
from colab_save.dialect import KERAS_2, dialect_of, import_dialect, tensorflow_classes
from colab_save.errors import ColabSaveError
from colab_save.format_table import format_names
from colab_save.formats.base import Context, get_format
from colab_save.fresh_process.answering import answer_moved, answer_sample, trace
from colab_save.fresh_process.confining import Confinement
from colab_save.fresh_process.job import Job, JoinJob, OpenJob, Question, ReloadJob, files_of, read_job
from colab_save.fresh_process.stepping import answer_moved_losses, answer_step, is_lost
from colab_save.fresh_process.surroundings import Surroundings, keras_backend
from colab_save.memory import SHORT, available_memory, end_first, is_out_of_memory, limit_memory
from colab_save.model.configs import Configs, rebuilding
from colab_save.model.describing import long_values
from colab_save.model.examining import examine
from colab_save.model.repairing import repair
from colab_save.model.state_file import restore_state
from colab_save.precision import made_in
from colab_save.types import Model
from colab_save.wording import first_line, reason_of, text_of

NOT_NEEDED = ("IPython", "jax", "matplotlib", "pandas", "scipy", "sklearn")
"""Packages that Keras and TensorFlow import if they are installed (``keras/src/wrappers``, ``keras/src/visualization``,
``keras/src/saving/file_editor.py``, ``tensorflow/lite/python/util.py``). A reload needs none of them. They take half
of the import time on Colab, of which JAX, which is installed there, takes the most, and 130 MB of memory."""

OF_OTHER_BACKENDS = ("jax", "scipy")
"""Those of them that Keras needs on another backend than TensorFlow."""

IDLE = 1800.0
"""Seconds without a job after which a process that waits for one ends: half an hour."""

LOOK = 2.0
"""Seconds between two looks at the time and the memory while a process waits."""

SIDE = 512
"""Rows and columns of the matrices that `probe` multiplies. PyTorch multiplies small ones in one thread, and it is the
others that a fork lacks if they have been started before (OpenMP). The sum is exact in float32."""

ANSWERS: Mapping[Question, Callable[..., Any]] = {
    Question.OUTPUTS: answer_sample,
    Question.LAYERS: trace,
    Question.MOVED: answer_moved,
}
"""The function that answers each question."""

Parts: TypeAlias = dict[Path, Model]
"""The reloaded parts of a collection by their folder, each from the first of its formats."""


def carry_out(job: Job, parts: Parts) -> dict[str, Any]:
    """Do one job, and return its answer as JSON values."""
    match job:
        case ReloadJob():
            return reload(job, parts)
        case JoinJob():
            return join_parts(job, parts)
        case OpenJob():
            return open_only(job)


def reload(job: ReloadJob, parts: Parts) -> dict[str, Any]:
    """Reload a payload, run it on its sample, and examine it.

    Returns:
        As JSON: the ``facts``, the long ``values`` by the digests that stand for them there, the structure of the
        ``outputs``, the ``step`` if there is one, and the ``seconds`` it took.
    """
    began = time.perf_counter()
    plug, payload = get_format(job.format), Path(job.payload)
    custom = _custom_objects(job.custom_code) if plug.record.needs_classes else {}  # as a load does, no more
    context = Context(custom, is_safe=job.is_safe, dialect=job.dialect, assets=job.assets, is_trusted=True)
    record = job.record.with_paths(job.assets)
    with made_in(record.policy, record.floatx, context.dialect):
        with rebuilding(custom, record.objects, record.remade):
            model = plug.open(payload, context)
            if dialect_of(model):
                repair(model, payload, record, custom)
                model = Owners(job.shared, _named(parts, payload.parents[1])).rejoin(model, payload, record, custom)
                restore_state(model, payload.with_name(STATE))
        if job.extras:
            prove_extras(model, Path(job.extras), lambda _: custom or _custom_objects(job.custom_code))
        with Configs.of(model).whole(), long_values() as values:
            facts = examine(model)
        actual = ANSWERS[job.question](plug, model, Path(job.sample), job.sample_facts)
        step = _step(job, model)
    if job.is_part:
        parts.setdefault(payload.parent, model)
    outputs = write_arrays(Path(job.answer), outputs=actual)["outputs"]
    seconds = time.perf_counter() - began
    return {"facts": facts.to_json(), "values": values, "outputs": outputs, "step": step, "seconds": seconds}


def _step(job: ReloadJob, model: Model) -> dict[str, Any]:
    """Take the training step of a job, and return what came of it, also where it raised something."""
    if job.step is None or job.question is Question.LAYERS:
        return {}
    file = Path(job.step_file)
    try:
        if job.question is Question.MOVED:
            return {"losses": answer_moved_losses(model, file, job.step)}
        return answer_step(model, file, job.step, is_part=job.is_part)
    except Exception as error:  # noqa: BLE001 - the user's code runs here; whatever it raises is the answer
        is_unfit = isinstance(error, (ValueError, *tensorflow_classes("errors.InvalidArgumentError")))
        why = {"lacks": lacking_name(error), "is_unfit": is_unfit, "is_lost": is_lost(model, error)}
        return {"failed": first_line(error), **why}


def join_parts(job: JoinJob, parts: Parts) -> dict[str, Any]:
    """Rebuild a collection from its reloaded parts, and write what it is now.

    Returns:
        The ``seconds`` it took.
    """
    began = time.perf_counter()
    stage = Path(job.stage)
    collection = read_collection(stage)
    custom = _custom_objects(job.custom_code) if collection.configs or collection.made else {}
    prove_extras(None, Path(job.extras), lambda _: custom or _custom_objects(job.custom_code))
    whole = join(collection, _named(parts, stage), custom, is_trusted=True)
    write_collection(Path(job.answer), collection_of(whole))
    return {"seconds": time.perf_counter() - began}


def _named(parts: Parts, stage: Path) -> dict[str, Model]:
    """Return the parts of one stage by their names."""
    return {folder.name: model for folder, model in parts.items() if folder.parent == stage}


def _custom_objects(file: str) -> dict[str, Any]:
    code = Path(file)
    return load_custom_code(code, CODE_MODULE) if code.is_file() else {}


def open_only(job: OpenJob) -> dict[str, Any]:
    """Open a payload within a memory limit, to find out whether opening it ends.

    Returns:
        ``opened``; if false, also ``failed`` and ``hint``, and whether the process ``is_out_of_memory``.
    """
    limit_memory(job.memory)
    try:
        custom = load_custom_code(Path(job.custom_code), CODE_MODULE) if job.custom_code else {}
        beside = Path(job.beside) if job.beside else None
        how: dict[str, Any] = {"is_safe": job.is_safe, "dialect": job.dialect, "assets": job.assets}
        context = Context(custom, beside=beside, is_compiled=job.is_compiled, **how)
        get_format(job.format).open(Path(job.payload), context)
    except Exception as error:  # noqa: BLE001 - whatever Keras, TensorFlow or the code in the file raises is the answer
        hint = error.references[1] if isinstance(error, ColabSaveError) else "Copy or download the file again."
        return {"opened": False, "failed": reason_of(error), "hint": hint, "is_out_of_memory": is_out_of_memory(error)}
    return {"opened": True}


@contextlib.contextmanager
def absent(names: tuple[str, ...]) -> Iterator[None]:
    """Make imports of these packages fail meanwhile; those that are already loaded stay."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None makes an import raise ImportError
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def import_keras(without: tuple[str, ...]) -> ModuleType:
    """Import Keras with its backend, which takes seconds and is why the process starts early.

    Args:
        without: Packages to skip; a Keras that cannot be imported without them imports them after all.
    """
    with contextlib.suppress(ImportError), absent(without):
        return importlib.import_module("keras")
    return importlib.import_module("keras")


def not_needed(backend: str) -> tuple[str, ...]:
    """Return the packages that Keras can do without on a backend."""
    return tuple(name for name in NOT_NEEDED if backend == "tensorflow" or name not in OF_OTHER_BACKENDS)


def import_all() -> None:
    """Import all that jobs need: Keras with its backend, and what this package imports when it is first used."""
    gc.disable()  # an import leaves next to no garbage, and collecting it takes a tenth of the time
    import_keras(not_needed(keras_backend()))
    if os.environ.get("TF_USE_LEGACY_KERAS") == "1":
        import_dialect(KERAS_2)
    for name in format_names():
        get_format(name)
    gc.freeze()
    gc.enable()


def serve(jobs: TextIO, answers: TextIO, *, is_fork: bool = False) -> None:
    """Take over the surroundings, then read jobs and write answers until the input ends.

    Args:
        jobs: Where it reads.
        answers: Where it writes.
        is_fork: Whether this process serves one stage only, and no other after it.
    """
    surroundings = jobs.readline()
    if not surroundings:
        return
    around = Surroundings.from_line(surroundings)
    around.enter()
    _write(answers, {"ready": True})
    parts: Parts = {}
    confinement = Confinement((around.folder, around.answers))
    for line in jobs:
        _write(answers, _answer(line, parts, confinement, is_fork=is_fork))
        gc.collect()  # a model is a reference cycle: without this, the next one is loaded while it is still in memory


def _answer(line: str, parts: Parts, confinement: Confinement, *, is_fork: bool) -> dict[str, Any]:
    """Do the job of a line, and return its answer, or why the line is no job."""
    try:
        job = read_job(line)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        hint = "Restart the session: the notebook and its fresh process are of different versions of colab_save."
        return {"error": f"A line is no job ({first_line(error)}).", "hint": hint, "refused": []}
    return _answer_job(job, parts, confinement, is_fork=is_fork)


def _answer_job(job: Job, parts: Parts, confinement: Confinement, *, is_fork: bool) -> dict[str, Any]:
    """Do one job, with no other files than the next runtime will have, and return its answer or what it raised."""
    named: Mapping[str, str] = job.named if isinstance(job, ReloadJob) else {}
    if not isinstance(job, OpenJob):  # a file that a load opens may lie beside what it reads
        confinement.enter(files_of(job), named.values(), is_last=is_fork)
    try:
        answer = carry_out(job, parts)
    except ColabSaveError as error:
        confinement.find_refused(error, named)
        answer = {"error": error.references[0], "hint": error.references[1], "lacks": lacking_name(error)}
    except Exception as error:  # noqa: BLE001 - the user's code runs here; whatever it raises is the answer
        confinement.find_refused(error, named)
        hint = "Load the model in a new runtime and call it on the sample to see the whole error."
        answer = {"error": first_line(error), "hint": hint, "lacks": lacking_name(error)}
    return {**answer, "refused": list(confinement.refused)}


def _write(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def probe() -> int:
    """Compute something with all threads of the backend, as a job would; return the exit status."""
    ops: Any = importlib.import_module("keras").ops
    ones = ops.ones((SIDE, SIDE))
    return int(float(ops.sum(ops.matmul(ones, ones))) != SIDE**3)


def serve_connection(connection: socket.socket) -> int:
    """Serve a connection as a fork; the log comes with the first byte. Return the exit status."""
    _, logs, _, _ = socket.recv_fds(connection, 1, 1)
    for log in logs:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()  # else all forks of a parent draw the same numbers; Python's own do not
    with connection, connection.makefile("r", encoding="utf-8") as jobs:
        serve(jobs, connection.makefile("w", encoding="utf-8"), is_fork=True)
    return 0


LOOKUPS = re.compile(r"Could not locate (?:class|function) '([^']+)'|^Unknown [\w ]+: '([^']+)'")
"""Keras's messages about a name that it cannot find (``serialization_lib.py`` in ``keras/src/saving`` and, the second,
``keras/src/legacy/saving/serialization.py``; 3.13.2 and 3.15.1)."""


def lacking_name(error: BaseException | None) -> str:
    """Return the name that Python or Keras could not find, from the error; empty for any other error."""
    while error is not None:
        if isinstance(error, NameError) and error.name:
            return str(error.name)
        if found := LOOKUPS.search(text_of(error)):
            return (found[1] or found[2]).rpartition(">")[2]
        error = error.__cause__ or error.__context__
    return ""


def take_connection() -> socket.socket:
    """Return the socket that this process has as its standard input, which is empty from now on."""
    connection = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return connection


def is_waiting_over(since: float) -> bool:
    """Return whether a process that has had no job since then should wait no longer, or its memory is needed."""
    return time.monotonic() - since > IDLE or available_memory() < SHORT


def main() -> None:
    """Serve the connection that is the standard input."""
    connection = take_connection()
    end_first()
    import_all()
    began = time.monotonic()
    while not select.select([connection], [], [], LOOK)[0]:  # a spare process
        if is_waiting_over(began):
            return
    with connection, connection.makefile("r", encoding="utf-8") as jobs:
        serve(jobs, connection.makefile("w", encoding="utf-8"))
