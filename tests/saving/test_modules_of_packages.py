"""What the code of an installed package made for a module comes back: functions without a name, and what they hold."""

from __future__ import annotations

import importlib
import itertools
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from colab_save.artifact.round_trip import Aspect, Outcome
from colab_save.errors import RoundTripError
from colab_save.format_table import FORMATS
from colab_save.formats.checkpoint import CheckpointFormat
from colab_save.loading.pipeline import load
from colab_save.model.inner_functions import InnerCode
from colab_save.model.module_configs import module_config
from colab_save.model.module_remaking import ModuleRemaking
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from tests.zoo import rows

pytestmark = pytest.mark.tensorflow

SOURCE = """
import functools
import threading

import tensorflow as tf


class Box:
    def __init__(self, value):
        self.value = value


def decorated(function):
    @functools.wraps(function)
    def run(*given, **named):
        return function(*given, **named)

    return run


class Flow(tf.Module):
    @decorated
    def __init__(self, shift=0.5, factor=2.0):
        super().__init__()
        weight = self.weight = tf.Variable(factor)
        hidden = tf.Variable(3.0)

        @decorated
        def scale(x, by=1.0, *, plus=0.25):
            return x * weight * by + plus + hidden

        self.scale = scale
        self.steps = [lambda x: x + shift, lambda x: x - 2 * shift]
        self.box = Box(tf.Variable(7.0))

    def __call__(self, x):
        for step in self.steps:
            x = step(x)
        return self.scale(x, 3.0) + self.box.value


class Cache(dict):
    limit = 4

    def __getitem__(self, name):
        return self.limit


class Operator(tf.Module):
    def __init__(self, factor):
        self._name, self.factor = "own", tf.Variable(factor)

    def _name_scope(self, name):
        return tf.name_scope(f"{self._name}/{name}")

    def __call__(self, x):
        with self._name_scope("scaled"):
            return x * self.factor


class Scaling(tf.Module):
    def __init__(self):
        super().__init__()
        self.operator, self.cache = Operator(3.0), Cache(a=1)
        self.again, self.cache.limit = self.cache, 5

    def __call__(self, x):
        return self.operator(x) + self.cache["any"]


class Counting(tf.Module):
    def __init__(self):
        super().__init__()
        self.weight, count = tf.Variable(1.0), 0

        def add():
            nonlocal count
            count += 1

        def told():
            return count

        def power(x, by):
            return x if by == 1 else x * power(x, by - 1)

        self.add, self.told, self.power = add, told, power


class Locking(tf.Module):
    def __init__(self):
        super().__init__()
        self.weight, lock = tf.Variable(1.0), threading.Lock()

        def locked():
            return lock.locked()

        self.locked = locked

    def __call__(self, x):
        return x * self.weight
"""

_numbers = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with modules, as pip leaves it."""
    folder, name = tmp_path / "site-packages", f"niceflows{next(_numbers)}"
    (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
    (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / f"{name}-1.0.dist-info" / "top_level.txt").write_text(f"{name}\n")
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    yield importlib.import_module(name)
    sys.modules.pop(name)


def saved(model, folder, **changes):
    return save(SaveRequest(model, "cats", to=str(folder), sample=rows(2, 4), **changes))


def code_of(report):
    return report.manifest.round_trips[0].verdicts[Aspect.CODE]


def remade(model):
    """Write an object and make it again, without a file."""
    named = {kind.__name__: kind for kind in module_config(model, lambda kind: kind.__name__).code}
    return ModuleRemaking(named).read(module_config(model, lambda kind: kind.__name__).config)


def test_functions_that_a_constructor_made_come_back_with_what_they_alone_hold(package, tmp_path):
    model = package.Flow()
    report = saved(model, tmp_path)
    assert (Outcome.PASSED, Outcome.PASSED) == (report.outcome, code_of(report).outcome)
    back = load(LoadRequest("cats", source=str(tmp_path), trust=True)).model
    assert np.array_equal(model(rows(2, 4)), back(rows(2, 4)))


def test_a_function_uses_the_variable_that_the_object_holds(package):
    back = remade(package.Flow())
    back.weight.assign(0.0)
    assert 3.25 == float(back.scale(1.0))


def test_functions_that_share_a_variable_still_do(package):
    model = package.Counting()
    model.add()
    back = remade(model)
    back.add()
    assert (2, 1) == (back.told(), model.told())


def test_a_function_that_calls_itself_comes_back(package):
    assert 8 == remade(package.Counting()).power(2, 3)


def test_a_module_that_names_its_scopes_itself_comes_back(package, tmp_path):
    report = saved(package.Scaling(), tmp_path)
    assert (Outcome.PASSED, Outcome.PASSED) == (report.outcome, code_of(report).outcome)
    assert "own" == load(LoadRequest("cats", source=str(tmp_path), trust=True)).model.operator.name


def test_a_container_of_a_package_comes_back_as_one_with_its_attributes(package):
    back = remade(package.Scaling())
    assert (True, 5, {"a": 1}) == (back.cache is back.again, back.cache.limit, dict(back.cache.items()))


def test_one_that_holds_what_cannot_be_written_is_named_and_its_code_is_not_passed(package, tmp_path):
    verdict = code_of(saved(package.Locking(), tmp_path))
    assert (Outcome.SKIPPED, True) == (verdict.outcome, "the attribute locked of Locking" in verdict.reason)


def test_a_function_of_another_version_is_not_taken_for_it(package):
    place = InnerCode.of(package.Flow().scale.__wrapped__)
    with pytest.raises(ValueError, match="scale is another function in the installed version"):
        place.find(["hidden", "shift"])
    with pytest.raises(ValueError, match="scale is another function in the installed version"):
        replace(place, index=1).find(["hidden", "weight"])


class Losing(CheckpointFormat):
    """Writes the attributes with a true loss."""

    pattern, instead = "", ""

    def save(self, model, folder, sample, options):
        notes = super().save(model, folder, sample, options)
        file = folder / self.payload / "object.json"
        text, count = re.subn(self.pattern, self.instead, file.read_text())
        assert count == 1
        file.write_text(text)
        return notes


class Changing(Losing):
    """A constant that only a closure holds."""

    pattern, instead = r'(\["shift", \d+), 0\.5\]', r"\1, 0.75]"


class Zeroing(Losing):
    """The value of a variable that only a plain object of the package holds."""

    pattern = r', "value": \{"data": "AADgQA==", "dtype": "float32", "shape": \[\]\}'


class Swapping(Losing):
    """The second of two functions of one name, for the first."""

    pattern, instead = r'<lambda>", 1\]', '<lambda>", 0]'


class Emptying(Losing):
    """An attribute of a container of the package."""

    pattern, instead = r'\["limit", 5\]', '["__limit", 5]'


class Initialising(Losing):
    """That a module's class does not call the constructor of `tf.Module`."""

    pattern, instead = r'"Operator"\}, null', '"Operator"}, "own"'


@pytest.mark.parametrize(
    ("made", "kind", "found"),
    [
        ("Flow", Changing, "outputs"),
        ("Flow", Zeroing, "outputs"),
        ("Flow", Swapping, "outputs"),
        ("Scaling", Emptying, "outputs"),
        ("Scaling", Initialising, "'name_scope_v2' object is not callable"),
    ],
)
def test_a_true_loss_is_found(package, tmp_path, monkeypatch, made, kind, found):
    monkeypatch.setitem(FORMATS, "checkpoint", replace(FORMATS["checkpoint"], plug=f"{__name__}:{kind.__name__}"))
    with pytest.raises(RoundTripError, match=found):
        saved(vars(package)[made](), tmp_path, formats="checkpoint")
