"""The table of actions: what a user can have done, one record each, read by every frontend.

The magics, completion, the terminal command, the panel's calls, the spelling of lines and calls and the hints come from
here; `colab_save.__all__` is compared with it by a test. An action is added by one record.
"""

from __future__ import annotations

from collections.abc import Mapping

from colab_save.frontends.action import DELETED, Action, Button, Result, Terminal
from colab_save.hints import action
from colab_save.request.option import Option, Syntax
from colab_save.request.request import LoadRequest, SaveRequest, options_of

_LOAD = {item.name: item for item in options_of(LoadRequest)}
_SAVE = {item.name: item for item in options_of(SaveRequest)}
_SOURCE = _LOAD["source"]

_MODELS = "Models"
"""The panel's tab of what is saved."""


def _text(name: str, shown: str, help: str) -> Option:
    return Option(name, shown, Syntax.POSITIONAL, help)


_VERSION = _text("target", "TARGET", "A name for its newest version, name@tag or name@version.")

_LOOKED_AT = (_LOAD["target"], _SOURCE)

ACTIONS: tuple[Action, ...] = (
    Action(
        "save",
        "Save a model, reload it in a fresh process and compare; nothing is published before that has passed.",
        "colab_save.saving.pipeline:save",
        tuple(_SAVE.values()),
        request=SaveRequest,
        reports_steps=True,
        magic="savemodel",
        is_cell_magic=True,
        magic_help="As %%savemodel it runs the cell first, and saves also after an interrupt or an error in it.",
        function="colab_save.frontends.python:save_model",
        terminal=Terminal(
            "save",
            "colab_save.frontends.files:save_file",
            (
                _text("model", "FILE", "A model file or folder, which is inspected and loaded first."),
                _text("target", "TARGET", "A name for the artifact, or a path or URL; default: the file's name."),
                _LOAD["trust"],
            ),
            needs=1,
            help="Save a model file: load it, save it, reload that in a fresh process and compare; nothing is "
            "published before that has passed.",
        ),
        button=Button("Save", "Save"),
    ),
    Action(
        "load",
        "Load a saved model, or any model file, and compare it with what was saved.",
        "colab_save.loading.pipeline:load",
        (*_LOAD.values(), Option("name", "--as", Syntax.VARIABLE, "Assign the model to this variable.", "NAME")),
        needs=1,
        request=LoadRequest,
        reports_steps=True,
        result=Result.MODEL,
        magic="loadmodel",
        function="colab_save.frontends.python:load_model",
        terminal=Terminal(
            "load",
            "colab_save.frontends.files:load_to_path",
            (_text("path", "PATH", "Where the model file goes; its suffix is the format, such as ./cats.keras."),),
            needs=2,
            help="Load a saved model, compare it with what was saved, and write its file to a path.",
        ),
        button=Button("Load", _MODELS),
    ),
    Action(
        "list",
        "List what is saved, newest first.",
        "colab_save.loading.pipeline:list_models",
        (_text("pattern", "PATTERN", "Names to list, such as 'cat*'; default: all."), _SOURCE),
        magic="listmodels",
        function="colab_save.loading.pipeline:list_models",
        terminal=Terminal("list"),
        button=Button("Look again", _MODELS),
    ),
    Action(
        "verify",
        "Load a model and compare it with what was saved; it fails where that proves nothing.",
        "colab_save.loading.pipeline:load",
        tuple(_LOAD[name] for name in ("target", "source", "format", "trust", "convert", "timeout")),
        needs=1,
        request=LoadRequest,
        reports_steps=True,
        result=Result.PROOF,
        terminal=Terminal("verify"),
        button=Button("Verify again", _MODELS),
    ),
    Action(
        "inspect",
        "Look inside a saved version: its architecture, its layers, and how its weights are spread; none is built.",
        "colab_save.viewing.inside:look_inside",
        _LOOKED_AT,
        needs=1,
        reports_steps=True,
        function="colab_save.viewing.inside:inspect_model",
        terminal=Terminal("inspect"),
        button=Button("Look inside", _MODELS),
    ),
    Action(
        "compare",
        "Compare two saved versions without building either model.",
        "colab_save.viewing.comparison:compare_versions",
        (
            _text("first", "FIRST", "A name for its newest version, name@tag or name@version."),
            _text("second", "SECOND", "The same, for the version to compare it with."),
            _SOURCE,
        ),
        needs=2,
        function="colab_save.viewing.comparison:compare_versions",
        terminal=Terminal("compare"),
        button=Button("Compare", _MODELS),
    ),
    Action(
        "tag",
        "Give a version exactly these tags; each of them moves there from the other versions of that name.",
        "colab_save.versions.curating:tag_version",
        (_VERSION, Option("tags", "TAG", Syntax.REPEATED, "A label; may be given several times."), _SOURCE),
        needs=2,
        function="colab_save.versions.curating:tag_version",
        terminal=Terminal("tag"),
        button=Button("Set tags", _MODELS),
    ),
    Action(
        "delete",
        f"Delete a saved version: nothing lists or loads it any more. {action('restore')} brings it back for a day.",
        "colab_save.versions.curating:delete_version",
        (
            _VERSION,
            _SOURCE,
            Option(
                "for_good",
                "--for-good",
                Syntax.FLAG,
                "Remove its files now; also of a version that is deleted already.",
            ),
        ),
        needs=1,
        magic="deletemodel",
        function="colab_save.versions.curating:delete_version",
        terminal=Terminal("delete"),
        button=Button("Delete", _MODELS),
    ),
    Action(
        "restore",
        "Bring a deleted version back, or list what can be brought back.",
        "colab_save.versions.curating:restore_or_list",
        (
            _text(
                "target",
                "TARGET",
                "A name for what was deleted of it last, name@tag or name@version; default: list what can be brought "
                "back.",
            ),
            _SOURCE,
        ),
        magic="restoremodel",
        function="colab_save.versions.curating:restore_version",
        terminal=Terminal("restore"),
        button=Button("Undo", _MODELS),
        lists=DELETED,
    ),
    Action(
        "pending",
        "List the saves that are not known to be uploaded yet.",
        "colab_save.versions.pending:pending",
        function="colab_save.versions.pending:pending",
        terminal=Terminal("pending"),
    ),
    Action(
        "publish_pending",
        "Publish each save that its store has not taken, from its local copy.",
        "colab_save.versions.pending:publish_pending",
        function="colab_save.versions.pending:publish_pending",
        terminal=Terminal("publish-pending"),
    ),
    Action(
        "netron",
        "Serve a saved version to Netron, a viewer of model graphs in the browser.",
        "colab_save.viewing.netron:serve_to_netron",
        _LOOKED_AT,
        needs=1,
        reports_steps=True,
        function="colab_save.viewing.netron:open_in_netron",
        button=Button("Open in Netron", _MODELS),
    ),
    Action(
        "tensorboard",
        "Write a log folder with the histograms of a saved version, and its graph, and show it in TensorBoard.",
        "colab_save.viewing.tensorboard:open_in_tensorboard",
        _LOOKED_AT,
        needs=1,
        function="colab_save.viewing.tensorboard:open_in_tensorboard",
        button=Button("Open in TensorBoard", _MODELS),
    ),
    Action(
        "panel",
        "Show a panel that saves, lists and loads models with buttons.",
        "colab_save.widgets.board:panel",
        result=Result.PANEL,
        magic="modelpanel",
        function="colab_save.widgets.board:panel",
    ),
    Action(
        "demo",
        "Train a small model on real data, save it, load it in a new process.",
        "colab_save.frontends.demo:run_demo",
        (_SAVE["to"],),
        result=Result.PROOF,
        terminal=Terminal("demo"),
    ),
)
"""Every action, in the order in which help lists them."""


def find_action(name: str) -> Action | None:
    """Return the action of a name; ``None`` where there is none."""
    return next((item for item in ACTIONS if item.name == name), None)


def action_of(name: str) -> Action:
    """Return an action that there is.

    Raises:
        KeyError: There is none of that name.
    """
    return {item.name: item for item in ACTIONS}[name]


def label_of(name: str) -> str:
    """Return the label of the button that carries an action out."""
    button = action_of(name).button
    return button.label if button else ""


def magics() -> dict[str, Action]:
    """Return the actions that have a magic, by its name."""
    return {item.magic: item for item in ACTIONS if item.magic}


def commands() -> dict[str, Action]:
    """Return the actions that a terminal offers, by their command."""
    return {item.terminal.command: item for item in ACTIONS if item.terminal}


def references() -> Mapping[str, str]:
    """Return what carries each action out, by its name."""
    return {item.name: item.runs for item in ACTIONS}


def find_option(name: str) -> Option | None:
    """Return how the first action that has an option of this name takes it."""
    offered = (item for each in ACTIONS for item in each.options)
    return next((item for item in offered if item.name == name), None)
