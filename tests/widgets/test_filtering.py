"""Saved versions in the order that is asked for."""

from __future__ import annotations

import pytest

from colab_save.widgets.filtering import MEASURED, ORDERS, narrowed, orders_of
from tests.making import V1, V2, V3, export, manifest

KNOWN = [
    manifest(version=V1, metrics={"val_loss": 0.3, "accuracy": 0.8}),
    manifest(version=V2, metrics={"val_loss": 0.1}),
    manifest(version=V3, metrics={}),
]


@pytest.mark.parametrize(("order", "expected"), [("best val_loss", [V2, V1, V3]), ("best accuracy", [V1, V3, V2])])
def test_the_best_comes_first_and_what_was_not_measured_last(order, expected):
    assert expected == [found.version for found in narrowed(KNOWN, order=order)]


def test_what_some_have_measured_is_offered_to_sort_by():
    assert [*ORDERS, "best accuracy", "best val_loss"] == orders_of(KNOWN)
    assert len(ORDERS) + MEASURED == len(orders_of([manifest(metrics={str(n): 1.0 for n in range(99)})]))


def test_exports_are_found_by_that_word():
    assert [V2] == [found.version for found in narrowed([KNOWN[0], export(version=V2)], "export")]
