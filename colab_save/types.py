"""Names for what TensorFlow, Keras and JSON leave untyped, so that a signature says what it takes.

Each is `Any` to a type checker, since TensorFlow and Keras have no types that it could read, and a word to a reader.
`Html` is the exception: a text of its own kind, so that what was never escaped cannot be shown as HTML by mistake.
"""

from __future__ import annotations

from typing import Any, NewType, TypeAlias

Model: TypeAlias = Any
"""A live model: of Keras 3 or tf_keras, a `tf.Module`, or what a loaded SavedModel, LiteRT or ONNX file is."""

Layer: TypeAlias = Any
"""A layer of Keras 3 or tf_keras."""

Optimizer: TypeAlias = Any
"""An optimizer of Keras 3 or tf_keras."""

Variable: TypeAlias = Any
"""A variable of TensorFlow, Keras 3 or tf_keras."""

Tensor: TypeAlias = Any
"""A tensor of TensorFlow or a NumPy array."""

Array: TypeAlias = Any
"""A NumPy array, also of the dtypes of ml_dtypes."""

Nested: TypeAlias = Any
"""Nested lists, tuples and dicts of arrays or tensors, as a model takes and answers them."""

Specs: TypeAlias = Any
"""The same structure as inputs or outputs, each leaf a name, shape and dtype."""

Json: TypeAlias = Any
"""What JSON holds: dicts with texts as keys, lists, texts, numbers, booleans, None."""

Widget: TypeAlias = Any
"""A widget of ipywidgets."""

Html = NewType("Html", str)
"""A piece of HTML in which every text of others is escaped."""
