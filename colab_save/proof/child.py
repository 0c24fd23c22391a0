"""The fresh process: load a staged payload, answer the sample, report the facts. Nothing of the notebook is here.

`process` starts it before anything is staged, so that its TensorFlow import overlaps with staging. It reads one
job a line from standard input and answers one line each; what TensorFlow and the user's code print goes to
standard error. It runs on the CPU: the notebook may own all of the GPU's memory.
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
from colab_save.wording import first_line

NOT_NEEDED = ("IPython", "matplotlib", "pandas", "scipy", "sklearn")
"""What Keras and TensorFlow import only where it is there (``keras/src/wrappers``, ``keras/src/visualization``,
``keras/src/saving/file_editor.py``), for nothing that a reload does: a third of the time that their import takes."""


Parts: TypeAlias = dict[Path, Model]
"""The models of several that have been reloaded, by the folder of the part; in the first of its formats."""


def carry_out(job: Job, parts: Parts) -> dict[str, Any]:
    """Do one job, and return the answer to it in JSON."""
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
        ``facts`` and ``outputs`` (a structure) in JSON, and the ``seconds`` it took.
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
        answer: Any = trace if job.is_traced else answer_sample
        actual = answer(plug, model, Path(job.sample), job.asked)
    if job.is_part:
        parts.setdefault(payload.parent, model)
    outputs = write_arrays(Path(job.answer), outputs=actual)["outputs"]
    return {"facts": facts.to_json(), "outputs": outputs, "seconds": time.perf_counter() - began}


def join_parts(job: JoinJob, parts: Parts) -> dict[str, Any]:
    """Make again what held several models, and write the collection of it.

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
    """Open a payload within limits, to see whether that ends.

    Returns:
        ``opened``; where it did not open, ``failed`` and ``hint``, and whether it ``is_out_of_memory``.
    """
    limit_memory(job.memory)
    try:
        custom = load_custom_code(Path(job.custom_code), CODE_MODULE) if job.custom_code else {}
        beside = Path(job.beside) if job.beside else None
        context = Context(custom, beside=beside, is_safe=job.is_safe, dialect=job.dialect, is_compiled=job.is_compiled)
        get_format(job.format).load(Path(job.payload), context)
    except Exception as error:  # noqa: BLE001 - whatever Keras, TensorFlow or the code in the file raises is the answer
        hint = error.references[1] if isinstance(error, ColabSaveError) else "Copy or download it again."
        said = error.references[0].rstrip(".") if isinstance(error, ColabSaveError) else first_line(error)
        return {"opened": False, "failed": said, "hint": hint, "is_out_of_memory": is_out_of_memory(error)}
    return {"opened": True}


@contextlib.contextmanager
def absent(names: tuple[str, ...]) -> Iterator[None]:
    """Let packages be missing to whoever asks meanwhile; those that are loaded already stay."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the import system says that it is missing
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def import_keras(without: tuple[str, ...]) -> Any:
    """Import Keras, with TensorFlow: the seconds that this takes are the reason to start early.

    Args:
        without: Packages that need not be imported with it; a Keras that cannot do without them gets them all the same.
    """
    with contextlib.suppress(ImportError), absent(without):
        return importlib.import_module("keras")
    return importlib.import_module("keras")


def serve(jobs: TextIO, answers: TextIO) -> None:
    """Answer jobs until there are no more."""
    gc.disable()  # an import makes next to no garbage, and looking for it takes a tenth of the time
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
            hint = "The model loads, and then fails on the sample."
            answer = {"error": first_line(error), "hint": hint, "lacks": lacking_name(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        gc.collect()  # a model is a ring of references: without this, the next one is loaded beside it


LOOKUPS = re.compile(r"Could not locate (?:class|function) '([^']+)'|^Unknown [\w ]+: '([^']+)'")
"""What Keras says of a name that it looks up (``serialization_lib.py`` in ``keras/src/saving`` and, the second,
``keras/src/legacy/saving/serialization.py``; 3.13.2 and 3.15.1)."""


def lacking_name(error: BaseException | None) -> str:
    """Give the name that Python, or Keras, did not have when an error was raised; empty for any other error."""
    while error is not None:
        if isinstance(error, NameError) and error.name:
            return str(error.name)
        if found := LOOKUPS.search(str(error)):
            return (found[1] or found[2]).rpartition(">")[2]
        error = error.__cause__ or error.__context__
    return ""


def main() -> None:
    """Keep standard output for answers and send everything else to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    end_first()
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
