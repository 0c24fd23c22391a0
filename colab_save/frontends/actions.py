"""The table of actions: everything that users can do, one record each.

Magics, completion, the terminal command, the panel, and the lines and calls in hints are all made from it; a test
compares `colab_save.__all__` with it. A new action is one more record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from colab_save.frontends.action import DELETED, Action, Button, Result, Terminal
from colab_save.hints import action
from colab_save.request.option import Option, Syntax, options_of
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.settings import SETTINGS, Setting

_LOAD = {item.name: item for item in options_of(LoadRequest)}
_SAVE = {item.name: item for item in options_of(SaveRequest)}
_SOURCE = _LOAD["source"]

_MODELS = "Models"
"""The panel's tab with the saved versions."""


def _text(name: str, shown: str, help: str) -> Option:
    return Option(name, shown, Syntax.POSITIONAL, help)


_VERSION = _text("target", "TARGET", "A name (its newest version that is no export), name@tag or name@version.")

_TAGS = Option("tags", "TAG", Syntax.REPEATED, "A tag, such as best; more can follow.")

_LOOKED_AT = (_LOAD["target"], _SOURCE)


def _of_setting(record: Setting) -> Option:
    syntax = Syntax.VALUE if record.kind.type is str else Syntax.EXPRESSION
    text = f"{record.help.removesuffix('.')}; default: {record.default_in_words}."
    return Option(record.name, f"--{record.name.replace('_', '-')}", syntax, text)


_AS = "Assign the model to this variable; default: return it."

ACTIONS: tuple[Action, ...] = (
    Action(
        "save",
        "Save a model, reload it in a fresh process, compare, and only then publish what came back.",
        "colab_save.saving.pipeline:save",
        tuple(_SAVE.values()),
        request=SaveRequest,
        reports_steps=True,
        magic="savemodel",
        is_cell_magic=True,
        magic_help="As %%savemodel it runs the cell first, and also saves after an interrupt or an error in the cell.",
        function="colab_save.frontends.python:save_model",
        terminal=Terminal(
            "save",
            "colab_save.frontends.files:save_file",
            (
                _text("model", "FILE", "A model file or folder, or its URL; it is inspected before it is loaded."),
                _text(
                    "target",
                    "TARGET",
                    "A name for the artifact, or a path or URL for a plain save; default: the file's name without its "
                    "suffix.",
                ),
                replace(
                    _SAVE["options"],
                    text="An option of the format, such as signatures of saved_model; VALUE is a literal or a text; "
                    "can be repeated; default: none.",
                ),
                replace(_SAVE["wait"], text="Wait for the upload, for an hour at most; default: do not wait."),
                _LOAD["trust"],
            ),
            without=("extra",),
            needs=1,
            help="Load a model file, save it as a version, reload that in a fresh process and compare; nothing is "
            "published before that has passed.",
        ),
        button=Button("Save", "Save"),
    ),
    Action(
        "load",
        "Load a saved model, or any model file, and compare it with what was saved.",
        "colab_save.loading.pipeline:load",
        (*_LOAD.values(), Option("name", "--as", Syntax.VARIABLE, _AS, "NAME")),
        needs=1,
        request=LoadRequest,
        reports_steps=True,
        result=Result.MODEL,
        magic="loadmodel",
        function="colab_save.frontends.python:load_model",
        terminal=Terminal(
            "load",
            "colab_save.frontends.files:load_to_path",
            (
                _text("path", "PATH", "Where to write the model file; the suffix is the format, such as ./cats.keras."),
                replace(
                    _LOAD["format"],
                    text="Load the payload of this format, which is also written if PATH has no suffix; default: that "
                    "of the suffix, else the one that holds most.",
                ),
            ),
            without=("variables",),
            needs=2,
            help="Load a saved model, compare it with what was saved, and write the model to a file.",
        ),
        button=Button("Load", _MODELS),
    ),
    Action(
        "list",
        "List the saved versions, newest first.",
        "colab_save.versions.listing:list_models",
        (_text("pattern", "PATTERN", "Names to list, such as 'cat*'; default: all."), _SOURCE),
        magic="listmodels",
        function="colab_save.versions.listing:list_models",
        terminal=Terminal("list"),
        button=Button("Look again", _MODELS),
    ),
    Action(
        "verify",
        "Load a model and compare it with what was saved; fail unless that proves it equal.",
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
        "Show the architecture, the layers and the weights of a saved version without building the model.",
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
            replace(_VERSION, name="first", flag="FIRST"),
            _text("second", "SECOND", "The version to compare it with, written in the same way."),
            _SOURCE,
        ),
        needs=2,
        function="colab_save.viewing.comparison:compare_versions",
        terminal=Terminal("compare"),
        button=Button("Compare", _MODELS),
    ),
    Action(
        "tag",
        "Set the tags of a version to exactly these; other versions of the name lose them.",
        "colab_save.versions.curating:tag_version",
        (_VERSION, _TAGS, _SOURCE),
        needs=2,
        function="colab_save.versions.curating:tag_version",
        terminal=Terminal(
            "tag", options=(replace(_TAGS, text="A tag, such as best; more can follow; default: no tags."),), needs=1
        ),
        button=Button("Set tags", _MODELS),
    ),
    Action(
        "delete",
        f"Delete a saved version, so that nothing lists or loads it. For a day, {action('restore')} brings it back.",
        "colab_save.versions.curating:delete_version",
        (
            _VERSION,
            _SOURCE,
            Option(
                "for_good",
                "--for-good",
                Syntax.FLAG,
                "Remove its files now, not after a day; also works on a version that is already deleted.",
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
        "Bring a deleted version back, or list the deleted versions.",
        "colab_save.versions.curating:restore_version",
        (
            _text(
                "target",
                "TARGET",
                "A name (its most recently deleted version), name@tag or name@version; default: list the deleted "
                "versions.",
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
        "Publish each save that is not in its store, from its local copy.",
        "colab_save.versions.pending:publish_local_copies",
        reports_steps=True,
        function="colab_save.frontends.python:publish_pending",
        terminal=Terminal("publish-pending"),
    ),
    Action(
        "cache",
        "Show the cache: fetched artifacts and local copies, how large they are and may become; or clear it.",
        "colab_save.versions.clearing:cache",
        (
            Option(
                "clear",
                "--clear",
                Syntax.FLAG,
                "Remove fetched artifacts that were not used within the last hour, and local copies that are known to "
                "be uploaded; never one whose save is pending.",
            ),
        ),
        function="colab_save.versions.clearing:cache",
        terminal=Terminal("cache"),
    ),
    Action(
        "doctor",
        "Show what a bug report needs: versions, the environment, Drive, the store, keys and the cache; without your "
        "name, your home folder, addresses and tokens.",
        "colab_save.diagnosing.doctor:doctor",
        magic="modeldoctor",
        function="colab_save.diagnosing.doctor:doctor",
        terminal=Terminal("doctor"),
    ),
    Action(
        "netron",
        "Show a saved version in Netron, a viewer of model graphs in the browser.",
        "colab_save.viewing.netron:serve_to_netron",
        _LOOKED_AT,
        needs=1,
        reports_steps=True,
        function="colab_save.viewing.netron:open_in_netron",
        button=Button("Open in Netron", _MODELS),
    ),
    Action(
        "tensorboard",
        "Write the weights of a saved version as histograms, and its graph, to logs, and show them in TensorBoard.",
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
        "configure",
        "Change settings for this process, and show all of them and where each comes from.",
        "colab_save.frontends.configuring:configure",
        tuple(map(_of_setting, SETTINGS.values())),
        function="colab_save.frontends.configuring:configure",
    ),
    Action(
        "demo",
        "Train a small model on real data, save it, and load it in a new process.",
        "colab_save.frontends.demo:run_demo",
        (_SAVE["to"],),
        result=Result.PROOF,
        terminal=Terminal("demo"),
    ),
)
"""Every action, in the order in which help lists them."""


def find_action(name: str) -> Action | None:
    """Return the action of a name; ``None`` if there is none."""
    return next((item for item in ACTIONS if item.name == name), None)


def action_of(name: str) -> Action:
    """Return the action of a name.

    Raises:
        KeyError: There is none.
    """
    return {item.name: item for item in ACTIONS}[name]


def label_of(name: str) -> str:
    """Return the label of an action's button."""
    button = action_of(name).button
    return button.label if button else ""


def magics() -> dict[str, Action]:
    """Return the actions that have a magic, by its name."""
    return {item.magic: item for item in ACTIONS if item.magic}


def commands() -> dict[str, Action]:
    """Return the actions that have a terminal command, by its name."""
    return {item.terminal.command: item for item in ACTIONS if item.terminal}


def references() -> Mapping[str, str]:
    """Return the function of each action, by the action's name."""
    return {item.name: item.runs for item in ACTIONS}


def find_option(name: str) -> Option | None:
    """Return the option of a name, as the first action that has it takes it; ``None`` if there is none."""
    options = (item for each in ACTIONS for item in each.options)
    return next((item for item in options if item.name == name), None)
