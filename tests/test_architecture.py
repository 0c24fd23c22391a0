"""The house: imports point down only, files and functions stay small, everything public is annotated and documented.

Reads the source, imports nothing of it; what an import costs is in test_import_cost.py.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import itertools
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "colab_save"

HOUSE = """
errors histogram layering memory ordering records

dialect environment measures metrics passes purposes round_trip target theme version words

card facts option precision progress sample stores.base

collection comparing formats.base layer_tree load_request manifest remarks tolerances walking

answering caching capturing.finding capturing.origins compiling describing folding request

attributes labels listing remarks viewed written

arguments bars glance picture

candidates command configs examining place readme specs translating

capturing formats inspecting kinds namespace parts sampling spelling stores

dividing joining packing report waiting weighing

browsing converting copies extras fetching finding fitting judging measuring offering repairing supplying trusting

contrasting locating pruning reloading replacing resolving

publishing

curating keeping looking verifying

charting proving serving uploading

staging trying

opening

reuniting

loading saving

functions

panels

completing demo magics

colab_save

__main__
"""
FLOORS = [set(floor.split()) for floor in HOUSE.split("\n\n")]
"""From the ground up; a module imports from strictly lower floors only. A module of a package stands on the package's
floor unless it is named here, and may import its neighbours in that package where that makes no circle."""

REGISTRIES = {"formats", "stores"}
"""Packages with a table "name → module:Class"."""


def module_name(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


@functools.cache
def modules():
    return {module_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


ASKED_FOR = (ast.Import, ast.ImportFrom, ast.Constant, ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def nodes(module):
    """What the rules ask of a module's tree: a walk through all of it takes longer than all questions."""
    return tuple(node for node in ast.walk(modules()[module]) if isinstance(node, ASKED_FOR))


@pytest.fixture(scope="module", autouse=True)
def trees():
    """Forget the trees afterwards: they are more objects than all other tests leave, for the garbage collector."""
    yield
    for remembered in (modules, nodes, public, function_sizes):
        remembered.cache_clear()


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@functools.cache
def floor_of(module):
    """The floor that names the module, or else the package it is in."""
    for name in (module or PACKAGE.name, module.partition(".")[0]):
        for number, floor in enumerate(FLOORS):
            if name in floor:
                return number
    return None


def imports_of(module):
    """Every module of ours that a module imports: at its head, in functions and for type checking."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix("colab_save.") in modules() else base for name in names]
        else:
            continue
        yield from (name.removeprefix("colab_save").lstrip(".") for name in names if name.split(".")[0] == "colab_save")


def body_lines(function):
    """Lines from the first statement after the docstring to the last one."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def definitions(node, prefix):
    """Every public class and function, and every public method of a public class."""
    for item in ast.iter_child_nodes(node):
        if isinstance(item, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not item.name.startswith("_"):
            yield f"{prefix}{item.name}", item
            if isinstance(item, ast.ClassDef):
                yield from definitions(item, f"{prefix}{item.name}.")


@functools.cache
def public():
    return dict(itertools.chain.from_iterable(definitions(tree, f"{name}:") for name, tree in modules().items()))


@functools.cache
def function_sizes():
    return {
        f"{module}:{node.name}": body_lines(node)
        for module in modules()
        for node in nodes(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_module_has_a_floor():
    assert [] == [module for module in modules() if floor_of(module) is None]


def test_imports_point_down_only():
    wrong = [
        f"{module or 'colab_save'} (floor {floor_of(module)}) imports {name or 'colab_save'} (floor {floor_of(name)})"
        for module in modules()
        for name in imports_of(module)
        if not are_neighbours(module, name) and not floor_of(name) < floor_of(module)
    ]
    assert [] == wrong


def are_neighbours(module, name):
    return module.partition(".")[0] == name.partition(".")[0]


def test_no_imports_make_a_circle():
    graph = {module: set(imports_of(module)) for module in modules()}
    assert set(modules()) == set(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(("one", "other"), [("formats", "stores"), ("stores", "formats")])
def test_formats_and_stores_never_meet(one, other):
    plugs = [name for name in modules() if name.partition(".")[0] == one]
    met = [f"{name} imports {seen}" for name in plugs for seen in imports_of(name) if seen.startswith(other)]
    assert [] == met


@pytest.mark.parametrize("registry", sorted(REGISTRIES))
def test_every_plug_that_a_registry_names_exists(registry):
    strings = {node.value for node in nodes(registry) if isinstance(node, ast.Constant)}
    prefix = f"colab_save.{registry}."
    named = {text.removeprefix("colab_save.") for text in strings if isinstance(text, str) and text.startswith(prefix)}
    assert named
    assert set() == named - public().keys()


def test_only_the_drive_store_knows_colab():
    knowing = {module for module in modules() for name in names_of(module) if name.startswith("google.colab")}
    assert {"stores.drive"} == knowing


def names_of(module):
    """Every name that is imported, and every text that is nothing but a dotted name."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            yield node.value


def test_there_is_no_drawer_module():
    drawers = {"utils", "util", "helpers", "helper", "core", "common", "misc"}
    assert set() == drawers & {part for module in modules() for part in module.split(".")}


def test_a_file_has_at_most_250_lines():
    sizes = {module: len(path.read_text("utf-8").splitlines()) for module, path in FILES.items()}
    assert {} == {module: size for module, size in sizes.items() if size > 250}


def test_a_function_has_at_most_40_lines():
    assert {} == {name: size for name, size in function_sizes().items() if size > 40}


def test_19_of_20_functions_have_at_most_25_lines():
    long = {name: size for name, size in function_sizes().items() if size > 25}
    assert len(long) <= 0.05 * len(function_sizes()), long


def test_a_module_opens_with_its_place_in_the_line():
    assert [] == [module for module, tree in modules().items() if not is_opening(ast.get_docstring(tree) or "")]


def is_opening(docstring):
    """At most six lines at the margin, beginning with a sentence; what is indented is a drawing."""
    prose = [line for line in docstring.splitlines() if line and not line.startswith(" ")]
    return 1 <= len(prose) <= 6 and prose[0].endswith((".", ":"))


def test_every_public_name_is_documented():
    assert [] == [name for name, node in public().items() if not ast.get_docstring(node)]


def test_every_public_function_is_annotated():
    assert [] == [name for name, node in public().items() if not isinstance(node, ast.ClassDef) and is_bare(node)]


def is_bare(function):
    spec = function.args
    arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
    bare = [item.arg for item in arguments if item.annotation is None and item.arg not in {"self", "cls"}]
    return bool(bare) or function.returns is None
