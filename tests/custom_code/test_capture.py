"""A captured file holds the live sources with all that they use, in an order that runs, and lists what is missing."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import sys
import threading

import numpy as np
import pytest

from colab_save.custom_code.captured import CustomCode
from colab_save.custom_code.capturing import capture


def reasons(code):
    return {item.name: item.reason for item in code.missing}


def test_a_function_comes_back_with_its_constants_helpers_and_imports(notebook, again):
    notebook.run("""
        import math as m
        from math import tau
        SCALE = 2.5
        def helper(x): return m.sqrt(x) + tau
        def loss(x): return helper(x) * SCALE
    """)
    assert notebook["loss"](4.0) == again(notebook.capture("loss"))["loss"](4.0)


def test_the_file_reads_imports_then_constants_then_helpers_before_their_users(notebook):
    notebook.run("""
        def loss(x): return helper(x) * SCALE
        import math
        def helper(x): return math.sqrt(x)
        SCALE = 2.5
    """)
    source = notebook.capture("loss").source
    places = [source.index(text) for text in ("import math", "SCALE =", "def helper", "def loss", "CUSTOM_OBJECTS =")]
    assert sorted(places) == places


def test_comments_and_layout_of_the_user_are_preserved(notebook):
    cell = "def loss(x):\n    # why: the scale\n    return (x   *\n            2)\n"
    notebook.run(cell)
    assert cell in notebook.capture("loss").source


def test_nothing_to_capture_has_an_empty_source():
    assert CustomCode() == capture([], {})


def test_capturing_twice_yields_the_same_text(notebook):
    notebook.run("S = {'b', 'a'}\ndef loss(x): return x in S")
    assert notebook.capture("loss").source == notebook.capture("loss").source


def test_a_redefined_function_is_captured_as_the_model_holds_it(notebook, again):
    notebook.run("def loss(x): return x + 1")
    held = notebook["loss"]
    notebook.run("def loss(x): return x + 2")
    assert held(1) == again(capture([held], notebook.names))["loss"](1)


def test_a_class_is_captured_with_bases_decorators_defaults_and_class_attributes(notebook, again):
    notebook.run("""
        def mark(cls):
            cls.marked = MARK
            return cls
        MARK, SIZE, RATE = "yes", 3, 0.5
        class Base:
            def size(self): return SIZE
        @mark
        class Layer(Base):
            rate = RATE
            def call(self, x, size=SIZE): return super().size() + size + x
    """)
    made = again(notebook.capture("Layer"))["Layer"]
    assert ("yes", 0.5, 7) == (made.marked, made.rate, made().call(1))


def test_the_base_that_a_class_really_has_is_captured_not_the_newest_of_that_name(notebook, again):
    notebook.run("class Base:\n    def size(self): return 1\nclass Layer(Base): pass")
    notebook.run("class Base:\n    def size(self): return 2")
    assert 1 == again(notebook.capture("Layer"))["Layer"]().size()


def test_two_versions_of_one_name_are_never_mixed(notebook):
    notebook.run("class Base:\n    def size(self): return 1\nclass Layer(Base): pass")
    notebook.run("class Base:\n    def size(self): return 2\ndef make(): return Base()")
    code = notebook.capture("Layer", "make")
    assert "means two different things in this code." == reasons(code)["Base"]


def test_classes_that_use_each_other_when_called_run(notebook, again):
    notebook.run("""
        class A:
            def other(self): return B()
        class B(A):
            def other(self): return A()
    """)
    assert "A" == type(again(notebook.capture("A"))["A"]().other().other()).__name__


def test_what_a_class_body_calls_has_its_own_helpers_before_it(notebook, again):
    notebook.run("""
        def table(): return [inner(i) for i in range(3)]
        def inner(i): return i * STEP
        STEP = 2
        class Layer: steps = table()
    """)
    assert [0, 2, 4] == again(notebook.capture("Layer"))["Layer"].steps


def test_a_sentinel_and_a_numpy_function_come_back(notebook, again):
    notebook.run(
        "import numpy\nABSENT, root = object(), numpy.sqrt\ndef f(x=ABSENT): return 3 if x is ABSENT else root(x)"
    )
    made = again(notebook.capture("f"))["f"]
    assert (3, 2.0) == (made(), made(4))


def test_a_local_variable_named_like_a_global_needs_nothing(notebook):
    notebook.run(
        "import threading\nbig = threading.Lock()\ndef loss(y):\n    big = y\n    return [big for big in (big,)]"
    )
    assert () == notebook.capture("loss").missing


def test_a_nested_function_is_captured_with_what_it_closed_over(notebook, again):
    notebook.run('''
        def huber(delta, inner):
            def loss(x):
                """Two
                lines."""
                return x * delta + inner(x), """a
            b"""
            return loss
        def square(x): return x * x
        held = huber(0.5, square)
    ''')
    assert notebook["held"](3) == again(notebook.capture("held"))["loss"](3)


TWO_LOSSES = "def make(d):\n    def loss(x): return x * d\n    return loss\na, b = make(2), make(3)"


def test_two_closures_of_one_function_are_numbered(notebook, again):
    notebook.run(TWO_LOSSES)
    made = again(notebook.capture("a", "b"))
    assert {"loss": 10, "loss_2": 15} == {name: function(5) for name, function in made.items()}


def test_a_numbered_function_has_the_name_that_it_had(notebook, again):
    """Keras names metrics after their functions, and with them what training logs."""
    notebook.run(TWO_LOSSES)
    assert "loss" == again(notebook.capture("a", "b"))["loss_2"].__name__


def test_a_number_is_never_that_of_another_variable(notebook, again):
    notebook.run(f"{TWO_LOSSES}\nloss_2 = 7\ndef also(x): return x * loss_2")
    made = again(notebook.capture("a", "b", "also"))
    assert {"loss": 10, "loss_3": 15, "also": 35} == {name: function(5) for name, function in made.items()}


def test_a_function_that_was_defined_again_is_captured_as_both(notebook, again):
    notebook.run("def loss(x): return x\nold = loss")
    notebook.run("def loss(x): return 2 * x")
    made = again(notebook.capture("old", "loss"))
    assert [5, 10] == [made["loss"](5), made["loss_2"](5)]


def test_two_functions_that_code_calls_by_one_name_are_refused(notebook):
    notebook.run("def size(x): return x\nold = size")
    notebook.run("def size(x): return 2 * x\ndef loss(x): return size(x)")
    assert {"size": "means two different things in this code."} == reasons(notebook.capture("old", "loss"))


def test_a_closure_over_live_data_is_missing_with_the_reason(notebook, tmp_path):
    notebook.names["handle"] = threading.Lock()
    notebook.run("def make(d):\n    def loss(x): return d\n    return loss\nheld = make(handle)")
    assert {"d": "holds a live _thread.lock, which source code cannot rebuild."} == reasons(notebook.capture("held"))


def test_a_class_made_in_a_function_is_captured_with_its_base(notebook, again):
    notebook.run("""
        class Thing:
            def size(self): return 4
        def make(Base, extra):
            class Layer(Base):
                def size(self): return super().size() + extra
            return Layer
        Made = make(Thing, 3)
    """)
    assert 7 == again(notebook.capture("Made"))["Layer"]().size()


def test_the_lambdas_of_one_line_are_distinguished(notebook, again):
    notebook.run("pair = [lambda x: x + 1, lambda x: x + 2]\nfirst, second = pair\ndel first, second")
    table = again(capture(notebook["pair"], notebook.names))
    assert [2, 3] == [table["lambda_1"](1), table["lambda_2"](1)]


def test_a_lambda_of_a_loop_has_the_default_of_its_iteration(notebook, again):
    notebook.run("made = [lambda x, i=i: x * i for i in range(1, 4)]\ni = 99")
    table = again(capture(notebook["made"], notebook.names))
    assert [10, 20, 30] == [table[f"lambda_{number}"](10) for number in (1, 2, 3)]


def test_a_lambda_with_a_variable_is_captured_under_that_name(notebook, again):
    notebook.run("square = (lambda x:\n    x * x)")
    assert ["square"] == list(again(notebook.capture("square")))


def test_a_captured_lambda_is_named_so_that_it_is_never_saved_as_bytecode(notebook, again):
    notebook.run("square = lambda x: x * x")
    assert "square" == again(notebook.capture("square"))["square"].__name__


@pytest.mark.parametrize("wraps", ["@functools.wraps(f)", ""])
def test_a_decorated_function_comes_back_decorated_once(notebook, again, wraps):
    notebook.run(f"""
        import functools
        def twice(f):
            {wraps}
            def wrapper(x): return 2 * f(x)
            return wrapper
        @twice
        def loss(x): return x + 1
    """)
    (made,) = again(notebook.capture("loss")).values()
    assert 8 == made(3)


def test_a_dataclass_and_its_global_instance_come_back(notebook, again):
    notebook.run("""
        import dataclasses, enum
        class Mode(enum.Enum):
            FAST = "fast"
        @dataclasses.dataclass
        class Config:
            units: int = 3
            mode: Mode = Mode.FAST
        config = Config(units=5)
        def units(): return config.units, config.mode.value
    """)
    assert (5, "fast") == again(notebook.capture("units"))["units"]()


@pytest.mark.parametrize(
    "cells",
    [
        ["class Base:\n    def size(self): return 1", "class Layer(Base): rate = 1", "class Layer(Base): rate = 2"],
        ["class Base: pass\nclass Other: pass", "class Layer(Base): pass", "class Layer(Other): pass"],
        ["", "class Layer: pass", "class Layer: rate = 1"],
    ],
)
@pytest.mark.parametrize("which", [1, 2])
def test_a_class_without_functions_is_found_in_the_cell_that_made_it(notebook, cells, which):
    live = {}
    for number, cell in enumerate(cells):
        notebook.run(cell)
        live[number] = notebook.names.get("Layer")
    tree = ast.parse(capture([live[which]], notebook.names).source)
    found = next(ast.unparse(node) for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Layer")
    assert ast.unparse(ast.parse(cells[which])) == found


def test_type_hints_alone_never_make_a_file_fail(notebook, again):
    notebook.names["Gone"] = threading.Lock()
    notebook.run("def loss(x: Gone, y: 'Nowhere' = 1) -> Gone: return x")
    code = notebook.capture("loss")
    assert ((), 3) == (code.missing, again(code)["loss"](3))


def test_names_in_type_hints_are_added_where_they_can_be(notebook):
    notebook.run("from typing import Optional\nclass Shape: pass\ndef loss(x: 'Optional[Shape]'): return x")
    source = notebook.capture("loss").source
    assert ["from typing import Optional", "class Shape"] == [
        text for text in ("from typing import Optional", "class Shape") if text in source
    ]


def test_a_name_that_is_defined_nowhere_is_not_added(notebook):
    notebook.run("def loss(x): return x if x else never_defined")
    assert () == notebook.capture("loss").missing


def test_a_live_value_is_missing_with_name_reason_and_user(notebook):
    notebook.names["matrix"] = np.zeros((100, 100))
    notebook.run("class Layer:\n    def call(self): return matrix")
    (missing,) = notebook.capture("Layer").missing
    assert "matrix (used by Layer) holds an array of 10000 elements, more than 256." == str(missing)


def test_a_class_that_cannot_be_defined_is_left_out_so_that_the_rest_runs(notebook, again):
    notebook.names["live"] = threading.Lock()
    notebook.run("class Broken:\n    kept = live\ndef loss(x): return x")
    code = notebook.capture("Broken", "loss")
    assert (["loss"], "cannot be defined without live, which is missing.") == (
        list(again(code)),
        reasons(code)["Broken"],
    )


def test_a_function_made_by_exec_is_missing_with_the_reason(notebook):
    exec("def loss(x): return x", notebook.names)
    assert "has no source that Python can still find" in reasons(notebook.capture("loss"))["loss"]


def test_a_method_that_was_added_later_is_added_again(notebook, again):
    notebook.run("class Layer:\n    def call(self): return 1")
    notebook.run("def newer(self): return 2\nLayer.call = newer")
    code = notebook.capture("Layer")
    assert ((), 2) == (code.missing, again(code)["Layer"]().call())


def test_a_property_that_was_added_later_is_missing_and_not_dropped(notebook):
    notebook.run("class Layer:\n    def call(self): return 1")
    notebook.run("def newer(self): return 2\nLayer.size = property(newer)")
    assert {"Layer.size": "was added to the class after its definition."} == reasons(notebook.capture("Layer"))


def test_of_two_classes_of_one_name_the_newest_keeps_it(notebook, again):
    notebook.run("class Layer:\n    def call(self): return 1, Layer\nold = Layer")
    notebook.run("class Layer:\n    def call(self): return 2, Layer")
    made = again(notebook.capture("old", "Layer"))
    assert [(1, made["Layer_2"]), (2, made["Layer"])] == [made[name]().call() for name in ("Layer_2", "Layer")]


def test_a_function_named_in_a_class_body_was_not_added_later(notebook, again):
    notebook.run("def act(self): return 3\nclass Layer:\n    call = act")
    code = notebook.capture("Layer")
    assert ((), 3) == (code.missing, again(code)["Layer"]().call())


def test_a_class_of_a_file_that_was_written_again_is_the_one_that_was_imported(notebook, local_module, again, tmp_path):
    text = "class Layer:\n    def call(self): return 1\n"
    notebook.run(f"text = {text!r}")  # as the cell that writes the file holds it
    notebook.names["Layer"] = local_module("own_layers", text).Layer
    (tmp_path / "own_layers.py").write_text(text.replace("1", "2"))
    assert 1 == again(notebook.capture("Layer"))["Layer"]().call()


def test_a_module_that_is_no_attribute_of_its_package_is_imported_by_its_path(notebook, again, tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    (folder / "odd_package" / "inner").mkdir(parents=True)
    (folder / "odd_package" / "__init__.py").write_text("import odd_package.inner.deep\ndel inner\n")
    (folder / "odd_package" / "inner" / "__init__.py").touch()
    (folder / "odd_package" / "inner" / "deep.py").write_text("def shifted(by, x): return by + x\n")
    monkeypatch.syspath_prepend(folder)
    notebook.run("import functools\nfrom odd_package.inner.deep import shifted\nby = functools.partial(shifted, 2)")
    notebook.run("def loss(x): return by(x)")
    del notebook.names["shifted"]
    code = notebook.capture("loss")
    assert ((), 5) == (code.missing, again(code)["loss"](3))
    for name in ("odd_package", "odd_package.inner", "odd_package.inner.deep"):
        monkeypatch.delitem(sys.modules, name)


def test_extra_names_are_added_from_the_namespace(notebook):
    notebook.run("EXTRA = 7\ndef loss(x): return eval('EXTRA')")
    assert "EXTRA = 7" in notebook.capture("loss", extra_names=["EXTRA", "unknown"]).source


def test_an_extra_name_alone_is_a_file(notebook):
    notebook.run("EXTRA = 7")
    assert "EXTRA = 7" in notebook.capture(extra_names=["EXTRA"]).source


def test_a_local_module_is_captured_by_source(notebook, again, local_module):
    local_module("layers_of_mine", "FACTOR = 3\ndef scaled(x): return x * FACTOR\nclass Base:\n    rate = FACTOR\n")
    notebook.run("""
        import layers_of_mine as mine
        from layers_of_mine import Base
        class Layer(Base):
            def call(self, x): return mine.scaled(x) + mine.FACTOR
    """)
    code = notebook.capture("Layer")
    layer = again(code)["Layer"]
    assert (9, 3, False) == (layer().call(2), layer.rate, "import layers_of_mine" in code.source)


def test_installed_packages_are_required_with_their_version_and_never_copied(notebook):
    notebook.run("import numpy as np\nfrom numpy.linalg import norm\ndef loss(x): return norm(np.abs(x))")
    code = notebook.capture("loss")
    assert ({"numpy": importlib.metadata.version("numpy")}, False) == (code.requirements, "def norm" in code.source)


def test_an_object_of_an_installed_package_is_imported_from_a_public_module(again):
    code = capture([np.linalg.LinAlgError], {})
    assert (
        "import numpy.exceptions" in code.source or "import numpy.linalg" in code.source,
        np.linalg.LinAlgError,
    ) == (
        True,
        again(code)["LinAlgError"],
    )


def test_an_alias_of_the_user_comes_back_under_its_name(notebook, again):
    notebook.run("class Real:\n    def size(self): return 1\nAlias = Real\ndef make(): return Alias().size()")
    assert 1 == again(notebook.capture("make"))["make"]()


def test_the_name_of_the_table_is_refused(notebook):
    notebook.run("CUSTOM_OBJECTS = 3\ndef loss(x): return CUSTOM_OBJECTS")
    assert {"CUSTOM_OBJECTS": "is a name that the captured file uses itself."} == reasons(notebook.capture("loss"))


def test_a_named_tuple_and_a_partial_come_back(notebook, again):
    notebook.run("""
        import collections, functools
        Point = collections.namedtuple("Point", "x y", defaults=(4,))
        shift = functools.partial(Point, 1)
        def total(): return sum(shift(2)) + sum(shift())
    """)
    assert 8 == again(notebook.capture("total"))["total"]()


def test_the_file_lists_what_is_missing(notebook):
    notebook.names["live"] = threading.Lock()
    notebook.run('def loss(x):\n    """Say \\"\\"\\" it."""\n    return live')
    assert "live (used by loss) holds a live _thread.lock" in ast.get_docstring(
        ast.parse(notebook.capture("loss").source)
    )


@pytest.fixture
def installed_module(tmp_path, monkeypatch):
    """Install a package of one module, with the records of its version."""
    folder = tmp_path / "site-packages"
    records = folder / "fancy_layers-1.2.dist-info"
    records.mkdir(parents=True)
    (folder / "fancy.py").write_text("class Fancy:\n    size = 9\n", "utf-8")
    (records / "METADATA").write_text("Metadata-Version: 2.1\nName: fancy-layers\nVersion: 1.2\n", "utf-8")
    (records / "top_level.txt").write_text("fancy\n", "utf-8")
    # Without what else is installed: to look through the records of all of it takes half a second.
    monkeypatch.setattr(sys, "path", [str(folder), *(path for path in sys.path if "site-packages" not in path)])
    monkeypatch.delitem(sys.modules, "fancy", raising=False)
    yield importlib.import_module("fancy")
    sys.modules.pop("fancy", None)


def test_a_package_whose_distribution_has_another_name_is_required_by_that_name(notebook, installed_module):
    notebook.run("import fancy\ndef size(): return fancy.Fancy.size")
    assert {"fancy-layers": "1.2"} == notebook.capture("size").requirements


def test_a_custom_object_of_an_installed_package_is_in_the_table_by_import(again, installed_module):
    code = capture([installed_module.Fancy], {})
    assert (installed_module.Fancy, False) == (again(code)["Fancy"], "class Fancy" in code.source)


HF_TOKEN = "hf_" + "x" * 30


def fetch():
    return HF_TOKEN


def test_a_secret_of_the_notebook_is_named_and_not_written():
    code = capture([fetch], {})
    assert (False, ["HF_TOKEN"]) == (HF_TOKEN in code.source, [missing.name for missing in code.missing])
