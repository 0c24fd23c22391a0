"""Strategies for models of classes as notebooks write them, as the text of the cells that make, train and rerun them.

What is drawn: what the constructor takes and how, what becomes of each argument, where the class stands and how it is
defined, and which cells run again afterwards. `tests/test_generated_classes.py` executes them in kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.notebooks_of_others import Notebook

HELPERS = """
import argparse
import collections
import dataclasses
import enum
import functools
import itertools
import ctypes
import threading

import {keras} as keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(3)
x = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
y = np.linspace(0, 1, 16, dtype="float32").reshape(8, 2)


class Mode(enum.Enum):
    LINEAR = 1.0
    DOUBLE = 1.25


@dataclasses.dataclass
class Sizes:
    units: int
    gain: float = 1.0


Span = collections.namedtuple("Span", "first last")


def twice(inputs):
    return inputs * 1.5


def scaled(inputs, by):
    return inputs * by


class Scale(keras.layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.by = by

    def call(self, inputs):
        return inputs * self.by


def numbers(first):
    keys = tf.constant([1, 2])
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, tf.constant([first, 1.75])), 0.0)


amounts = [1.25, 1.75]


def locked(amount):
    held = {threading.Lock(): amount}
    return lambda inputs: inputs * sum(held.values())


def streamed(amount):
    held = (amount for _ in iter(int, 1))
    return lambda inputs: inputs * next(held)


def native(amount):
    held = ctypes.pointer(ctypes.c_float(amount))
    return lambda inputs: inputs * held.contents.value
"""
"""The first cell of every notebook."""


@dataclass(frozen=True)
class Kind:
    """A kind of argument.

    Attributes:
        value: The expression that a notebook passes.
        other: Another one.
        use: What `call` does with it: an expression of ``{x}`` and the argument, ``{v}``.
        eaten: A layer that the constructor makes of it; empty for none.
        is_plain: An honest ``get_config`` can return it.
    """

    value: str
    other: str
    use: str
    eaten: str = ""
    is_plain: bool = False


DENSE = "keras.Sequential([keras.layers.Dense(each) for each in {v}])"
KINDS = {
    "int": Kind("3", "2", "{x} * {v}", "keras.layers.Dense({v})", is_plain=True),
    "float": Kind("1.5", "0.5", "{x} * {v}", "keras.layers.Rescaling({v})", is_plain=True),
    "list": Kind("[3, 2]", "[2]", "{x} * sum({v})", DENSE, is_plain=True),
    "tuple": Kind("(2, 3)", "(2,)", "{x} * len({v})", DENSE),
    "dict": Kind("{'gain': 1.5, 'units': 3}", "{'gain': 2.5, 'units': 2}", "{x} * {v}['gain']", is_plain=True),
    "text": Kind("'tanh'", "'relu'", "keras.activations.get({v})({x})", "keras.layers.Activation({v})", is_plain=True),
    "dataclass": Kind("Sizes(3, 1.5)", "Sizes(2)", "{x} * {v}.gain", "keras.layers.Dense({v}.units)"),
    "enum": Kind("Mode.DOUBLE", "Mode.LINEAR", "{x} * {v}.value", "keras.layers.Rescaling({v}.value)"),
    "namedtuple": Kind("Span(1.5, 3)", "Span(1.25, 2)", "{x} * {v}.first", "keras.layers.Dense({v}.last)"),
    "function": Kind("twice", "tf.nn.relu", "{v}({x})", "keras.layers.Lambda({v})"),
    "lambda": Kind("lambda each: each * 1.5", "lambda each: each + 1.0", "{v}({x})", "keras.layers.Activation({v})"),
    "partial": Kind("functools.partial(scaled, by=1.5)", "functools.partial(scaled, by=0.5)", "{v}({x})"),
    "layer": Kind("keras.layers.Dense(3)", "keras.layers.Rescaling(0.5)", "{v}({x})", "keras.Sequential([{v}])"),
    "own layer": Kind("Scale(1.5)", "Scale(0.5)", "{v}({x})", "keras.Sequential([{v}])"),
    "table": Kind("numbers(1.5)", "numbers(0.5)", "{x} * {v}.lookup(tf.constant(1))"),
    "array": Kind("np.arange(1.0, 4.0)", "np.ones(2)", "{x} * float(np.sum({v}))", "keras.layers.Rescaling({v}.max())"),
    "namespace": Kind("argparse.Namespace(by=1.5)", "argparse.Namespace(by=0.5)", "{x} * {v}.by"),
    "ordered": Kind("collections.OrderedDict(by=1.5)", "collections.OrderedDict(by=2)", "{x} * {v}['by']"),
    "constant": Kind("tf.constant([1.5])", "tf.constant([0.5])", "{x} * {v}"),
}
"""What is passed, by what it is."""

HIDING = ("locked", "streamed", "native")
"""What hides an argument in an object that no file can hold."""

KINDS_OF_LOSS = {name: Kind("amounts.pop()", "0.5", "", f"{name}({{v}})") for name in HIDING}
"""Arguments that stand nowhere, so that no save can be whole."""

HABITS = ("same", "other", "underscore", "list", "dict", "tuple", "property", "eaten", "built", "variable", "later")
"""What becomes of an argument: the attribute that holds it, or what is made of it."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the constructor, what is passed for it, and what becomes of it."""

    name: str
    kind: str
    habit: str
    form: str
    is_given: bool

    @property
    def of(self):
        return {**KINDS, **KINDS_OF_LOSS}[self.kind]

    @property
    def is_eaten(self):
        """Whether a layer is made of it, or else it is kept."""
        return self.habit in ("eaten", "built") and bool(self.of.eaten)

    @property
    def declared(self):
        return f"{self.name}={self.of.other}" if self.form == "default" else self.name

    @property
    def passed(self):
        return f"{self.name}={self.of.value}" if self.form in ("keyword", "default") else self.of.value

    @property
    def reached(self):
        """How `call` reaches it."""
        own = f"self.{self.name}"
        ways = {"other": f"self.its_{self.name}", "underscore": f"self._{self.name}", "list": f"{own}_list[0]"}
        ways |= {"dict": f"{own}_dict['it']", "tuple": f"{own}_tuple[1]", "built": f"{own}_built"}
        return ways.get(self.habit, own)

    def lines(self):
        """The statements of the constructor."""
        name, made = self.name, self.of.eaten.format(v=self.name)
        if self.is_eaten:
            return [f"self.{name} = {made if self.habit == 'eaten' else name}"]
        if self.habit == "variable" and self.kind in ("int", "float"):
            return [f"self.{name} = tf.Variable(float({name}), trainable=False)"]
        ways = {"list": f"self.{name}_list = [{name}]", "dict": f"self.{name}_dict = {{'it': {name}, 'no': 1}}"}
        ways |= {"tuple": f"self.{name}_tuple = (0, {name})", "property": f"self._hidden_{name} = {name}"}
        return [ways.get(self.habit, f"{self.reached} = {name}".replace("_built", ""))]

    def built(self):
        """The statements of ``build``."""
        is_built = self.habit == "built" and self.is_eaten
        return [f"self.{self.name}_built = {self.of.eaten.format(v=f'self.{self.name}')}"] if is_built else []

    def called(self):
        """The statement of `call`."""
        reached = self.reached if self.is_eaten else self.reached.replace("_built", "")
        use = "{v}({x})" if self.is_eaten else self.of.use
        return f"x = {use.format(x='x', v=reached)}"


@dataclass(frozen=True)
class Class:
    """One class, and what a notebook does with it."""

    parameters: tuple[Parameter, ...]
    base: str
    keras: str
    has_kwargs: bool
    has_config: bool
    own_weights: str
    parent: str
    style: str
    place: str
    rerun: str

    @property
    def taken(self):
        """The parameters of its constructor; the others are set afterwards."""
        return [each for each in self.parameters if each.habit != "later"]

    @property
    def signature(self):
        forms = {form: [each.declared for each in self.taken if each.form == form] for form in FORMS}
        first = [*forms["position"], "/"] if forms["position"] else []
        last = ["*", *forms["keyword"]] if forms["keyword"] else []
        return ", ".join(["self", *first, *forms["plain"], *forms["default"], *last, *self.more])

    @property
    def more(self):
        return ["**kwargs"] if self.has_kwargs else []

    @property
    def making(self):
        """The expression that makes an object."""
        given = [each for each in self.taken if each.form != "default" or each.is_given]
        return f"Net({', '.join(each.passed for form in FORMS for each in given if each.form == form)})"

    def text(self, extra=""):
        """The class statement."""
        begins = [f"{self.parent}.__init__({', '.join(self.more)})"]
        lines = [f"class Net(keras.{self.base}):", *_method(f"__init__({self.signature})", [*begins, *self._held()])]
        for each in (each for each in self.parameters if each.habit == "property" and not each.is_eaten):
            lines += ["    @property", *_method(f"{each.name}(self)", [f"return self._hidden_{each.name}"])]
        if built := [*(line for each in self.parameters for line in each.built()), *self._built()]:
            lines += _method("build(self, shape)", built)
        if self.has_config:
            pairs = ", ".join(f"{each.name!r}: {each.reached}" for each in self.taken)
            lines += _method("get_config(self)", [f"return {{**{self.parent}.get_config(), {pairs}}}"])
        lines += _method("call(self, x)", [*(each.called() for each in self.parameters), *self._called(extra)])
        return "\n".join(lines)

    def _held(self):
        lines = [line for each in self.taken for line in each.lines()]
        ways = {"variable": "self.raw = tf.Variable([0.5])", "constructor": "self.own = self.add_weight(shape=())"}
        lines += [f"{ways[self.own_weights]}"] if self.own_weights in ways else []
        return [*lines, "self.head = keras.layers.Dense(2)"]

    def _built(self):
        return ["self.own = self.add_weight(shape=(), initializer='ones')"] if self.own_weights == "build" else []

    def _called(self, extra):
        own = {"variable": "x = x + self.raw", "constructor": "x = x + self.own", "build": "x = x * self.own"}
        return [*([own[self.own_weights]] if self.own_weights in own else []), f"return self.head(x){extra}"]

    def cells(self):
        """The cells of the notebook."""
        head = HELPERS.replace("{keras}", self.keras)
        yield f"from __future__ import annotations\n{head}" if self.style == "future" else head
        yield STYLES[self.style](self.text())
        later = [f"made.{each.reached[5:]} = {each.of.value}" for each in self.parameters if each.habit == "later"]
        yield "\n".join([f"made = {self.making}", *later, PLACES[self.place]])
        yield "model.compile('adam', 'mse')\nmodel.fit(x, y, epochs=2, batch_size=8, verbose=0, shuffle=False)"
        yield from RERUNS[self.rerun](self)

    def notebook(self, name):
        """The cells as a notebook that is to be saved under a name."""
        again = "model.fit(x, y, epochs=2, batch_size=8, verbose=0, shuffle=False)"
        return Notebook(name, {"model": "model", "answer": "model(x)", "again": again}, [*self.cells()])


def _method(head, lines):
    return [f"    def {head}:", *(f"        {line}" for line in lines)]


def _indented(text):
    return "\n".join(f"    {line}" for line in text.splitlines())


FORMS = ("position", "plain", "default", "keyword")
OUTER = """
class Outer(keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.{name} = inner{more}

    def call(self, x):
        {calls}
        return x
"""


def _outer(name, calls, given, more=""):
    return f"{OUTER.format(name=name, calls=calls, more=more)}\n\nmodel = Outer({given})"


PLACES = {
    "alone": "model = made",
    "sequential": "model = keras.Sequential([keras.Input((4,)), made])",
    "functional": "start = keras.Input((4,))\nmodel = keras.Model(start, keras.layers.Dense(2)(made(start)))",
    "inner": _outer("inner", "x = self.inner(x)", "made"),
    "list": _outer("blocks", "for each in self.blocks: x = each(x)", "[keras.layers.Dense(4), made]"),
    "dict": _outer("blocks", "x = self.blocks['a'](x)", "{'a': made}"),
    "aliased": _outer("inner", "x = self.alias(x) + self.inner(x)", "made", "\n        self.alias = inner"),
}
"""Where an object of the class stands: the statements that make a model of it."""

STYLES = {
    "plain": lambda text: text,
    "timed": lambda text: f"%%time\n{text}",
    "future": lambda text: text,
    "written": lambda text: f"def define():\n{_indented(text)}\n    return Net\n\n\nNet = define()",
}
"""How the class is defined."""

RERUNS = {
    "nothing": lambda _: [],
    "unchanged": lambda own: [STYLES[own.style](own.text())],
    "edited": lambda own: [STYLES[own.style](own.text(" * 3.0"))],
    "deleted": lambda own: ["del Net"],
    "helper": lambda own: ["def twice(inputs):\n    return inputs * 7.0"],
}
"""Which cells run after the model was trained."""


@st.composite
def parameters(draw, name):
    """A parameter of this name."""
    kind, habit = draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(HABITS))
    return Parameter(name, kind, habit, draw(st.sampled_from(FORMS)), draw(st.booleans()))


@st.composite
def classes(draw, more=()):
    """A class, and what a notebook does with it; its constructor takes some parameters more."""
    found = (*(draw(parameters(name)) for name in "abcde"[: draw(st.integers(0, 5))]), *more)
    can_tell = all(each.of.is_plain and each.habit in ("same", "property", "underscore") for each in found)
    base = draw(st.sampled_from(["Model", "layers.Layer"]))
    has_kwargs = draw(st.booleans())
    return Class(
        found,
        base,
        draw(st.sampled_from(["keras", "keras", "tf_keras"])),
        has_kwargs=has_kwargs,
        has_config=can_tell and has_kwargs and draw(st.booleans()),
        own_weights=draw(st.sampled_from(["none", "variable", "constructor", "build"])),
        parent=draw(st.sampled_from(["super()", "super(Net, self)"])),
        style=draw(st.sampled_from(sorted(STYLES))),
        place=draw(st.sampled_from(sorted(set(PLACES) - ({"alone"} if base == "layers.Layer" else set())))),
        rerun=draw(st.sampled_from(sorted(RERUNS))),
    )


def losing():
    """Classes with an argument that no save can write, and that the outputs need."""
    hiding = st.sampled_from(HIDING)
    return hiding.flatmap(lambda kind: classes([Parameter("hidden", kind, "eaten", "keyword", is_given=True)]))
