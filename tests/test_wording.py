"""Parts of messages."""

from __future__ import annotations

import pytest

from colab_save.wording import first_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It failed.\nBecause.", "It failed."),
        (
            "1 object could not be loaded. For example <Dense>:\n\nIt expected 2 variables.\nAnd more.",
            "1 object could not be loaded. For example <Dense>: It expected 2 variables.",
        ),
        ("Why:", "Why:"),
    ],
)
def test_the_first_line_of_an_error_is_not_cut_after_a_colon(text, shown):
    assert f"ValueError: {shown}" == first_line(ValueError(text))


def test_an_error_without_a_text_is_its_class():
    assert "ValueError" == first_line(ValueError())
