"""The fresh process: load a staged payload, run it on the sample, report its facts, with nothing of the notebook.

`process` starts it before anything is staged, so that its TensorFlow import overlaps with staging. It reads one job
per line from standard input and writes one answer per line; whatever TensorFlow and the user's code print goes to
standard error. It runs on the CPU, since the notebook may hold all of the GPU's memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, TypeAlias

from colab_save.artifact.collection import read_collection, write_collection
from colab_save.artifact.sample import write_arrays
from colab_save.collections.extras import prove_extras
from colab_save.collections.joining import join
from colab_save.collections.splitting import collection_of
from colab_save.custom_code.running import CODE_MODULE, load_custom_code
from colab_save.dialect import dialect_of
from colab_save.errors import ColabSaveError
from colab_save.formats.base import Context, get_format
from colab_save.memory import end_first, is_out_of_memory, limit_memory
from colab_save.model.configs import Configs, rebuilding
from colab_save.model.examining import examine
from colab_save.model.repairing import repair
from colab_save.precision import made_in
from colab_save.proof.job import Job, JoinJob, OpenJob, ReloadJob, read_job
from colab_save.proof.verdicts import answer_sample, trace
from colab_save.types import Model
from colab_save.wording import first_line, reason_of

NOT_NEEDED = ("IPython", "matplotlib", "pandas", "scipy", "sklearn")
"""Packages that Keras and TensorFlow import if they are installed (``keras/src/wrappers``, ``keras/src/visualization``,
``keras/src/saving/file_editor.py``). A reload needs none of them, and they take a third of the import time."""


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
        As JSON: the ``facts``, the structure of the ``outputs``, and the ``seconds`` it took.
    """
    began = time.perf_counter()
    custom, payload = _custom_objects(job.custom_code), Path(job.payload)
    plug, context = get_format(job.format), Context(custom, dialect=job.dialect)
    with made_in(job.record.policy, job.record.floatx, context.dialect):
        with rebuilding(custom, job.record.objects):
            model = plug.load(payload, context)
            if dialect_of(model):
                repair(model, payload, job.record, custom)
        if job.extras:
            prove_extras(model, Path(job.extras))
        with Configs.of(model).whole():
            facts = examine(model)
        run: Any = trace if job.is_traced else answer_sample
        actual = run(plug, model, Path(job.sample), job.sample_facts)
    if job.is_part:
        parts.setdefault(payload.parent, model)
    outputs = write_arrays(Path(job.answer), outputs=actual)["outputs"]
    return {"facts": facts.to_json(), "outputs": outputs, "seconds": time.perf_counter() - began}


def join_parts(job: JoinJob, parts: Parts) -> dict[str, Any]:
    """Rebuild a collection from its reloaded parts, and write what it is now.

    Returns:
        The ``seconds`` it took.
    """
    began = time.perf_counter()
    stage, custom = Path(job.stage), _custom_objects(job.custom_code)
    models = {folder.name: model for folder, model in parts.items() if folder.parent == stage}
    prove_extras(None, Path(job.extras))
    whole = join(read_collection(stage), models, custom)
    write_collection(Path(job.answer), collection_of(whole))
    return {"seconds": time.perf_counter() - began}


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
        context = Context(custom, beside=beside, is_safe=job.is_safe, dialect=job.dialect, is_compiled=job.is_compiled)
        get_format(job.format).load(Path(job.payload), context)
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
    """Import Keras with TensorFlow, which takes seconds and is why the process starts early.

    Args:
        without: Packages to skip; a Keras that cannot be imported without them imports them after all.
    """
    with contextlib.suppress(ImportError), absent(without):
        return importlib.import_module("keras")
    return importlib.import_module("keras")


def serve(jobs: TextIO, answers: TextIO) -> None:
    """Read jobs and write answers until the input ends."""
    gc.disable()  # an import leaves next to no garbage, and collecting it takes a tenth of the time
    answers.write(json.dumps({"ready": import_keras(NOT_NEEDED).__version__}) + "\n")
    answers.flush()
    gc.freeze()
    gc.enable()
    parts: Parts = {}
    for line in jobs:
        try:
            answer = carry_out(read_job(line), parts)
        except ColabSaveError as error:
            answer = {"error": error.references[0], "hint": error.references[1], "lacks": lacking_name(error)}
        except Exception as error:  # noqa: BLE001 - the user's code runs here; whatever it raises is the answer
            hint = "Load the model in a new runtime and call it on the sample to see the whole error."
            answer = {"error": first_line(error), "hint": hint, "lacks": lacking_name(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        gc.collect()  # a model is a reference cycle: without this, the next one is loaded while it is still in memory


LOOKUPS = re.compile(r"Could not locate (?:class|function) '([^']+)'|^Unknown [\w ]+: '([^']+)'")
"""Keras's messages about a name that it cannot find (``serialization_lib.py`` in ``keras/src/saving`` and, the second,
``keras/src/legacy/saving/serialization.py``; 3.13.2 and 3.15.1)."""


def lacking_name(error: BaseException | None) -> str:
    """Return the name that Python or Keras could not find, from the error; empty for any other error."""
    while error is not None:
        if isinstance(error, NameError) and error.name:
            return str(error.name)
        if found := LOOKUPS.search(str(error)):
            return (found[1] or found[2]).rpartition(">")[2]
        error = error.__cause__ or error.__context__
    return ""


def main() -> None:
    """Serve jobs, with standard output for answers only and everything else on standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    end_first()
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
