"""Recognise and inspect a SavedModel folder: its graph as protobuf, and its files by name and size.

The table of formats names its functions. A SavedModel is a program: operations that touch files or run code are listed,
since opening it then needs trust. Fields are numbered as in TensorFlow's ``saved_model.proto``, ``meta_graph.proto``,
``graph.proto``, ``function.proto`` and ``node_def.proto``.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

from colab_save.errors import DamagedFileError, UnsafeFileError
from colab_save.hints import literal
from colab_save.inspecting.findings import Findings
from colab_save.inspecting.keras.config import Scan, read_json, scan_config
from colab_save.inspecting.limits import MAX_GRAPH, MAX_JSON, MAX_MEMBERS
from colab_save.inspecting.sight import COPY_AGAIN, Sight
from colab_save.inspecting.tensorflow.operations import CHECKPOINT_OPERATIONS, TABLE_OPERATIONS, UNSAFE_OPERATIONS
from colab_save.protobuf import GRAPH, fields

_SHARD = re.compile(r"\.data-(\d{5})-of-(\d{5})$")
_SAVERS = (b"_traced_save", b"_traced_restore")
_AGAIN = "Copy or download the whole folder again, or load another version."


def is_saved_model(sight: Sight) -> bool:
    """Return whether a folder is a SavedModel.

    Raises:
        DamagedFileError: It is a SavedModel, but its graph is empty.
    """
    graph = sight.path / GRAPH
    if not graph.is_file():
        return False
    if not graph.stat().st_size:
        raise DamagedFileError(f"{graph} is empty (0 bytes): its upload or copy did not finish.", COPY_AGAIN)
    return True


def inspect_saved_model(sight: Sight, allowed: frozenset[str]) -> Findings:
    """Return what a SavedModel needs, and what in it would touch files or run code."""
    scan = _scan_saved_model(sight.path, allowed)
    names, homonyms = tuple(sorted(scan.custom_names)), tuple(sorted(scan.homonyms))
    return Findings(sight.format, names, tuple(scan.runs_code), homonyms=homonyms)


def _scan_saved_model(folder: Path, allowed: frozenset[str]) -> Scan:
    """Check a SavedModel folder, and list what in it would touch files or run code.

    Args:
        folder: The folder.
        allowed: The installed packages whose classes it may name.

    Raises:
        DamagedFileError: A file is missing or cut off.
        UnsafeFileError: A link or an asset leads outside the folder, or a config would do what no model needs.
    """
    _check_links(folder)
    check_shards(folder / "variables" / "variables.index")
    found: Counter[str] = Counter()
    path = folder / GRAPH
    size = path.stat().st_size
    if not 0 < size <= MAX_GRAPH:
        raise DamagedFileError(f"{path} has {size:,} bytes; a graph has 1 to {MAX_GRAPH:,}.", _AGAIN)
    try:
        _scan_graphs(memoryview(path.read_bytes()), found, folder)
    except ValueError as error:
        raise DamagedFileError(f"{path} is damaged: {literal(str(error))}.", _AGAIN) from None
    scan = _scan_keras_metadata(folder / "keras_metadata.pb", allowed)
    scan.runs_code[:0] = [f"{GRAPH}: the operation {name}, {count} times" for name, count in sorted(found.items())]
    return scan


def check_shards(index: Path) -> None:
    """Check that an index of variables, if it exists, has all its data files beside it.

    Raises:
        DamagedFileError: A data file is missing, or the index is empty.
    """
    if not index.is_file():
        return
    if index.stat().st_size == 0:
        raise DamagedFileError(f"{index} is empty (0 bytes).", _AGAIN)
    shards = [(found, item) for item in index.parent.iterdir() if (found := _SHARD.search(item.name))]
    mine = [(found, item) for found, item in shards if item.name.startswith(f"{index.stem}.data-")]
    wanted = {int(found[2]) for found, _ in mine}
    if len(wanted) != 1 or {int(found[1]) for found, _ in mine} != set(range(*wanted)):
        raise DamagedFileError(f"{index} does not have all its data files beside it ({len(mine)} found).", _AGAIN)


def _check_links(folder: Path) -> None:
    root = folder.resolve()
    for count, (at, folders, files) in enumerate(os.walk(folder)):
        if count + len(files) > MAX_MEMBERS:
            raise UnsafeFileError(f"{folder} has more than {MAX_MEMBERS:,} files.", _AGAIN)
        for name in (*folders, *files):
            path = Path(at, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise UnsafeFileError(
                    f"{path} is a link to {path.resolve()}, outside the folder.",
                    "If you made this link, copy the folder with the files that its links point to: cp -rL FROM TO.",
                )


def _scan_graphs(view: memoryview, found: Counter[str], folder: Path) -> None:
    graphs = 0
    for number, graph in fields(view):
        if number == 2:
            graphs += 1
            _scan_graph(graph, found, folder)
    if not graphs:
        raise ValueError("it has no graph")


def _scan_graph(graph: memoryview, found: Counter[str], folder: Path) -> None:
    """Search a MetaGraphDef: its nodes, the nodes of its functions, and its assets."""
    parts = list(fields(graph))
    assets = [bytes(dict(fields(part)).get(2, b"")).decode("utf-8", "replace") for number, part in parts if number == 6]
    for name in assets:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UnsafeFileError(f"{folder / GRAPH} names the asset {name!r}, outside its folder.", _AGAIN)
    for number, part in parts:
        if number != 2:
            continue
        for kind, item in fields(part):
            if kind == 1:
                _scan_node(item, found, is_saver=False, has_assets=bool(assets), is_top=True)
            elif kind == 2:
                _scan_library(item, found, has_assets=bool(assets))


def _scan_library(library: memoryview, found: Counter[str], *, has_assets: bool) -> None:
    for number, function in fields(library):
        if number != 1:
            continue
        parts = list(fields(function))
        names = [bytes(name) for kind, part in parts if kind == 1 for at, name in fields(part) if at == 1]
        is_saver = any(saver in name for name in names for saver in _SAVERS)
        for kind, part in parts:
            if kind == 3:
                _scan_node(part, found, is_saver=is_saver, has_assets=has_assets, is_top=False)


def _scan_node(node: memoryview, found: Counter[str], *, is_saver: bool, has_assets: bool, is_top: bool) -> None:
    operation = next((bytes(part).decode("utf-8", "replace") for number, part in fields(node) if number == 2), "")
    if operation in UNSAFE_OPERATIONS:
        found[operation] += 1
    elif operation in CHECKPOINT_OPERATIONS and not is_saver:
        found[f"{operation} outside the model's own save function"] += 1
    elif operation in TABLE_OPERATIONS and not has_assets:
        found[f"{operation} without an asset"] += 1
    elif operation == "PrintV2" and b"file://" in bytes(node):
        found["PrintV2 to a file"] += 1
    elif "Call" in operation and not is_top and any(saver in bytes(node) for saver in _SAVERS):
        found["a call of the save function from inside the model"] += 1


def _scan_keras_metadata(path: Path, allowed: frozenset[str]) -> Scan:
    """Inspect the configs that Keras 2 writes beside its SavedModels; only ``tf_keras`` reads them."""
    scan = Scan()
    if not path.is_file():
        return scan
    if path.stat().st_size > MAX_JSON:
        raise UnsafeFileError(f"{path} has {path.stat().st_size:,} bytes, more than {MAX_JSON:,}.", _AGAIN)
    try:
        for number, node in fields(memoryview(path.read_bytes())):
            texts = [bytes(part) for at, part in fields(node) if at == 5] if number == 1 else []
            for text in texts:
                found = scan_config(read_json(text, path.name), path.name, allowed)
                scan.custom_names |= found.custom_names
                scan.homonyms |= found.homonyms
                scan.runs_code += found.runs_code
    except ValueError as error:
        raise DamagedFileError(f"{path} is damaged: {literal(str(error))}.", _AGAIN) from None
    return scan
