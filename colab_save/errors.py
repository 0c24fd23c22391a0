"""Every error that colab_save raises: what happened, with the values, and a hint that fixes it.

All levels raise these. No frontend swallows one, so that a cell still fails and ``Run all`` stops.
None subclasses `ImportError`: Colab's own handler takes those and hides the hint.

    ColabSaveError
    ├── RequestError               what was asked cannot be done as asked
    │   ├── NoModelError           there is no model to save
    │   ├── AmbiguousModelError    several candidates
    │   ├── UnknownNameError       no such variable, version, format, store or option
    │   ├── TargetError            a name or path that cannot be used
    │   ├── SampleError            the sample inputs do not fit the model
    │   └── UnsupportedError       an object that no format can write
    ├── UnbuiltModelError          a model without weights yet
    ├── MissingPackageError        an extra that is not installed
    ├── FormatError                a format refused or failed to write or read
    ├── CancelledError             the user has cancelled; what was committed before is whole
    ├── CustomCodeError            a class or function that cannot be captured, or whose captured code fails
    ├── RoundTripError             the reloaded model is not the saved one
    │   └── VerifierError          the fresh process died, hung or answered nothing
    ├── StoreError                 a store refused or failed
    │   ├── StoreUnavailableError  not mounted, dead, denied
    │   ├── ReadOnlyStoreError
    │   ├── NoSpaceError
    │   └── NotFoundError          no such artifact or file
    └── UntrustedError             a file that must not be opened as it is
        ├── DamagedFileError       truncated, empty, not what its name says
        ├── DigestError            the bytes are not those that were saved
        ├── UntrustedCodeError     code that is neither the user's own nor trusted
        └── UnsafeFileError        it would run code, leave its folder, never end or take all memory
"""

from __future__ import annotations

from colab_save.hints import Language, render


class ColabSaveError(Exception):
    """The root of the tree.

    Both texts may refer to options and actions (`hints`); they are read in the language of the frontend that asked.

    Attributes:
        references: The message and the hint as they were written, for a process that shows them later.
        language: The frontend that let the error through; it sets this.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.references = (message, hint)
        self.language: Language | None = None

    @property
    def message(self) -> str:
        """What happened, with the values; one line."""
        return render(self.references[0], self.language)

    @property
    def hint(self) -> str:
        """What to do next; may be several lines."""
        return render(self.references[1], self.language)

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}"

    def __reduce__(self) -> tuple[type[ColabSaveError], tuple[str, str]]:
        return type(self), self.references

    def _render_traceback_(self) -> list[str]:
        """Show one line and the hint in a cell instead of a stack.

        IPython asks the exception for this (``InteractiveShell.showtraceback``, 7.34 and 9.x); the
        exception itself still propagates, and `Output` widgets go the same way.
        """
        return [f"{type(self).__name__}: {self.message}", f"Hint: {self.hint}"]


class RequestError(ColabSaveError):
    """What was asked cannot be done as it was asked."""


class NoModelError(RequestError):
    """There is no model to save."""


class AmbiguousModelError(RequestError):
    """Several objects could have been meant."""


class UnknownNameError(RequestError):
    """A variable, version, format, store or option that does not exist."""


class TargetError(RequestError):
    """A name or path that cannot be a target."""


class SampleError(RequestError):
    """Sample inputs that do not fit the model, or that could not be derived."""


class UnsupportedError(RequestError):
    """An object that no format can write."""


class UnbuiltModelError(ColabSaveError):
    """A model that has no weights yet: there is nothing to save."""


class MissingPackageError(ColabSaveError):
    """A package that is needed and not installed; the hint is the pip command."""


class FormatError(ColabSaveError):
    """A format refused or failed to write or read a model."""


class CancelledError(ColabSaveError):
    """The user has cancelled; nothing was published, and what was committed before is whole."""


class CustomCodeError(ColabSaveError):
    """The user's own class or function cannot be captured, or its captured code fails."""


class RoundTripError(ColabSaveError):
    """The model that came back is not the model that was saved; nothing was published."""


class VerifierError(RoundTripError):
    """The fresh process died, ran out of time, or answered nothing that can be read."""


class StoreError(ColabSaveError):
    """A store refused or failed."""


class StoreUnavailableError(StoreError):
    """A store that is not mounted, not alive, or not permitted."""


class ReadOnlyStoreError(StoreError):
    """A store that cannot be written."""


class NoSpaceError(StoreError):
    """Not enough room, in the stage or in the store."""


class NotFoundError(StoreError):
    """No such artifact, version or file."""


class UntrustedError(ColabSaveError):
    """A file that must not be opened as it is."""


class DamagedFileError(UntrustedError):
    """A file that is truncated, empty, or not what its name says."""


class DigestError(UntrustedError):
    """Bytes that are not those which were saved."""


class UntrustedCodeError(UntrustedError):
    """Code that came with a file, and that is neither the user's own nor trusted."""


class UnsafeFileError(UntrustedError):
    """A file that would run code or leave its folder, or that takes for ever or all memory to open."""
