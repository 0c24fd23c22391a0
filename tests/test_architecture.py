"""The house: imports point down only, files and functions stay small, everything public is annotated and documented.

Reads the source, imports nothing of it; what an import costs is in test_import_cost.py.
"""

from __future__ import annotations

import ast
import graphlib
import itertools
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "colab_save"

FLOORS = (
    {"errors", "records"},
    {"measures", "round_trip", "target"},
    {"card", "facts", "option", "progress", "sample", "stores.base"},
    {"answering", "formats.base", "manifest", "request", "walking"},
    {"candidates", "command", "examining", "place", "readme", "report"},
    {"capturing", "formats", "inspecting", "namespace", "sampling", "stores"},
    {"finding", "judging", "reloading", "trusting"},
    {"locating", "publishing", "resolving", "verifying"},
    {"staging"},
    {"loading", "saving"},
    {"functions"},
    {"completing", "demo", "magics", "panel"},
    {""},
    {"__main__"},
)
"""From the ground up; a module imports from strictly lower floors only. A module of a package stands on the package's
floor unless it is named here, and may import its neighbours in that package where that makes no circle. The package
itself has the name ``""``."""

REGISTRIES = {"formats", "stores"}
"""Packages with a table "name → module:Class"."""


def module_name(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


MODULES = {module_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def floor_of(module):
    """The floor that names the module, or else the package it is in."""
    for name in (module, module.partition(".")[0]):
        for number, floor in enumerate(FLOORS):
            if name in floor:
                return number
    raise LookupError(f"Give {module!r} a floor in FLOORS.")


def imports_of(tree):
    """Every module of ours that a module imports: at its head, in functions and for type checking."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix("colab_save.") in MODULES else base for name in names]
        else:
            continue
        yield from (name.removeprefix("colab_save").lstrip(".") for name in names if name.split(".")[0] == "colab_save")


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


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


PUBLIC = dict(itertools.chain.from_iterable(definitions(tree, f"{name}:") for name, tree in MODULES.items()))
PUBLIC_FUNCTIONS = {name: node for name, node in PUBLIC.items() if not isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module):
    assert 0 <= floor_of(module) < len(FLOORS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down_only(module):
    here = floor_of(module)
    wrong = [
        f"{module or 'colab_save'} (floor {here}) imports {name or 'colab_save'} (floor {floor_of(name)})"
        for name in imports_of(MODULES[module])
        if not are_neighbours(module, name) and not floor_of(name) < here
    ]
    assert [] == wrong


def are_neighbours(module, name):
    return module.partition(".")[0] == name.partition(".")[0]


def test_no_imports_make_a_circle():
    graph = {module: set(imports_of(tree)) for module, tree in MODULES.items()}
    assert set(MODULES) == set(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(("one", "other"), [("formats", "stores"), ("stores", "formats")])
def test_formats_and_stores_never_meet(one, other):
    plugs = [name for name in MODULES if name.partition(".")[0] == one]
    met = [f"{name} imports {seen}" for name in plugs for seen in imports_of(MODULES[name]) if seen.startswith(other)]
    assert [] == met


@pytest.mark.parametrize("registry", sorted(REGISTRIES))
def test_every_plug_that_a_registry_names_exists(registry):
    strings = {node.value for node in ast.walk(MODULES[registry]) if isinstance(node, ast.Constant)}
    prefix = f"colab_save.{registry}."
    named = {text.removeprefix("colab_save.") for text in strings if isinstance(text, str) and text.startswith(prefix)}
    assert named
    assert set() == named - PUBLIC.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if module != "stores.drive"])
def test_only_the_drive_store_knows_colab(module):
    nodes = list(ast.walk(MODULES[module]))
    known = {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    known |= {
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    known |= {node.value for node in nodes if isinstance(node, ast.Constant) and node.value == "google.colab"}
    assert set() == {name for name in known if str(name).startswith("google.colab")}


def test_there_is_no_drawer_module():
    drawers = {"utils", "util", "helpers", "helper", "core", "common", "misc"}
    assert set() == drawers & {part for module in MODULES for part in module.split(".")}


@pytest.mark.parametrize("module", MODULES)
def test_a_file_has_at_most_250_lines(module):
    assert len(FILES[module].read_text("utf-8").splitlines()) <= 250


@pytest.mark.parametrize("module", MODULES)
def test_a_function_has_at_most_40_lines(module):
    long = {node.name: body_lines(node) for node in functions_of(MODULES[module]) if body_lines(node) > 40}
    assert {} == long


def test_19_of_20_functions_have_at_most_25_lines():
    sizes = {f"{name}:{node.name}": body_lines(node) for name, tree in MODULES.items() for node in functions_of(tree)}
    long = {name: size for name, size in sizes.items() if size > 25}
    assert len(long) <= 0.05 * len(sizes), long


@pytest.mark.parametrize("module", MODULES)
def test_a_module_opens_with_its_place_in_the_line(module):
    """At most six lines at the margin, beginning with a sentence; what is indented is a drawing."""
    docstring = ast.get_docstring(MODULES[module])
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":"))
    assert len([line for line in docstring.splitlines() if line and not line.startswith(" ")]) <= 6


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module):
    bare = [name for name, node in PUBLIC.items() if name.startswith(f"{module}:") and not ast.get_docstring(node)]
    assert [] == bare


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_is_annotated(module):
    assert [] == [name for name in PUBLIC_FUNCTIONS if name.startswith(f"{module}:") and has_bare_argument(name)]


def has_bare_argument(name):
    function = PUBLIC_FUNCTIONS[name]
    spec = function.args
    arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
    is_bare = any(item.annotation is None and item.arg not in {"self", "cls"} for item in arguments)
    return is_bare or function.returns is None
