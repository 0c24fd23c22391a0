"""The statements of a captured file, and the order in which they can run.

`gathering` makes the definitions; `arranged` puts each one after those it needs when it runs; `module_text` writes the
file.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from colab_save.custom_code.captured import TABLE, Missing
from colab_save.custom_code.scopes import FUTURE
from colab_save.custom_code.sources import normal

CONSTANT, CALLABLE = 0, 1
"""The two parts of the file below the imports; constants come first where possible."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One top-level statement, or several that belong together.

    Attributes:
        name: What it defines.
        text: Its source.
        part: `CONSTANT` or `CALLABLE`.
        before: The names that it needs when it runs.
        later: The names that its functions need when they are called.
    """

    name: str
    text: str
    part: int
    before: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


def bound(name: str, inner: str, text: str, held: Mapping[str, str]) -> str:
    """Wrap a source that closes over local values in a function that defines those values first.

    Args:
        name: The name to define.
        inner: The name that the source defines.
        text: The source.
        held: The expression of each local value, by its name.
    """
    values = [f"{key} = {expression}" for key, expression in held.items()]
    body = _indented("\n".join([*values, text]))
    head = f"def _bind_{name}():  # holds what {inner} closed over\n"
    return f"{head}{body}    return {inner}\n\n\n{name} = _bind_{name}()\n"


def _indented(text: str) -> str:
    """Indent statements; where that would change a string, write them anew from their syntax tree."""
    moved = textwrap.indent(text, "    ")
    (block,) = ast.parse(f"if True:\n{moved}").body
    if isinstance(block, ast.If) and list(map(normal, block.body)) == list(map(normal, ast.parse(text).body)):
        return moved
    return textwrap.indent(ast.unparse(ast.parse(text)), "    ") + "\n"


def arranged(definitions: Mapping[str, Definition]) -> list[Definition]:
    """Order definitions so that each follows those it needs; those that are only called later may form a cycle."""
    ordered: dict[str, Definition] = {}
    seen: set[tuple[str, bool]] = set()

    def emit(name: str, *, is_called: bool) -> None:
        """Add a definition after its needs; if it is called at once, after the names that its functions need too."""
        if name not in definitions or (name, is_called) in seen:
            return
        seen.add((name, is_called))
        item = definitions[name]
        for need in sorted(item.before):
            emit(need, is_called=True)
        ordered.setdefault(name, item)
        if is_called:
            for need in sorted(item.later):
                emit(need, is_called=True)

    for item in sorted(definitions.values(), key=lambda item: item.part):
        emit(item.name, is_called=False)
    return list(ordered.values())


def module_text(
    imports: Iterable[str],
    definitions: Mapping[str, Definition],
    table: Mapping[str, str],
    requirements: Mapping[str, str],
    missing: Iterable[Missing],
    after: str = "",
) -> str:
    """Write the captured file.

    Args:
        imports: Import statements.
        definitions: In the order in which they were found, each after those that it uses.
        table: For each name that Keras looks up, the name in the file.
        requirements: Distributions with their versions.
        missing: The names that could not be captured.
        after: Statements after the definitions.
    """
    head = _docstring(requirements, missing) + FUTURE + "\n" + "".join(f"{text}\n" for text in imports)
    body, last = "", CONSTANT
    for item in arranged(definitions):
        near = item.part == CONSTANT == last
        body += ("" if near and body else "\n" if near else "\n\n") + item.text.strip("\n") + "\n"
        last = item.part
    rows = "".join(f"    {key!r}: {name},\n" for key, name in table.items())
    return f"{head}{body}{after}\n\n{TABLE} = {{\n{rows}}}\n"


def _docstring(requirements: Mapping[str, str], missing: Iterable[Missing]) -> str:
    keras = "tf_keras" if "tf_keras" in requirements else "keras"
    lines = [
        '"""The custom code of a Keras model, captured by colab_save when the model was saved.',
        "",
        "To open the model without colab_save, beside this file:",
        f"    {keras}.saving.load_model('model.keras', custom_objects=custom_code.{TABLE})",
    ]
    if requirements:
        lines += ["", "It imports: " + ", ".join(f"{name}=={version}" for name, version in requirements.items())]
    notes = [f"    {item}" for item in missing]
    if notes:
        lines += ["", "Not captured:", *notes]
    return "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''").replace("'''", '"""', 1) + '\n"""\n\n'
