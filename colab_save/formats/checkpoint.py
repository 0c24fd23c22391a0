"""The ``checkpoint`` format: a TensorFlow checkpoint in a folder, for what Keras cannot describe.

It holds a `tf.Module`, with or without `tf.function`s, or what belongs to a training loop of one's own in a
`tf.train.Checkpoint`: models, optimizers, steps. Beside the values it has the attributes that make the object again. A
checkpoint of anybody can be loaded into a live object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar

from colab_save.artifact.sample import Sample
from colab_save.dialect import is_trackable, optimizer_variables
from colab_save.errors import DamagedFileError, FormatError, SampleError, UnbuiltModelError
from colab_save.format_table import OBJECT
from colab_save.formats.base import Context, Format
from colab_save.formats.loaded.saved_model import functions_of, main_function
from colab_save.formats.object_graph import Match, ObjectGraph
from colab_save.formats.program import facts_of_signature
from colab_save.formats.saved_model import call
from colab_save.hints import action
from colab_save.model.compiling import is_built, optimizers_of, trained_paths, undecayed_paths
from colab_save.model.module_configs import module_config
from colab_save.model.module_remaking import ModuleRemaking
from colab_save.model.walking import WEIGHTS_BY_PATH, walk_variables
from colab_save.quieting import quiet
from colab_save.quoting import listed
from colab_save.sampling.running import to_arrays
from colab_save.types import Json, Model, Nested, Specs, Variable
from colab_save.wording import translated

PREFIX = "ckpt"
"""What the names of the files with the values begin with."""

OPTIMIZERS = "colab_save_optimizers"
"""The part of our checkpoints with the variables of optimizers, by the optimizer's path and position."""

METHODS = ("__call__", "call", "forward", "predict")
"""The methods that compute the outputs of an object, the likeliest first."""

UNTRACKED = "Without colab_save, tf.train.Checkpoint does not restore it: TensorFlow does not track what it holds."
"""The note about an object that TensorFlow cannot write by its attributes."""

_DEFINE = "Define the classes that it needs as they were when it was saved."


class CheckpointFormat(Format):
    """TensorFlow's checkpoint (tensorflow.org/guide/checkpoint)."""

    is_remade: ClassVar[bool] = True
    opening: ClassVar[str] = (
        "import tensorflow as tf\n\n"
        'reader = tf.train.load_checkpoint("checkpoint")\n'
        "values = {{name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}}\n"
        '# Into an object made as it was: tf.train.Checkpoint(model).restore("checkpoint/ckpt")'
    )

    def refusal(self, model: Model) -> str:
        """Refuse Keras models, loaded programs, and what has no variables."""
        if is_trackable(model):
            has_variables = next(walk_variables(model), None) is not None
            return "" if has_variables else f"the {type(model).__name__} has no variables"
        return "it holds a tf.Module or a tf.train.Checkpoint; a Keras model needs keras or weights"

    def specs(self, model: Model) -> Specs:
        """Read the inputs from the ``input_signature`` of a main function, if there is one."""
        signature = getattr(main_function(model), "input_signature", None) if is_trackable(model) else None
        return facts_of_signature(signature) if signature else None

    def save(self, model: Model, folder: Path, sample: Sample, options: Any) -> tuple[str, ...]:
        """Write the folder ``checkpoint``: the values, and the attributes that make the object again."""
        own = folder / self.payload
        own.mkdir()
        with translated("TensorFlow could not write the checkpoint", "Save what it cannot write by itself."), quiet():
            weights = list(walk_variables(model))
            described = {
                "object": _config_of(model),
                "trains": trained_paths(model, weights),
                "undecayed": undecayed_paths(model, weights),
            }
            (own / OBJECT).write_text(json.dumps(described), encoding="utf-8")
            checkpoint, is_tracked = _checkpoint(model)
            checkpoint.write(str(own / PREFIX))
            names = "".join(f'{key}: "{PREFIX}"\n' for key in ("model_checkpoint_path", "all_model_checkpoint_paths"))
            (own / "checkpoint").write_text(names, encoding="utf-8")
        return () if is_tracked else (UNTRACKED,)

    def load(self, path: Path, context: Context) -> Model:
        """Restore ``context.into``, else make the object again from its attributes; then compare each value."""
        graph, described = ObjectGraph(_prefix_of(path)), _described(path)
        with translated(f"TensorFlow could not read {path.name}", "Copy the whole folder again."), quiet():
            graph.reader  # noqa: B018 - it opens the files
        model = context.into
        if model is None:
            model = _remade(path, described, context.custom_objects)
        with translated(f"The checkpoint {path.name} could not be loaded", _DEFINE), quiet():
            match = graph.match(model)
            if context.into is not None:
                graph.check(model, match)
            if match.is_by_path:
                _build_optimizers(model, described, is_remade=context.into is None)
            _read(model, graph.prefix, match)
            differing = graph.differing(walk_variables(model), match)
        if differing:
            raise FormatError(f"TensorFlow did not restore {listed(differing, 4)}.", "Copy the whole folder again.")
        return model

    def run(self, model: Model, sample: Nested) -> Nested:
        """Call the object, or the method that computes its outputs.

        Raises:
            SampleError: It has none.
            UnbuiltModelError: The call makes weights, so that the answer is not that of those it has.
        """
        function = main_function(model) if functions_of(model) else None
        if function is None:
            function = next((getattr(model, name) for name in METHODS if hasattr(model, name)), None)
        if function is None:
            reason = f"The {type(model).__name__} cannot be called."
            raise SampleError(reason, "Define __call__ to have its outputs compared.")
        before = {id(variable) for _, variable in walk_variables(model)}
        answer = to_arrays(call(function, sample))
        if made := [path for path, variable in walk_variables(model) if id(variable) not in before]:
            raise UnbuiltModelError(
                f"A call of the {type(model).__name__} makes weights: {listed(made, 4)}.",
                "Call it once on data, such as model(x_train[:4]), and save it again.",
            )
        return answer


def _config_of(model: Model) -> Json:
    """Return what makes an object again; the names in its code are known where `Configs.written` has set the method."""
    if "get_config" in vars(model):
        return model.get_config()
    return module_config(model, lambda value: str(getattr(value, "__name__", ""))).config


def _by_path(model: Model) -> dict[str, dict[str, Variable]]:
    """Return all variables by path: TensorFlow does not track those in plain objects, tuples of them and sets."""
    trained = {
        f"{name}/{index}": variable
        for name, optimizer in optimizers_of(model)
        for index, variable in enumerate(optimizer_variables(optimizer))
    }
    named = {WEIGHTS_BY_PATH: dict(walk_variables(model)), OPTIMIZERS: trained}
    return {name: found for name, found in named.items() if found}


def _checkpoint(model: Model) -> tuple[Any, bool]:
    """Return all of an object as a checkpoint, and whether TensorFlow tracks the object itself.

    It does not track one that holds what it can track no longer, as a dict with numbers for keys.
    """
    import tensorflow as tf

    named = _by_path(model)
    try:
        tf.train.TrackableView(model).descendants()
    except ValueError:
        return tf.train.Checkpoint(**named), False
    return tf.train.Checkpoint(model, **named), True


def _read(model: Model, prefix: str, match: Match) -> None:
    """Assign the values of a checkpoint."""
    import tensorflow as tf

    if match.is_by_path:
        checkpoint, _ = _checkpoint(model)
    elif match.child:
        checkpoint = tf.train.Checkpoint(**{match.child: model})
    else:
        checkpoint = tf.train.Checkpoint(model)
    checkpoint.read(prefix).expect_partial()


def _build_optimizers(model: Model, described: Mapping[str, Json], *, is_remade: bool) -> None:
    """Build each optimizer for the weights that it trained, so that it has the variables that the checkpoint has."""
    weights = dict(walk_variables(model))
    for name, optimizer in optimizers_of(model):
        if is_built(optimizer):
            continue
        trained, spared = (
            [weights[path] for path in dict.fromkeys(described.get(part, {}).get(name, ())) if path in weights]
            for part in ("trains", "undecayed")
        )
        if spared and is_remade:
            optimizer.exclude_from_weight_decay(var_list=spared)
        if trained:
            optimizer.build(trained)


def _prefix_of(path: Path) -> str:
    """Return the prefix of a checkpoint: of a folder that of the newest, whatever folder its own list names.

    Raises:
        DamagedFileError: The folder has none.
    """
    import tensorflow as tf

    if not path.is_dir():
        return str(path).removesuffix(".index")
    names = [file.name.removesuffix(".index") for file in path.glob("*.index")]
    if not names:
        raise DamagedFileError(f"{path.name} has no index of a checkpoint.", "Copy the whole folder again.")
    state = tf.train.get_checkpoint_state(str(path))
    newest = PurePath(state.model_checkpoint_path).name if state else ""
    return str(path / (newest if newest in names else max(names, key=_number)))


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"(\d+)$", name)
    return (int(found[1]) if found else -1, name)


def _described(path: Path) -> Mapping[str, Json]:
    """Return the attributes beside the values; empty for a checkpoint that is not one of ours."""
    file = path / OBJECT
    if not file.is_file():
        return {}
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFileError(f"{path.name}/{OBJECT} cannot be read.", "Copy the whole folder again.") from error
    return described if isinstance(described, dict) else {}


def _remade(path: Path, described: Mapping[str, Json], custom_objects: Mapping[str, Any]) -> Model:
    """Make the object again from its attributes.

    Raises:
        FormatError: There are none, or the object cannot be made from them.
    """
    if "object" not in described:
        raise FormatError(
            f"{path.name} is a TensorFlow checkpoint: weights without a model.",
            f"Build the model first, and load into it: {action('load', 'PATH', into='model')}.",
        )
    with translated("The object could not be made again from its attributes", _DEFINE), quiet():
        return ModuleRemaking(custom_objects).read(described["object"])
