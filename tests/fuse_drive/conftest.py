"""The misbehaving Drive for its own tests."""

from tests.fuse_drive.fixtures import drive, fuse  # noqa: F401 - fixtures are found by their name here
