"""The fake Colab, with a plain folder as its Drive and with the one that misbehaves."""

from tests.fake_colab.fixtures import colab, fuse_colab  # noqa: F401 - found by their name here
from tests.fuse_drive.fixtures import fuse  # noqa: F401 - found by its name here
