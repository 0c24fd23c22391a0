"""How much of a file is believed before it is opened, each limit with its reason.

Each part of `inspecting` takes its bounds from here; a good file stays far below all of them.
"""

from __future__ import annotations

MAX_MEMBERS = 20_000
"""Entries of a zip. Keras writes 3 and one per vocabulary; a directory of millions is only there to exhaust memory."""

MAX_DIRECTORY = 16 << 20
"""Bytes of a zip's central directory: about 800 per entry of the above."""

MAX_JSON = 64 << 20
"""Bytes of one JSON text. A lookup layer's config holds its vocabulary: a million words are 20 MB."""

MAX_DEPTH = 256
"""Levels of nested JSON. A model in a model adds about 8, and Keras itself runs out of stack near 1000 levels."""

MAX_DIMENSION = 2**31 - 1
"""One size in a config (units, filters, a shape): TensorFlow's own kernels count in 32 bits."""

BOMB_FLOOR = 4 << 30
"""Bytes that a file may declare whatever it stores: what fits into the memory of the smallest Colab runtime."""

MAX_ZIP_RATIO = 100
"""Declared to stored bytes of zip members, above `BOMB_FLOOR`. Keras stores as is; trained weights shrink by 1.1."""

MAX_SHAPE_RATIO = 1000
"""Declared to stored bytes of HDF5 data and of configs, above `BOMB_FLOOR`."""

MAX_VALUES = 1 << 27
"""Values that a config may declare whatever the file stores: half a GiB of float32, made in a second."""

MAX_VALUE_RATIO = 64
"""Values that a config declares to bytes that its file stores, above `MAX_VALUES`. The bound on the values is rough:
for many a good model, which stores at least a byte for each, it is ten times too high."""

MAX_AXIS = 1 << 17
"""The longest axis that a foreign manifest may have a layer built for, where its payload has fewer bytes."""

EMPTY_FLOOR = 16 << 20
"""Bytes that an HDF5 dataset may declare with nothing stored: Keras always writes the values."""

MAX_OBJECTS = 200_000
"""Groups and datasets of an HDF5 file: the largest published models have some thousand variables."""

MAX_STRUCTURE = 512 << 20
"""Bytes that HDF5 may read to show its structure; cut off, a file that leads it round in circles ends."""

MAX_GRAPH = 2 << 30
"""Bytes of ``saved_model.pb``, and of an ONNX file: protobuf itself ends at 2 GiB."""

MAX_FIELDS = 5_000_000
"""Fields of an ONNX file: about ten for each node, one for each word of a vocabulary."""

MAX_PARTS = 2_000_000
"""Tables and numbers of a ``.tflite``: some ten for each tensor and operator; large models have thousands of those."""

MAX_ARRAY_HEADER = 10_000
"""Characters of a ``.npy`` header, as in NumPy (``numpy.lib.format._MAX_HEADER_SIZE``)."""

MAX_SAMPLE = 2 << 30
"""Bytes of all arrays of a sample: a sample is a few rows, and it is read into memory as a whole."""
