"""Objects that Keras cannot describe, small: modules without `tf.function`s, and what a training loop holds."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tests.zoo import rows


class Dense(tf.Module):
    """A layer as Sonnet and notebooks write one; it makes its variables at its first call."""

    def __init__(self, units, name=None):
        super().__init__(name=name)
        self.units, self.built = units, False

    def __call__(self, x):
        if not self.built:
            self.w = tf.Variable(tf.random.normal([x.shape[-1], self.units]), name="w")
            self.b = tf.Variable(tf.ones([self.units]), name="b")
            self.built = True
        return x @ self.w + self.b


class Stack(tf.Module):
    """Modules in attributes, lists, tuples and dicts; one of them twice; constants, functions and a table."""

    def __init__(self, units):
        super().__init__()
        self.first = Dense(units)
        self.again = self.first
        self.layers = [Dense(3), Dense(units)]
        self.heads = {"main": Dense(2)}
        self.pair = (Dense(2), 0.5)
        self.activation = tf.nn.relu
        self.bias = np.ones(2, "float32")
        self.names = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [3.0, 4.0]), 0.0)

    def __call__(self, x):
        x = self.activation(self.again(self.first(x)))
        for layer in self.layers:
            x = layer(x)
        last, scale = self.pair
        return last(self.heads["main"](x)) * scale + self.bias + self.names.lookup(tf.constant("b"))


class Sides(tf.Module):
    """Several inputs."""

    def __init__(self):
        super().__init__()
        self.left, self.right = Dense(2), Dense(2)

    def __call__(self, left, right):
        return {"sum": self.left(left) + self.right(right)}


class Hidden(tf.Module):
    """Variables where TensorFlow does not look: in a plain object, in a set, in a dict with numbers for keys."""

    def __init__(self):
        super().__init__()
        self.box = Box(tf.Variable(2.0))
        self.by_number = {1: tf.Variable(3.0)}

    def __call__(self, x):
        return x * self.box.value + self.by_number[1]


def once(method):
    """Run a method once for each object, as Sonnet does: by an id that is another in each process."""
    mark = object()

    def run(self, *inputs):
        if mark not in self.ran:
            method(self, *inputs)
            self.ran.add(mark)

    return run


class Lazy(tf.Module):
    """It notes in itself, by what a decorator made, that it has its variables."""

    def __init__(self):
        super().__init__()
        self.ran = set()

    @once
    def make(self, x):
        self.w = tf.Variable(tf.random.normal([x.shape[-1], 2]))

    def __call__(self, x):
        self.make(x)
        return x @ self.w


class Box:
    def __init__(self, value):
        self.value = value


def called(module, *inputs):
    module(*(inputs or (rows(2, 4),)))
    return module


def sequential():
    return called(Stack(4))


def untrained():
    return called(Dense(2))


def many_inputs():
    return called(Sides(), rows(2, 3), rows(2, 4))


def lazy():
    return called(Lazy())


def hidden():
    return Hidden()


MODULES = {make.__name__: make for make in (sequential, untrained, many_inputs, hidden, lazy)}

CLASSES = {kind.__name__: kind for kind in (Dense, Stack, Sides, Hidden, Lazy, Box)} | {"relu": tf.nn.relu}


def loop(units=3, *, is_trained=True):
    """What a training loop of one's own holds."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])
    held = tf.train.Checkpoint(model=model, optimizer=keras.optimizers.Adam(0.05), epoch=tf.Variable(0, dtype=tf.int64))
    for _ in range(2 if is_trained else 0):
        train(held)
    return held


def train(held):
    """Take one step, and return the loss."""
    weights = held.model.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((held.model(rows(8, 4)) - 1.0) ** 2)
    held.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    held.epoch.assign_add(1)
    return float(loss)
