"""The fake Colab for the stores' tests."""

from tests.fake_colab.fixtures import colab, colab_at_content  # noqa: F401 - fixtures are found by their name here
