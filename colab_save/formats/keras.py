"""The ``keras`` format: one ``.keras`` file, native to Keras 3, with all that Keras knows of a model."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from colab_save.artifact.assets import with_paths
from colab_save.artifact.sample import Sample
from colab_save.dialect import KERAS, dialect_of, import_dialect, size_of
from colab_save.disk import CHUNK, partial_of
from colab_save.formats.base import Context, Format
from colab_save.hints import option
from colab_save.memory import is_tight
from colab_save.model.compiling import compile_given
from colab_save.model.walking import walk_layers
from colab_save.quieting import quiet
from colab_save.sampling.running import run_keras
from colab_save.types import Json, Model, Nested
from colab_save.wording import translated

CONFIG = "config.json"
"""The member of a ``.keras`` file with the configs."""

DEFINE = "Define the custom classes that it needs as they were when it was saved, and what their code uses."
"""The hint for a file that Keras cannot open."""


class KerasFormat(Format):
    """Keras's native file (keras.io/api/models/model_saving_apis); tf_keras has one of the same kind."""

    is_remade: ClassVar[bool] = True
    opening: ClassVar[str] = 'import {keras}\n\nmodel = {keras}.saving.load_model("model.keras")'

    def refusal(self, model: Model) -> str:
        """Refuse everything but Keras models."""
        return "" if dialect_of(model) else "it holds Keras models only; a tf.Module needs saved_model"

    def save(self, model: Model, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write ``model.keras``."""
        hint = f"Fix get_config(). Or save with {option('formats', 'saved_model')}, which does not need it."
        with translated(f"Keras could not write {self.payload}", hint), quiet(), whole_compile_config(model):
            if dialect_of(model) == KERAS and is_tight(size_of(model)):
                _write_in_pieces(model, folder / self.payload)
            else:
                model.save(folder / self.payload)
        return ()

    def load(self, path: Path, context: Context) -> Model:
        """Read it, compiled as it was, and in safe mode unless the user trusts the bytecode in it."""
        keras, custom = import_dialect(context.dialect), dict(context.custom_objects)
        how = {"compile": context.is_compiled, "safe_mode": context.is_safe}
        with translated(f"Keras could not open {path.name}", DEFINE), quiet(), self.placed(path, context) as file:
            if context.dialect == KERAS and file.is_file() and is_tight(file.stat().st_size):
                with TemporaryDirectory(prefix="colab_save_") as work, zipfile.ZipFile(file) as archive:
                    archive.extractall(work)
                    return keras.saving.load_model(work, custom_objects=custom, **how)
            return keras.saving.load_model(file, custom_objects=custom, **how)

    def read_config(self, file: Path) -> Json:
        """Return what is in ``config.json``."""
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read(CONFIG))

    def write_config(self, file: Path, config: Json, target: Path) -> None:
        """Write the other members as they are."""
        written = partial_of(target.parent)
        with zipfile.ZipFile(file) as archive, zipfile.ZipFile(written, "w") as copy:
            for member in archive.infolist():
                if member.filename == CONFIG:
                    copy.writestr(member, json.dumps(config))
                    continue
                with archive.open(member) as source, copy.open(member, "w", force_zip64=True) as sink:
                    shutil.copyfileobj(source, sink, CHUNK)
        written.replace(target)

    @contextmanager
    def placed(self, path: Path, context: Context) -> Iterator[Path]:
        """Yield the payload, or a copy of it if its configs name assets, which lie elsewhere than when it was saved."""
        config = self.read_config(path) if context.assets and path.is_file() else None
        there = with_paths(config, context.assets)
        if there == config:
            yield path
            return
        with TemporaryDirectory(prefix="colab_save_") as work:
            self.write_config(path, there, copy := Path(work, path.name))
            yield copy

    def run(self, model: Model, sample: Nested) -> Nested:
        """Call the model in inference mode."""
        return run_keras(model, sample)


def _write_in_pieces(model: Model, file: Path) -> None:
    """Write a ``.keras`` file from a folder, so that memory never holds a second copy of the weights.

    Keras writes that folder with ``zipped=False``; its zip is the file that Keras itself would write.
    """
    keras = import_dialect(KERAS)
    with TemporaryDirectory(dir=file.parent) as work, zipfile.ZipFile(file, "w") as archive:
        keras.saving.save_model(model, work, zipped=False)
        for part in sorted(path for path in Path(work).rglob("*") if path.is_file()):
            archive.write(part, part.relative_to(work).as_posix())


def lost_vocabulary(model: Model) -> str:
    """Return the path of a layer whose learnt vocabulary is in neither its config nor its weights; empty if none is.

    Only ``.keras`` and SavedModel hold such a vocabulary; with other formats, the first inference after a load fails
    (docs/losses.md §6).
    """
    for path, layer in walk_layers(model):
        if hasattr(layer, "get_vocabulary") and not isinstance(layer.get_config().get("vocabulary"), (list, tuple)):
            return path
    return ""


@contextmanager
def whole_compile_config(model: Model) -> Iterator[None]:
    """Make sure that the compile arguments contain the optimizer while a model is written, and afterwards.

    Writing HDF5 pops the optimizer from the live model's compile arguments, and every ``.keras`` file written after
    that loads with a new RMSprop (``keras/src/legacy/saving/saving_utils.py``, Keras 3.13.2 and 3.15.1).
    """
    config = compile_given(model)
    if not config:
        yield
        return
    whole = {**config, "optimizer": model.optimizer}
    config.update(whole)
    try:
        yield
    finally:
        config.update(whole)
