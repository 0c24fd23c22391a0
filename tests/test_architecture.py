"""The architecture: ten named levels, imports that point down only, packages entered by their entry modules.

Reads the source, imports nothing of it; what an import costs is in test_import_cost.py. docs/architecture.md shows the
same table.
"""

from __future__ import annotations

import ast
import builtins
import functools
import graphlib
import itertools
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "colab_save"

LEVELS = {
    "top": {"colab_save", "__main__"},
    "frontends": {"frontends", "widgets"},
    "pipelines": {"saving", "loading", "viewing", "diagnosing"},
    "proof": {"proof", "fresh_process"},
    "formats": {"formats"},
    "inputs": {"sampling", "collections"},
    "models and versions": {"model", "versions"},
    "code and reports": {"custom_code", "reports", "request"},
    "records": {"artifact", "inspecting", "stores"},
    "ground": {
        *{"deadline", "dialect", "disk", "errors", "format_table", "hints", "memory", "nested", "os_errors"},
        *{"plugging", "precision", "progress", "protobuf", "quantities", "quieting", "quoting", "settings"},
        *{"secrecy", "store_table", "taking", "target", "types", "wording"},
    },
}
"""From the top down. A package imports from lower levels, and from its neighbours where that makes no circle."""

ENTRIES = {
    "frontends": {
        "action",
        "actions",
        "completion",
        "configuring",
        "early_start",
        "languages",
        "magics",
        "namespace",
        "python",
        "terminal",
        "variables",
    },
    "widgets": {"board"},
    "saving": {"pipeline"},
    "loading": {"pipeline"},
    "diagnosing": {"doctor"},
    "viewing": {"comparison", "inside", "netron", "tensorboard"},
    "proof": {"comparing", "probe", "tolerances", "verdicts", "verify"},
    "fresh_process": {"answering", "job", "process", "warm"},
    "formats": {"base"},
    "sampling": {"constructions", "guarding", "matching", "notebook", "running", "sampling", "seeding", "stepping"},
    "collections": {"extras", "joining", "rejoining", "splitting"},
    "model": {
        "attributes",
        "compiling",
        "configs",
        "constructor_calls",
        "describing",
        "examining",
        "history",
        "module_configs",
        "module_remaking",
        "repairing",
        "state_file",
        "walking",
    },
    "versions": {
        "caching",
        "clearing",
        "curating",
        "fetching",
        "finding",
        "listing",
        "locating",
        "packing",
        "pending",
        "placing",
        "pruning",
        "uploading",
    },
    "custom_code": {
        "captured",
        "capturing",
        "comparing",
        "custom_objects",
        "growing",
        "naming",
        "origins",
        "remaking",
        "running",
        "signing",
    },
    "reports": {
        "bars",
        "cache",
        "card",
        "diagnosis",
        "drawing.picture",
        "glance",
        "histogram",
        "json_fields",
        "layer_tree",
        "listing",
        "partial",
        "pending",
        "report",
        "settings",
        "theme",
        "viewed",
    },
    "request": {"command", "option", "request", "spelling"},
    "artifact": {
        "assets",
        "collection",
        "composites",
        "environment",
        "facts",
        "layout",
        "libraries",
        "manifest",
        "metrics",
        "parts",
        "readme",
        "records",
        "round_trip",
        "sample",
        "version",
    },
    "inspecting": {"archive", "findings", "inspection", "keras.files", "limits"},
    "stores": {"base", "drive.drive_state", "opening"},
}
"""The modules that other packages may import; what is not named here is private to its package."""

TABLES = ("format_table", "store_table")
"""Modules that name what stands above them as ``module:Class`` or ``module:function``."""

REFERENCE = re.compile(r"colab_save\.([\w.]+):\w+")

NAMED = re.compile(r"(?<!`)`([\w.]+)`(?!`)")
"""What a docstring names: a single pair of backticks, where code has two."""

ASKED_FOR = (ast.Import, ast.ImportFrom, ast.Constant, ast.FunctionDef, ast.AsyncFunctionDef)


def module_name(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


@functools.cache
def modules():
    return {module_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


@functools.cache
def nodes(module):
    """What the rules ask of a module's tree: a walk through all of it takes longer than all questions."""
    return tuple(node for node in ast.walk(modules()[module]) if isinstance(node, ASKED_FOR))


@pytest.fixture(scope="module", autouse=True)
def trees():
    """Forget the trees afterwards: they are more objects than all other tests leave, for the garbage collector."""
    yield
    for remembered in (modules, nodes, public, function_sizes, ends_of_names, foreign_names):
        remembered.cache_clear()


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def package_of(module):
    """The package that a module is in, or itself where it stands flat on the ground or at the top."""
    return module.partition(".")[0] or PACKAGE.name


def levels_of(package):
    """Every level that names a package, counted from the top."""
    return [number for number, packages in enumerate(LEVELS.values()) if package in packages]


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


def crossings():
    """Every import of one package's module from another package."""
    for module in modules():
        for name in imports_of(module):
            if package_of(module) != package_of(name):
                yield module, name


def references():
    """Every ``module:function`` by which one package refers to another's, to look it up when it is first called."""
    for module in modules():
        for node in nodes(module):
            found = isinstance(node, ast.Constant) and isinstance(node.value, str) and REFERENCE.fullmatch(node.value)
            if found and package_of(module) != package_of(found[1]):
                yield module, found[1]


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


def test_there_are_ten_levels():
    assert 10 == len(LEVELS)


def test_every_package_stands_on_one_level():
    assert {} == {name: found for module in modules() if len(found := levels_of(name := package_of(module))) != 1}


def test_every_package_on_a_level_exists():
    assert set() == set().union(*LEVELS.values()) - {package_of(module) for module in modules()}


def test_imports_point_down_only():
    wrong = [
        f"{module or 'colab_save'} imports {name or 'colab_save'}, which stands higher"
        for module, name in crossings()
        if levels_of(package_of(name)) < levels_of(package_of(module))
    ]
    assert [] == wrong


def test_no_packages_make_a_circle():
    graph = {}
    for module, name in crossings():
        graph.setdefault(package_of(module), set()).add(package_of(name))
    assert graph.keys() <= set(graphlib.TopologicalSorter(graph).static_order())


def test_no_modules_make_a_circle():
    graph = {module: set(imports_of(module)) for module in modules()}
    assert set(modules()) == set(graphlib.TopologicalSorter(graph).static_order())


def test_packages_are_entered_by_their_entry_modules_only():
    inside = [
        f"{module or 'colab_save'} enters {name}, which is inside {package_of(name)}"
        for module, name in (*crossings(), *(found for found in references() if found[0] not in TABLES))
        if package_of(name) in ENTRIES and name.partition(".")[2] not in ENTRIES[package_of(name)]
    ]
    assert [] == inside


def test_every_package_names_its_entry_modules():
    assert {package_of(module) for module in modules() if "." in module} == ENTRIES.keys()


def test_every_entry_module_is_entered():
    entered = {name for _, name in (*crossings(), *references())} | {"frontends.terminal", "widgets.board"}
    assert [] == [
        f"{package}.{entry}" for package in ENTRIES for entry in ENTRIES[package] if f"{package}.{entry}" not in entered
    ]


@pytest.mark.parametrize(("one", "other"), [("formats", "stores"), ("stores", "formats")])
def test_formats_and_stores_never_meet(one, other):
    met = [
        f"{module} imports {name}"
        for module, name in crossings()
        if (package_of(module), package_of(name)) == (one, other)
    ]
    assert [] == met


def test_a_package_opens_with_a_docstring_only():
    full = [name for name, path in FILES.items() if path.name == "__init__.py" and len(modules()[name].body) != 1]
    assert [""] == full


@pytest.mark.parametrize("table", TABLES)
def test_every_plug_that_a_table_names_exists(table):
    strings = {node.value for node in nodes(table) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {text.removeprefix("colab_save.") for text in strings if re.fullmatch(r"colab_save(\.\w+)+:[\w.]+", text)}
    assert named
    assert set() == named - public().keys()


def test_only_the_drive_store_knows_colab():
    knowing = {module for module in modules() for name in names_of(module) if name.startswith("google.colab")}
    assert {"stores.drive.drive"} == knowing


def names_of(module):
    """Every name that is imported, and every text that is nothing but a dotted name."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            yield node.value


def test_the_tests_mirror_the_packages():
    folders = {path.parent.name for path in (PACKAGE.parent / "tests").glob("*/test_*.py")}
    assert ENTRIES.keys() == folders - {"artifacts", "fuse_drive"}  # what was written before, and a Drive for tests


def test_there_is_no_drawer_module():
    drawers = {"utils", "util", "helpers", "helper", "core", "common", "misc"}
    assert set() == drawers & {part for module in modules() for part in module.split(".")}


def test_a_file_has_at_most_400_lines():
    sizes = {module: len(path.read_text("utf-8").splitlines()) for module, path in FILES.items()}
    assert {} == {module: size for module, size in sizes.items() if size > 400}


def test_a_function_has_at_most_40_lines():
    assert {} == {name: size for name, size in function_sizes().items() if size > 40}


def test_19_of_20_functions_have_at_most_25_lines():
    long = {name: size for name, size in function_sizes().items() if size > 25}
    assert len(long) <= 0.05 * len(function_sizes()), long


def test_a_module_opens_with_what_comes_in_and_goes_out():
    assert [] == [module for module, tree in modules().items() if not is_opening(ast.get_docstring(tree) or "")]


def is_opening(docstring):
    """At most six lines at the margin, beginning with a sentence; what is indented is a drawing."""
    prose = [line for line in docstring.splitlines() if line and not line.startswith(" ")]
    return 1 <= len(prose) <= 6 and prose[0].endswith((".", ":"))


def test_every_name_in_an_opening_docstring_exists():
    """A module, public definition or constant of ours by the end of its full name, a builtin, or a name we import."""
    gone = [
        f"{module} names {name}"
        for module, tree in modules().items()
        for name in NAMED.findall(ast.get_docstring(tree) or "")
        if name not in ends_of_names() and name.partition(".")[0] not in foreign_names()
    ]
    assert [] == gone


@functools.cache
def ends_of_names():
    """Every end of the full name of what is ours: for ``a.b:c.d`` it is ``d``, ``c.d``, ``b.c.d`` and ``a.b.c.d``."""
    names = [*modules(), *(name.replace(":", ".") for name in public()), *constants()]
    full = [f"{PACKAGE.name}.{name.lstrip('.')}".rstrip(".") for name in names]
    return {name.split(".", start)[-1] for name in full for start in range(name.count(".") + 1)}


def constants():
    """Every name that a module assigns at its own level."""
    for module, tree in modules().items():
        for node in (node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            assigned = itertools.chain.from_iterable(map(ast.walk, targets))
            yield from (f"{module}.{name.id}" for name in assigned if isinstance(name, ast.Name))


@functools.cache
def foreign_names():
    """Every builtin, and every name that a module of ours imports from elsewhere."""
    found = set(dir(builtins))
    for node in itertools.chain.from_iterable(map(nodes, modules())):
        if isinstance(node, ast.Import):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.module.startswith("colab_save"):
            found |= {node.module.partition(".")[0], *(alias.asname or alias.name for alias in node.names)}
    return found


def test_every_public_name_is_documented():
    assert [] == [name for name, node in public().items() if not ast.get_docstring(node)]


def test_every_public_function_is_annotated():
    assert [] == [name for name, node in public().items() if not isinstance(node, ast.ClassDef) and is_bare(node)]


def is_bare(function):
    spec = function.args
    arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
    bare = [item.arg for item in arguments if item.annotation is None and item.arg not in {"self", "cls"}]
    return bool(bare) or function.returns is None
