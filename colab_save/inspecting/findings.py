"""The result of inspecting a file: its format, the custom classes that it needs, and what in it would run code.

`inspection.inspect` returns it; `loading` uses it to decide on trust, custom code and a fresh process.
"""

from __future__ import annotations

from dataclasses import dataclass

from colab_save.dialect import KERAS, KERAS_2
from colab_save.errors import UnsafeFileError
from colab_save.format_table import FORMATS
from colab_save.hints import literal

DO_NOT_OPEN = "Do not open it; get the file again from its author."
"""The hint for an unsafe file that somebody may have replaced or damaged."""

EXHAUSTING = "loading it would exhaust the memory"
"""What a file does that declares far more bytes than it stores."""


@dataclass(frozen=True, slots=True, order=True)
class CustomName:
    """A class or function that a file needs and that does not belong to Keras.

    Attributes:
        module: The module that defined it, according to the file; empty if the file does not say.
        name: The name of the class or function.
        registered: The name under which Keras looks it up (``package>Name``); empty if the file has none.
    """

    module: str
    name: str
    registered: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a file is, and what opening it would need.

    Attributes:
        format: Its format by its bytes, by the name in the table of formats.
        custom_names: The classes and functions that the user or the artifact's custom code must define.
        homonyms: The classes and functions that Keras has and that the user may have defined, too: a file does not say
            whose function it names, and an ``.h5`` not whose class.
        runs_code: What would run code or touch files when the file is opened (Lambda bytecode, SavedModel operations),
            each with its place; unless this is empty, opening needs trust.
        keras_version: The version of Keras that wrote the file; empty if the file does not say.
        is_nested: Whether the model contains another model.
        policy: The dtype policy of the model, or else that of most of its layers; empty if the file has none.
        risks: Why opening it may never end or take all memory; each ends the sentence "the file …".
    """

    format: str
    custom_names: tuple[CustomName, ...] = ()
    runs_code: tuple[str, ...] = ()
    keras_version: str = ""
    is_nested: bool = False
    risks: tuple[str, ...] = ()
    policy: str = ""
    homonyms: tuple[CustomName, ...] = ()

    @property
    def is_keras2(self) -> bool:
        """Whether Keras 2 (now ``tf_keras``) or an older version wrote the config."""
        version = self.keras_version or FORMATS[self.format].undated
        return version.partition(".")[0] in {"0", "1", "2"}

    @property
    def is_native(self) -> bool:
        """Whether only native code opens it: an interpreter, or ONNX Runtime."""
        return FORMATS[self.format].is_native

    @property
    def dialect(self) -> str:
        """The dialect that opens it."""
        return KERAS_2 if self.is_keras2 else KERAS


def unsafe(where: str, found: str) -> UnsafeFileError:
    """Return the error for a file whose structure is none that Keras writes."""
    return UnsafeFileError(
        f"{literal(f'{where}: {found}')}.",
        "Do not open it. Keras never writes such a file; get it again from its author.",
    )


def needs_child(findings: Findings) -> bool:
    """Return whether a file must first be opened in a process that can be killed.

    Current releases of Keras are not tested with configs of Keras 2 or of unknown age: a nested Keras 2 model in
    ``.h5`` makes Keras 3.13.2 loop forever, and tf_keras imports the modules that a config names. A file may lie about
    its version, so its graph and its sizes count too. Native code crashes on contradictory files, and computes
    constants while it opens a file.
    """
    if findings.risks or findings.is_native:
        return True
    return FORMATS[findings.format].has_config and (findings.is_keras2 or not findings.keras_version)
