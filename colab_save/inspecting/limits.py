"""The limits of what a file may declare before it is opened, each with its reason.

All modules of `inspecting` use these; a good file stays far below all of them.
"""

from __future__ import annotations

MAX_MEMBERS = 20_000
"""Entries of a zip. Keras writes 3 and one for each vocabulary; millions would only exhaust memory."""

MAX_DIRECTORY = 16 << 20
"""Bytes of a zip's central directory: about 800 for each of `MAX_MEMBERS`."""

MAX_JSON = 64 << 20
"""Bytes of one JSON text. The config of a lookup layer has its vocabulary: a million words are 20 MB."""

MAX_DEPTH = 256
"""Levels of nested JSON. Each nested model adds about 8; Keras itself runs out of stack near 1000 levels."""

MAX_DIMENSION = 2**31 - 1
"""One size in a config (units, filters, a shape): TensorFlow's kernels count in 32 bits."""

BOMB_FLOOR = 4 << 30
"""Bytes that a file may declare whatever it stores: they fit into the memory of the smallest Colab runtime."""

MAX_ZIP_RATIO = 100
"""Declared to stored bytes of zip members, above `BOMB_FLOOR`. Keras does not compress; weights shrink by 1.1."""

MAX_SHAPE_RATIO = 1000
"""Declared to stored bytes of HDF5 data and of configs, above `BOMB_FLOOR`."""

MAX_VALUES = 1 << 27
"""Values that a config may declare whatever the file stores: half a GiB of float32, initialised in a second."""

MAX_VALUE_RATIO = 64
"""Values that a config declares to bytes that its file stores, above `MAX_VALUES`. The upper bound on the values is
rough: for many good models, which store at least a byte per value, it is ten times too high."""

MAX_AXIS = 1 << 17
"""The longest axis for which an untrusted manifest may build a layer, unless its payload has more bytes."""

EMPTY_FLOOR = 16 << 20
"""Bytes that an HDF5 dataset may declare without stored values: Keras always stores them."""

MAX_OBJECTS = 200_000
"""Groups and datasets of an HDF5 file: the largest published models have several thousand variables."""

MAX_STRUCTURE = 512 << 20
"""Bytes of HDF5 structure that may be read, so that reading a circular structure ends."""

MAX_GRAPH = 2 << 30
"""Bytes of ``saved_model.pb`` and of an ONNX file: the limit of protobuf is 2 GiB."""

MAX_FIELDS = 5_000_000
"""Fields of an ONNX file: about ten for each node, and one for each word of a vocabulary."""

MAX_PARTS = 2_000_000
"""Tables and numbers of a ``.tflite``: about ten for each tensor and operator, of which large models have thousands."""

MAX_ARRAY_HEADER = 10_000
"""Characters of a ``.npy`` header, as in NumPy (``numpy.lib.format._MAX_HEADER_SIZE``)."""

MAX_SAMPLE = 2 << 30
"""Bytes of all arrays of a sample: it has a few rows, and is read into memory completely."""
