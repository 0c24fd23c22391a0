"""Compare captured custom code with the live code of the same names, and list its names, without running any of it.

``loading/custom_objects.py`` calls it, so that a load reports the classes of the notebook that differ from the saved
ones.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from colab_save.custom_code.captured import TABLE, damaged
from colab_save.custom_code.capturing import capture
from colab_save.custom_code.reading_files import Named
from colab_save.custom_code.sources import normal
from colab_save.wording import first_line


def compare_source(captured: Path, live: Mapping[str, object]) -> list[str]:
    """Return the names whose definition in a captured file differs from that of the live object.

    The constants, closures and other functions that a definition uses are compared too; layout and comments are not.
    A live object whose source Python cannot find is returned as well, since it may differ.

    Args:
        captured: The captured file.
        live: The notebook's variables.

    Raises:
        DamagedFileError: The file does not contain captured custom code.
    """
    tree = _parsed(captured)
    named = Named(tree)
    saved = _statements(named.visit(tree))
    objects = {name: live[name] for name in saved if name in live and callable(live[name])}
    code = capture(objects.values(), live)
    found = _statements(named.visit(ast.parse(code.source)))
    unseen = [name for name in objects if name not in found]
    return sorted({*unseen, *(name for name in found if found[name] != saved.get(name))})


def names_in(captured: Path) -> set[str]:
    """Return the names under which Keras looks up what a captured file defines.

    Args:
        captured: The captured file.

    Raises:
        DamagedFileError: The file does not contain captured custom code.
    """
    assigned = (node for node in _parsed(captured).body if isinstance(node, ast.Assign))
    tables = (node.value for node in assigned if ast.unparse(node.targets[0]) == TABLE)
    keys = (key for table in tables if isinstance(table, ast.Dict) for key in table.keys)
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def _parsed(captured: Path) -> ast.Module:
    try:
        return ast.parse(captured.read_text("utf-8"))
    except (SyntaxError, ValueError) as error:
        raise damaged(captured, first_line(error)) from error


def _statements(tree: ast.Module) -> dict[str, list[str]]:
    """Return the statements of a captured file by the name that they define."""
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.setdefault(node.name, []).append(normal(node))
        elif isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0]).partition(".")[0]
            found.setdefault(name, []).append(normal(node))
    found.pop(TABLE, None)
    return found
