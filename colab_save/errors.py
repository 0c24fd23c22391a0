"""Every error that colab_save raises: a message that says what happened, and a hint that says what to do next.

All levels raise these. No frontend swallows one, so the cell fails and ``Run all`` stops.
None subclasses `ImportError`: Colab's handler for that error would hide the hint.

    ColabSaveError
    ├── RequestError               the request cannot be carried out
    │   ├── NoModelError           there is no model to save
    │   ├── AmbiguousModelError    several objects fit the request
    │   ├── UnknownNameError       no such variable, version, format, store or option
    │   ├── TargetError            a name or path cannot be used
    │   ├── SampleError            the sample inputs do not fit the model
    │   ├── NoSuchAttributeError   a loaded program has no layers, no fit()
    │   └── UnsupportedError       no format can write the object
    ├── MissingPackageError        a package is not installed
    ├── FormatError                a model could not be written or read in a format
    │   └── UnbuiltModelError      it has no weights yet, and the format needs them
    ├── CancelledError             the user cancelled; committed versions are intact
    ├── CustomCodeError            a class or function cannot be captured, or its captured code fails
    ├── RoundTripError             the reloaded model differs from the saved one
    │   └── VerifierError          the fresh process died, hung or sent no valid answer
    ├── StoreError                 a store refused or failed
    │   ├── StoreUnavailableError  not mounted, not responding, access denied
    │   ├── ReadOnlyStoreError     the store cannot be written
    │   ├── NoSpaceError           the disk or the store is full
    │   └── NotFoundError          no such artifact or file
    └── UntrustedError             a file must not be opened as it is
        ├── DamagedFileError       truncated, empty, or not what its name says
        ├── DigestError            the bytes differ from those that were saved
        ├── UntrustedCodeError     the code is neither the user's own nor trusted
        └── UnsafeFileError        it would run code, write outside its folder, never end or take all memory
"""

from __future__ import annotations

from typing import Any

from colab_save.hints import Language, Plain, literal_around, render


class ColabSaveError(Exception):
    """The base class of all errors of colab_save.

    Message and hint may refer to options and actions (`hints`); they are rendered in the language of the frontend that
    was called.

    Attributes:
        references: The message and the hint before rendering, for another process that shows them later.
        language: The language of the frontend that passed the error on; the frontend sets it.
        args: The message alone, with the names of options and actions, whichever frontend was called.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(render(message, Plain()))
        self.references = (message, hint)
        self.language: Language | None = None

    @property
    def message(self) -> str:
        """What happened, with the values, on one line; several reasons have a line each below it."""
        return render(self.references[0], self.language)

    @property
    def hint(self) -> str:
        """What to do next, on one or more lines."""
        return render(self.references[1], self.language)

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> tuple[type[ColabSaveError], tuple[str, str], dict[str, Any]]:
        return type(self), self.references, self.__dict__  # the language too, also in a copy

    def _render_traceback_(self) -> list[str]:
        """Return the message and the hint, which a cell shows instead of a stack trace.

        IPython calls this (``InteractiveShell.showtraceback``, 7.34 and 9.x), also for `Output` widgets. The exception
        still propagates.
        """
        return [f"{type(self).__name__}: {self.message}", f"Hint: {self.hint}"]


class RequestError(ColabSaveError):
    """The request cannot be carried out."""


class NoModelError(RequestError):
    """There is no model to save."""


class AmbiguousModelError(RequestError):
    """Several objects fit the request."""


class UnknownNameError(RequestError):
    """A variable, version, format, store or option does not exist."""


class TargetError(RequestError):
    """A name or path cannot be a target."""


class SampleError(RequestError):
    """Sample inputs do not fit the model, or could not be derived from it."""


class NoSuchAttributeError(RequestError, AttributeError):
    """A loaded program has no attribute of that name; `hasattr` says so, too."""


class UnsupportedError(RequestError):
    """No format can write this object."""


class MissingPackageError(ColabSaveError):
    """A required package is not installed; the hint is the pip command."""


class FormatError(ColabSaveError):
    """A model could not be written or read in a format."""


class UnbuiltModelError(FormatError):
    """The model has no weights yet, and the format needs them."""


class CancelledError(ColabSaveError):
    """The user cancelled; nothing was published, and committed versions are intact."""


class CustomCodeError(ColabSaveError):
    """A class or function of the user cannot be captured, or its captured code fails."""


class RoundTripError(ColabSaveError):
    """The reloaded model differs from the saved one; nothing was published."""


class VerifierError(RoundTripError):
    """The fresh process died, ran out of time, or sent no valid answer."""


class StoreError(ColabSaveError):
    """A store refused or failed."""


class StoreUnavailableError(StoreError):
    """The store is not mounted, does not respond, or denies access."""


class ReadOnlyStoreError(StoreError):
    """The store cannot be written."""


class NoSpaceError(StoreError):
    """There is not enough space in the stage or in the store."""


class NotFoundError(StoreError):
    """There is no such artifact, version or file."""


class UntrustedError(ColabSaveError):
    """A file must not be opened as it is.

    The message names what is in the file, so nothing in it is taken for a reference; the hint may have references.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(literal_around(message), hint)


class DamagedFileError(UntrustedError):
    """A file is truncated, empty, or not what its name says."""


class DigestError(UntrustedError):
    """The bytes differ from those that were saved."""


class UntrustedCodeError(UntrustedError):
    """A file brings code that is neither the user's own nor trusted."""


class UnsafeFileError(UntrustedError):
    """A file would run code, write outside its folder, never finish opening, or take all memory."""
