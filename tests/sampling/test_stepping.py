"""How many rows a training step takes."""

from __future__ import annotations

import numpy as np
import pytest

from colab_save.sampling.stepping import _even

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize(("count", "even"), [(1, 2), (2, 2), (3, 2), (7, 6), (8, 8)])
def test_a_step_takes_an_even_number_of_rows(count, even):
    data = (np.arange(count * 20).reshape(count, 20), {"a": np.arange(count)})
    found = _even(data)
    assert ((even, 20), even) == (found[0].shape, len(found[1]["a"]))


def test_data_without_rows_stays_as_it_is():
    data = (np.float32(1.0), np.arange(3))
    assert data is _even(data)
