"""What a format has from its base."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from colab_save.errors import FormatError, NotFoundError, UnknownNameError
from colab_save.formats.base import NoOptions, read_options
from colab_save.wording import translated


@dataclass(frozen=True)
class Compression:
    level: int = 1
    batch: int | None = None


@dataclass(frozen=True)
class Signatures:
    batch: int | None = None


KINDS = {"packed": Compression, "program": Signatures, "plain": NoOptions}


def test_without_options_every_format_has_its_defaults():
    assert {"packed": Compression(), "program": Signatures(), "plain": NoOptions()} == read_options(KINDS, {})


def test_an_option_reaches_every_format_that_has_it():
    found = read_options(KINDS, {"batch": 8})
    assert (Compression(batch=8), Signatures(8)) == (found["packed"], found["program"])


def test_an_option_with_a_format_before_it_reaches_only_that():
    found = read_options(KINDS, {"packed.batch": 8, "program.batch": 4})
    assert (Compression(batch=8), Signatures(4)) == (found["packed"], found["program"])


@pytest.mark.parametrize("key", ["packed.level", "level"])
def test_an_option_of_one_format_alone(key):
    assert Compression(9) == read_options(KINDS, {key: 9})["packed"]


@pytest.mark.parametrize("key", ["levle", "plain.level", "other.level", "packed.", ".level.x", ""])
def test_an_option_that_no_format_has_is_refused_with_its_name(key):
    with pytest.raises(UnknownNameError, match=f"has no option '{key}'"):
        read_options(KINDS, {key: 1})


def test_a_misspelt_option_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        read_options(KINDS, {"levle": 1})
    assert "Did you mean 'level'?" == caught.value.hint


def test_formats_without_options_say_so():
    with pytest.raises(UnknownNameError) as caught:
        read_options({"plain": NoOptions}, {"level": 1})
    assert "It has no options at all." == caught.value.hint


def test_what_keras_raises_becomes_a_format_error_in_its_words():
    with (
        pytest.raises(FormatError, match=r"Cannot write x \(OSError: disk\)\.") as caught,
        translated("Cannot write x", "Try y."),
    ):
        raise OSError("disk")
    assert ("Try y.", OSError) == (caught.value.hint, type(caught.value.__cause__))


def test_an_error_of_ours_stays_what_it_is():
    with pytest.raises(NotFoundError), translated("Cannot write x", "Try y."):
        raise NotFoundError("There is no x.", "Look.")


def test_an_interrupt_stays_what_it_is():
    with pytest.raises(KeyboardInterrupt), translated("Cannot write x", "Try y."):
        raise KeyboardInterrupt
