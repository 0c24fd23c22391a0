"""In a real kernel: classes of cells are captured, and a bare Python, which has only the file, runs them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.kernels import started

# jupyter_client 7.4.9, which Colab pins, is older than its Python; our own code runs in the kernel's process.
pytestmark = [pytest.mark.outside, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

CELLS = [
    """
import math as m
RATE = 0.5
class Layer:
    def call(self, x): return x - 1
""",
    """
from __future__ import annotations
import dataclasses, functools
def logged(function):
    @functools.wraps(function)
    def wrapper(*given): return function(*given)
    return wrapper
class Base:
    def scale(self) -> NotThere: return m.sqrt(RATE)
@dataclasses.dataclass
class Config:
    units: int = 3
class Layer(Base):
    @logged
    def call(self, x): return helper(x) * super().scale() + Config().units
def helper(x): return x + 1
""",
    """
old_plain = None
class Plain(Layer): rate = 1
kept = Plain
""",
    """
class Plain(Layer): rate = 2
twice, thrice = lambda x: x * 2, lambda x: x * 3
""",
    """
%%time
import math as timed_math
class Timed:
    def call(self, x): return timed_math.floor(x) + 1
%matplotlib --list
""",
    """
earlier = Timed
""",
    """
%%time
import math as timed_math
class Timed:
    def call(self, x): return timed_math.floor(x) + 2
""",
    """
text = "class Executed:\\n    def call(self, x):\\n        return x + 1\\n"
exec(text)
first = Executed
exec("class Executed:\\n    def call(self, x):\\n        return x + 2\\n")
def call(self, x): return self.more + x
Made = type("Made", (Base,), {"call": call, "more": 40})
""",
    """
%config Application.verbose_crash = False
import json, pathlib
from colab_save.custom_code.capturing import capture
more = {each.__name__: each for each in (earlier, first, Made)}
code = capture([Layer, kept, twice, thrice, *more.values()], globals())
pathlib.Path("custom_code.py").write_text(code.source)
print(json.dumps({"missing": list(map(str, code.missing)), "call": Layer().call(8), "rate": kept.rate,
                  "more": {name: each().call(8.5) for name, each in more.items()}}))
""",
]

RUN = """
import json, runpy
table = runpy.run_path("custom_code.py")["CUSTOM_OBJECTS"]
print(json.dumps({"call": table["Layer"]().call(8), "rate": table["Plain"].rate,
                  "lambdas": [table["twice"](5), table["thrice"](5)],
                  "more": {name: table[name]().call(8.5) for name in ("Timed", "Executed", "Made")}}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Results of the live objects in the kernel, and of the captured ones in a bare Python."""
    folder = tmp_path_factory.mktemp("kernel")
    with started(folder) as kernel:
        cells = kernel.run_all(CELLS)
    done = subprocess.run([sys.executable, "-I", "-c", RUN], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(cells[-1].printed), json.loads(done.stdout)


def test_nothing_is_missing(answers):
    assert [] == answers[0]["missing"]


def test_a_class_of_a_later_cell_has_the_same_outputs_in_a_bare_python(answers):
    assert answers[0]["call"] == answers[1]["call"]


def test_a_class_without_functions_is_the_live_one_not_the_newest(answers):
    assert (1, 1) == (answers[0]["rate"], answers[1]["rate"])


def test_the_lambdas_of_one_line_are_distinguished(answers):
    assert [10, 15] == answers[1]["lambdas"]


@pytest.mark.parametrize("name", ["Timed", "Executed", "Made"], ids=["by %%time", "by exec", "by type"])
def test_a_class_that_no_file_holds_is_the_live_one_not_the_newest(answers, name):
    assert answers[0]["more"][name] == answers[1]["more"][name]
