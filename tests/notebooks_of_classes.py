"""Notebooks whose classes come from elsewhere than a plain cell, or are called in other ways, by what they show.

Each makes one model, so that several habits are saved by one line. `tests/test_generated_classes.py` executes them.
"""

from __future__ import annotations

from tests.notebooks_of_others import Notebook

TRAINING = """
model.compile("adam", "mse")
model.fit(x, y, epochs=2, batch_size=8, verbose=0, shuffle=False)
"""

HEAD = """
import collections
import types

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(3)
x = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
y = np.linspace(0, 1, 16, dtype="float32").reshape(8, 2)
"""

IN_A_CELL_MAGIC = """%%time
import math as arithmetic


class Timed(keras.layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.twice = by * 2

    def call(self, inputs):
        return inputs * self.twice + arithmetic.pi
"""

BY_EXEC = '''
text = """
class Executed(keras.layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.twice = by * 2

    def call(self, inputs):
        return inputs * self.twice
"""
exec(text)
'''

BY_TYPE = """
def start(self, by):
    keras.layers.Layer.__init__(self)
    self.twice = by * 2


def call(self, inputs):
    return inputs * self.twice


Made = type("Made", (keras.layers.Layer,), {"__init__": start, "call": call, "rate": 3})
"""

BY_A_FACTORY = """
def factory(power):
    class Raised(keras.layers.Layer):
        def __init__(self, by):
            super().__init__()
            self.twice = by * 2

        def call(self, inputs):
            return inputs**power * self.twice

    return Raised


Square, Cube = factory(2), factory(3)
"""

IN_A_FILE = """%%writefile written_layer.py
import keras


class Written(keras.layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.twice = by * 2

    def call(self, inputs):
        return inputs * self.twice
"""

OF_ONE_NAME = """
class Gate(keras.layers.Layer):
    def __init__(self, by):
        super(Gate, self).__init__()
        self.twice = by * {factor}

    def call(self, inputs):
        return inputs * self.twice
"""

SET_LATER = """
class Plain(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(self.shifted(inputs))


def halved(self, inputs):
    return self.dense(inputs) / 2


plain, other = Plain(), Plain()
plain.shifted = lambda inputs: inputs + 1.0
other.call = types.MethodType(halved, other)
"""

ATTACHED = """
class Open(keras.layers.Layer):
    pass


def call(self, inputs):
    return inputs * 1.5


Open.call = call
"""

CALLED = """
Pair = collections.namedtuple("Pair", "sum product")


class Merge(keras.layers.Layer):
    def __init__(self, ways):
        super().__init__()
        self.by = {name: len(name) * 0.1 for name in ways}

    def call(self, query, value, mask=None, *, scale=1.0, training=None):
        return Pair(query + value * self.by["long"], query * value * scale)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.merge, self.dense, self.sizes = Merge(["a", "long"]), keras.layers.Dense(2), Pair(2, [3, 4])
        self.names = {"first": "one", "second": "two"}

    def call(self, inputs):
        both = self.merge(inputs, inputs[:, ::-1], scale=2.0)
        return self.dense(both.sum + both.product) * self.sizes.product[1]


model = Net()
"""

REDEFINED = """
def helper(inputs):
    return inputs * {by}
"""

HELPED = """
class Helped(keras.Model):
    def __init__(self, act=helper):
        super().__init__()
        self.dense, self.act = keras.layers.Dense(2), act

    def call(self, inputs):
        return self.act(self.dense(inputs))


model = Helped()
"""

HOLDS_A_LOCK = """
import threading

made = 0


class Counting(keras.layers.Layer):
    def __init__(self, by, *, shape):
        global made
        super().__init__()
        made += 1
        self.lock = threading.Lock()
        self.scale = self.add_weight(shape={shape}, initializer="ones")
        self.twice = [each * 2 for each in by]

    def call(self, inputs):
        with self.lock:
            return inputs * self.twice[1] * self.scale


factors = np.array([0.5, 1.5])  # which Keras does not note
"""

OF_A_LAYER = """
counting = Counting(factors, shape=(4,))
{then}
model = keras.Sequential([keras.Input((4,)), counting, keras.layers.Dense(2)])
"""

FROM_A_PACKAGE = """
import xml.etree.ElementTree
import tensorflow.keras.layers as tkl


class Reading(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = tkl.Dense(2)

    def call(self, inputs):
        return self.dense(inputs) * len(xml.etree.ElementTree.fromstring("<a><b/><b/></a>"))


model = Reading()
"""

NOTEBOOKS_OF_CLASSES = {
    "in a cell magic, and by exec": [
        IN_A_CELL_MAGIC,
        BY_EXEC,
        "model = keras.Sequential([keras.Input((4,)), Timed(1.5), Executed(0.5), keras.layers.Dense(2)])",
        TRAINING,
    ],
    "by type, and by factories": [
        BY_TYPE,
        BY_A_FACTORY,
        "model = keras.Sequential([keras.Input((4,)), Made(1.5), Square(0.5), keras.layers.Dense(2)])",
        TRAINING,
    ],
    "two classes of one factory": [
        BY_A_FACTORY,
        "model = keras.Sequential([keras.Input((4,)), Cube(1.5), Square(0.5), keras.layers.Dense(2)])",
        TRAINING,
    ],
    "in a file that was written again": [
        IN_A_FILE,
        "from written_layer import Written",
        "model = keras.Sequential([keras.Input((4,)), Written(1.5), keras.layers.Dense(2)])",
        TRAINING,
        IN_A_FILE.replace("by * 2", "by\n        self.twice *= 7"),
    ],
    "two classes of one name": [
        OF_ONE_NAME.format(factor=2),
        "gate = Gate(1.5)",
        OF_ONE_NAME.format(factor=3),
        "model = keras.Sequential([keras.Input((4,)), gate, Gate(0.5), keras.layers.Dense(2)])",
        TRAINING,
    ],
    "methods and functions that were set later": [
        SET_LATER,
        "model = keras.Sequential([keras.Input((4,)), plain, other])",
        TRAINING,
    ],
    "a method that was attached to its class": [
        ATTACHED,
        "model = keras.Sequential([keras.Input((4,)), Open(), keras.layers.Dense(2)])",
        TRAINING,
    ],
    "called with several arguments": [CALLED, TRAINING],
    "a helper that was defined again": [
        REDEFINED.format(by=1.5),
        HELPED,
        TRAINING,
        REDEFINED.format(by=7.0),
    ],
    "an attribute that no file holds": [HOLDS_A_LOCK.format(shape="shape"), OF_A_LAYER.format(then=""), TRAINING],
    "modules of packages": [FROM_A_PACKAGE, TRAINING],
}
"""The cells of each notebook, after `HEAD`."""

LACKING = {
    "an attribute that no file holds, with an argument that means something else since": [
        HOLDS_A_LOCK.format(shape="shape"),
        OF_A_LAYER.format(then="factors = np.array([0.5, 7.0])"),
        TRAINING,
    ],
    "an attribute that no file holds, of a constructor that makes another shape each time": [
        HOLDS_A_LOCK.format(shape="(3 + made,)"),
        OF_A_LAYER.format(then=""),
        TRAINING,
        "made += 1",
    ],
}
"""Those that need an attribute which no file holds."""


def notebook_of(name):
    """The cells of this name as a notebook."""
    again = "model.fit(x, y, epochs=2, batch_size=8, verbose=0, shuffle=False)"
    fields = {"model": "model", "answer": "model(x)", "again": again}
    return Notebook(
        f"classes/{name.replace(' ', '_').replace(',', '')}", fields, [HEAD, *{**NOTEBOOKS_OF_CLASSES, **LACKING}[name]]
    )
