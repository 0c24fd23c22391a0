"""Take a training step with a model that this process has loaded, and report what came of it.

`child` calls `answer_step` last, since the model is another one afterwards, and `answer_moved_losses` when a loss
differs, to find out whether that is rounding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from colab_save.artifact.sample import Step, read_arrays
from colab_save.custom_code.origins import is_users_own
from colab_save.fresh_process.answering import DRAWS, moved
from colab_save.model.compiling import optimizers_of
from colab_save.model.walking import walk_layers, walk_variables
from colab_save.nested import leaves, map_structure
from colab_save.sampling.guarding import undone, untouched
from colab_save.sampling.running import reference_arithmetic, to_tensor
from colab_save.sampling.seeding import fix_seeds
from colab_save.sampling.stepping import NO_MEMORY, NOTHING_MOVES, has_memory, loss_of, some_rows
from colab_save.types import Json, Model, Nested
from colab_save.wording import text_of

_NOT_ITS_VARIABLES = r"(?i)originally built with|cannot recognize variable"
"""What the optimizers of Keras and tf_keras say of a variable that they were not built for."""

_NO_ATTRIBUTE = r"'(\w+)' (?:object )?has no attribute"
"""What Python says of an object, or a class, that lacks an attribute."""


def answer_step(model: Model, file: Path, step: Step, *, is_part: bool) -> dict[str, Json]:
    """Take a training step, on all rows where the first two give no finite loss or moves nothing.

    Args:
        model: The reloaded model, which is another one afterwards.
        file: The data of the step.
        step: The step, with the structure of its data.
        is_part: The model is needed as it was.

    Returns:
        As JSON: the ``loss`` and the paths that its gradients ``reached`` before the step, where the live model's are
        known; or why it was ``skipped``.
    """
    if not has_memory(model):
        return {"skipped": NO_MEMORY}
    data = read_arrays(file, step.data)
    answer: dict[str, Json] = {}
    with undone(model) if is_part else nullcontext():
        if step.loss is not None:
            loss = loss_of(model, some_rows(data, step.rows))
            answer = {"loss": loss.value, "reached": list(loss.reached)}
        is_taken = any(_train(model, some_rows(data, rows)) for rows in dict.fromkeys((step.rows, None)))
    return answer if is_taken else {**answer, "skipped": NOTHING_MOVES}


def _train(model: Model, data: Nested) -> bool:
    """Take one step, and return whether all that it reports is finite and a trainable variable has moved."""
    import numpy as np
    import tensorflow as tf

    trained = [variable for _, variable in walk_variables(model) if variable.trainable]
    before = [tf.convert_to_tensor(variable) for variable in trained]
    with reference_arithmetic():
        fix_seeds(model, is_by_place=True)
        logs = model.train_step(map_structure(to_tensor, data))
    numbers = [np.asarray(item) for _, item in leaves(logs)] if isinstance(logs, Mapping) else []
    is_finite = all(math.isfinite(number) for item in numbers if item.dtype.kind == "f" for number in item.flat)
    pairs = zip(before, trained, strict=True)
    return is_finite and any(not np.array_equal(old, tf.convert_to_tensor(now)) for old, now in pairs)


def is_lost(model: Model, error: Exception) -> bool:
    """Return whether a step raised an error that no data causes: something of the model has not come back.

    Either its optimizer was built for other variables, or one of its own objects lacks an attribute.
    """
    text = text_of(error)
    if re.search(_NOT_ITS_VARIABLES, text):
        return True
    if not isinstance(error, AttributeError):
        return False
    own = {type(part).__name__ for walk in (walk_layers, optimizers_of) for _, part in walk(model)}
    return is_users_own(type(error.obj)) or any(name in own for name in re.findall(_NO_ATTRIBUTE, text))


def answer_moved_losses(model: Model, file: Path, step: Step) -> list[Json]:
    """Return the loss before the step: first as it is, then after small moves of the model and its data."""
    import numpy as np
    import tensorflow as tf

    data, losses = some_rows(read_arrays(file, step.data), step.rows), list[Json]()
    for seed in (None, *range(DRAWS)):
        move: Any = partial(moved, random=np.random.default_rng(seed)) if seed is not None else lambda item: item
        with untouched(model):
            for _, variable in walk_variables(model) if seed is not None else ():
                variable.assign(move(np.asarray(tf.convert_to_tensor(variable))))
            losses.append(loss_of(model, map_structure(move, data)).value)
    return losses
