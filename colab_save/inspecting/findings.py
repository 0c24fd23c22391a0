"""What inspecting a file gives: its format, the names it needs, what in it would run code.

`inspecting` makes them; `loading` decides by them (trust, custom code, a child process).
"""

from __future__ import annotations

from dataclasses import dataclass

from colab_save.dialect import KERAS, KERAS_2
from colab_save.format_table import FORMATS


@dataclass(frozen=True, slots=True, order=True)
class CustomName:
    """A class or function that a file needs and that is not Keras's own.

    Attributes:
        module: Where it was defined, as the file says; empty when it does not.
        name: The class or function.
        registered: The name under which Keras looks it up (``package>Name``); empty when the file has none.
    """

    module: str
    name: str
    registered: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a file is, and what opening it would need.

    Attributes:
        format: What it is, by its bytes, as the table of formats names it.
        custom_names: Classes and functions that the user, or the artifact's code, must supply.
        runs_code: What would run code or touch files if it were opened (Lambda bytecode, SavedModel operations), each
            with its place; opening needs trust unless this is empty.
        keras_version: The version that wrote the file; empty when the file does not say.
        is_nested: The model holds another model.
        policy: The dtype policy of the model, or else that of most of its layers; empty where the file has none.
        risks: Why opening it may take for ever, or all memory; each ends the sentence "the file …".
    """

    format: str
    custom_names: tuple[CustomName, ...] = ()
    runs_code: tuple[str, ...] = ()
    keras_version: str = ""
    is_nested: bool = False
    risks: tuple[str, ...] = ()
    policy: str = ""

    @property
    def is_keras2(self) -> bool:
        """Say whether Keras 2 (today ``tf_keras``) or something older wrote the config."""
        version = self.keras_version or FORMATS[self.format].undated
        return version.partition(".")[0] in {"0", "1", "2"}

    @property
    def is_native(self) -> bool:
        """Say whether native code alone opens it: an interpreter, or ONNX Runtime."""
        return FORMATS[self.format].is_native

    @property
    def dialect(self) -> str:
        """Name the Keras that opens it."""
        return KERAS_2 if self.is_keras2 else KERAS


def needs_child(findings: Findings) -> bool:
    """Say whether a file must first be opened in a process that can be killed.

    Configs of Keras 2 and of unknown age go through code paths that no current Keras is tested with: a nested Keras 2
    model in ``.h5`` makes Keras 3.13.2 loop forever, and tf_keras imports the modules that a config names. What a file
    says of its age it may say falsely, so its graph and its sizes are looked at too. Native code dies of what does not
    fit together, and computes what is constant while it opens a file.
    """
    if findings.risks or findings.is_native:
        return True
    return FORMATS[findings.format].has_config and (findings.is_keras2 or not findings.keras_version)
