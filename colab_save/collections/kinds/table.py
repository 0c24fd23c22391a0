"""Find the kind of a value, and the kind that a file names.

`splitting` calls `kind_of` for each value, and `joining` `kind_named`. A family is imported when a value or a file is
of it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass

from colab_save.collections.kinds.kind import Kind
from colab_save.errors import MissingPackageError
from colab_save.hints import pip
from colab_save.plugging import plugged


@dataclass(frozen=True, slots=True)
class Family:
    """The kinds of one package.

    Attributes:
        kinds: Where they are.
        needs: The packages that must be installed to put values of it together.
        requirement: What to install if one is not.
    """

    kinds: str
    needs: tuple[str, ...] = ()
    requirement: str = ""


FAMILIES: Mapping[str, Family] = {
    "python": Family("colab_save.collections.kinds.of_python:KINDS"),
    "numpy": Family("colab_save.collections.kinds.of_numpy:KINDS"),
    "code": Family("colab_save.collections.kinds.of_code:KINDS"),
    "keras": Family("colab_save.collections.kinds.of_keras:KINDS"),
    "tf_keras": Family("colab_save.collections.kinds.of_keras:KINDS", ("tf_keras",), "colab_save[keras2]"),
    "pandas": Family("colab_save.collections.kinds.of_pandas:KINDS", ("pandas",), "pandas"),
    "pytz": Family("colab_save.collections.kinds.of_pytz:KINDS", ("pytz",), "pytz"),
    "sklearn": Family("colab_save.collections.kinds.of_sklearn:KINDS", ("sklearn", "skops"), "colab_save[sklearn]"),
    "tokenizers": Family("colab_save.collections.kinds.of_tokenizers:KINDS", ("tokenizers",), "tokenizers"),
}
"""The families by the package whose values they have; ``python`` is the standard library, ``code`` any other."""

SKOPS = "is of scikit-learn and is written by skops, which is not installed"
"""Why an object of scikit-learn cannot be written."""

TO_INSTALL: Mapping[str, str] = {SKOPS: f"Install it: {pip(FAMILIES['sklearn'].requirement)}."}
"""The hint for each loss that an installation prevents."""


def kind_of(value: object) -> Kind | None:
    """Return the kind of a value; ``None`` for a value of no kind."""
    root = str(type(value).__module__).partition(".")[0]
    families = (root,) if root in FAMILIES else ("python", "code")
    return next((kind for family in families for kind in _kinds(family) if kind.fits(value)), None)


def kind_named(name: str) -> Kind:
    """Return the kind that a file names.

    Raises:
        MissingPackageError: A package that it needs is not installed.
        KeyError: There is no such kind.
    """
    name_of_family = name.partition(".")[0]
    family = FAMILIES[name_of_family]
    missing = [package for package in family.needs if importlib.util.find_spec(package) is None]
    if missing:
        raise MissingPackageError(
            f"{name} needs {' and '.join(missing)}, which is not installed.", f"Install it: {pip(family.requirement)}."
        )
    return {kind.name: kind for kind in _kinds(name_of_family)}[name]


def _kinds(family: str) -> tuple[Kind, ...]:
    kinds: tuple[Kind, ...] = plugged(FAMILIES[family].kinds)
    return kinds
