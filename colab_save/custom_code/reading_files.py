"""Let captured code find the files that it reads beside itself: the paths that it names become those of assets.

`captured` writes the result as ``custom_code.py``, which needs nothing of this package.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from colab_save.artifact.assets import ASSETS

FINDER = "asset_beside"
"""The function of a captured file that returns the path of an asset."""

_FINDER = f'''

def {FINDER}(name):
    """Return the path of a file that was saved with the model, in a folder beside this one."""
    import os

    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "{ASSETS}", name)
'''


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a captured file: its value, and where its literal is, in bytes."""

    value: str
    begin: int
    end: int


def paths_in(source: str) -> list[str]:
    """Return the texts of a captured file that may be paths, each once."""
    return list(dict.fromkeys(text.value for text in _texts(source)))


def with_assets(source: str, assets: Mapping[str, str]) -> str:
    """Return a captured file in which each text that names an asset is the path of that asset beside the file.

    Args:
        source: The captured file.
        assets: The path in the artifact for each path as the notebook spelled it.
    """
    written = source.encode()
    found = [text for text in _texts(source) if text.value in assets]
    for text in sorted(found, key=lambda text: text.begin, reverse=True):
        name = assets[text.value].removeprefix(f"{ASSETS}/")
        written = written[: text.begin] + f"{FINDER}({name!r})".encode() + written[text.end :]
    return _with_finder(written.decode()) if found else source


class Named(ast.NodeTransformer):
    """Makes one text of each way to name an asset, so that captured code can be compared with live code.

    Args:
        captured: The tree of a captured file.
    """

    def __init__(self, captured: ast.Module) -> None:
        self._names = {name for node in ast.walk(captured) if (name := _found_by(node))}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a call of the function that finds an asset."""
        name = _found_by(node)
        return ast.Constant(f"{ASSETS}/{name}") if name else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Replace a path that ends with the name of an asset."""
        name = node.value.rpartition("/")[2] if isinstance(node.value, str) else ""
        return ast.Constant(f"{ASSETS}/{name}") if name in self._names else node


def _found_by(node: ast.AST) -> str:
    """Return the name of the asset that an expression finds; empty for any other."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == FINDER and node.args):
        return ""
    name = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
    return name if isinstance(name, str) else ""


def _with_finder(source: str) -> str:
    """Return a captured file with the function that finds assets after its docstring and its imports."""
    head = list(itertools.takewhile(_is_head, ast.parse(source).body))
    lines, last = source.splitlines(keepends=True), head[-1].end_lineno if head else 0
    return "".join([*lines[:last], _FINDER, *lines[last:]])


def _is_head(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom)) or _is_docstring(node)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _texts(source: str) -> Iterator[Text]:
    """Yield the texts that are values: no docstrings, no parts of formatted ones, and no patterns."""
    tree = ast.parse(source)
    starts = [0, *itertools.accumulate(len(line) for line in source.encode().splitlines(keepends=True))]
    others = (
        node for node in ast.walk(tree) if isinstance(node, (ast.JoinedStr, ast.MatchValue)) or _is_docstring(node)
    )
    left_out = {id(inner) for node in others for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            begin = starts[node.lineno - 1] + node.col_offset
            yield Text(node.value, begin, starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0))
