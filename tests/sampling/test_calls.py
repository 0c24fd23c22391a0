"""What a notebook's cells called a model with."""

from __future__ import annotations

from collections import defaultdict

import pytest

from colab_save.sampling.calls import arguments_in, training_data_in


class Model:
    """Whatever is searched for: it is found by identity."""


MODEL, OTHER, X, Y = Model(), Model(), [1.0], [2.0]


class Pair:
    generator = MODEL

    @property
    def broken(self):
        raise RuntimeError


class Counting:
    """An iterator by number, which counts what is read."""

    reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return X


def found(*cells, **variables):
    names = {"model": MODEL, "other": OTHER, "x": X, "y": Y, "gan": Pair(), "data": {"x": X}, **variables}
    return list(arguments_in(cells, names, MODEL))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model.fit(x, y)", [("x in model.fit()", X)]),
        ("model.fit(x=x, y=y, epochs=3)", [("x in model.fit()", X)]),
        ("history = model.fit(data['x'], y)", [("data['x'] in model.fit()", X)]),
        ("model.evaluate(x)", [("x in model.evaluate()", X)]),
        ("model.predict(x)[0]", [("x in model.predict()", X)]),
        ("print(model.predict_on_batch(x))", [("x in model.predict_on_batch()", X)]),
        ("model(x, training=True)", [("x in model()", X)]),
        ("model(inputs=x)", [("x in model()", X)]),
        ("model(x, y)", [("x, y in model()", (X, Y))]),
        ("model.predict([x, y])", [("[x, y] in model.predict()", [X, Y])]),
        ("model.predict({'a': x})", [("{'a': x} in model.predict()", {"a": X})]),
        ("model.fit(x, y, validation_data=(y, x))", [("x in model.fit()", X), ("y, x in model.fit()", Y)]),
        ("gan.generator(x)", [("x in gan.generator()", X)]),
        ("for batch in ():\n    model(x)", [("x in model()", X)]),
        ("def step():\n    return model(x)", [("x in model()", X)]),
        ("get_ipython().run_line_magic('time', 'model.fit(x, y)')", [("x in model.fit()", X)]),
        (
            "get_ipython().run_cell_magic('time', '', '%matplotlib inline\\nmodel.fit(x, y)\\n')",
            [("x in model.fit()", X)],
        ),
        ("other.fit(x, y)", []),
        ("other(x)", []),
        ("model.fit(load(), y)", []),
        ("model.fit(x / 255, y)", []),
        ("model.fit(unknown, y)", []),
        ("model.summary()", []),
        ("gan.broken(x)", []),
        ("no python", []),
    ],
)
def test_inputs_are_found_in_the_source_of_a_cell(cell, expected):
    assert expected == found(cell)


def test_the_newest_call_comes_first():
    assert [Y, X] == [value for _, value in found("model.fit(x)", "model.predict(y)")]
    assert [Y, X] == [value for _, value in found("model.fit(x)\nmodel.predict(y)")]


def test_a_slice_is_taken_of_lists_and_not_of_what_may_count_its_reads():
    counting = Counting()
    assert [[1]] == [value for _, value in found("model(numbers[:-1])", numbers=[1, 2])]
    assert [] == found("model(counting[0])", counting=counting)
    assert 0 == counting.reads


def test_a_default_dict_gets_no_new_item():
    empty = defaultdict(list)
    assert [] == found("model(empty['x'])", empty=empty)
    assert {} == empty


def test_a_long_argument_is_cut():
    [(source, _)] = found(f"model.predict([{', '.join(['x'] * 40)}])")
    assert len(source) < 90


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model.fit(x, y)", [("model.fit()", (X, Y))]),
        ("model.fit(x, y, 32)", [("model.fit()", (X, Y))]),
        ("model.fit(y=y, x=x, epochs=3)", [("model.fit()", (X, Y))]),
        ("model.fit(x, y, sample_weight=x)", [("model.fit()", (X, Y, X))]),
        ("model.train_on_batch(x, y, x)", [("model.train_on_batch()", (X, Y, X))]),
        ("model.fit(data)", [("model.fit()", ({"x": X},))]),
        ("model.fit(x)\nmodel.evaluate(y, x)", [("model.evaluate()", (Y, X)), ("model.fit()", (X,))]),
        ("model.fit(x, f(y))", []),
        ("model.predict(x)", []),
        ("other.fit(x, y)", []),
        ("model.fit(y=y)", []),
    ],
)
def test_what_a_model_was_trained_on_is_found_with_its_targets(cell, expected):
    names = {"model": MODEL, "other": OTHER, "x": X, "y": Y, "data": {"x": X}}
    assert expected == list(training_data_in([cell], names, MODEL))
