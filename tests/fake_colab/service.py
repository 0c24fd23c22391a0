"""The fake service from a test's side: start it, choose what it does, look at what reached the cloud.

Nothing of it replaces a function of colab_save: it stands where Google stands.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from tests.fuse_drive.drive import FuseDrive

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]
SCENARIOS = {"granted", "denied", "timeout", "failed", "domain", "enterprise", "not colab", "nothing", "flush failed"}


class FakeColab:
    """One user's Drive and one Colab runtime.

    Attributes:
        cloud: What the user's Drive holds: ``MyDrive`` and ``Shareddrives``.
        mountpoint: Where the runtime mounts it.
        environment: What a kernel's process needs so that its ``google.colab`` is this service.
        drive: The misbehaving Drive, which is what is mounted when there are settings for it.
    """

    def __init__(self, folder, mountpoint, fuse=None):
        self.state, self.mountpoint = Path(folder), Path(mountpoint)
        self.cloud = self.state / "cloud"
        self.drive = FuseDrive(self.state, self.mountpoint)
        for name in ("MyDrive", "Shareddrives"):
            (self.cloud / name).mkdir(parents=True)
        self.write("mountpoint", str(mountpoint))
        self.write("mounts", "proc /proc proc rw 0 0\n")
        self.write("prompts", "")
        self.scenario = "granted"
        if fuse is not None:
            self.write("fuse", json.dumps(fuse))

    def write(self, name, text):
        (self.state / name).write_text(text, "utf-8")

    @property
    def environment(self):
        # The current path too: a child that sets PYTHONPATH anew must still find what this process finds.
        path = os.pathsep.join([str(PACKAGE), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {"FAKE_COLAB": str(self.state), "PYTHONPATH": path}

    @property
    def scenario(self):
        return (self.state / "scenario").read_text("utf-8")

    @scenario.setter
    def scenario(self, name):
        assert name in SCENARIOS
        self.write("scenario", name)

    @property
    def prompts(self):
        """How often the browser has asked the user."""
        return len((self.state / "prompts").read_text("utf-8").splitlines())

    @property
    def is_mounted(self):
        return "fuse.drive" in (self.state / "mounts").read_text("utf-8")

    def enter(self):
        """Make this very process a Colab kernel; the environment and sys.path are the fixture's business."""
        for name in [name for name in sys.modules if name.startswith("google.colab")]:
            del sys.modules[name]
        return importlib.import_module("google.colab.drive")

    def new_runtime(self):
        """Lose the runtime: the mount is gone, the cloud is not."""
        if (self.state / "fuse").exists():
            self.drive.unmount()
        elif self.is_mounted:
            for link in self.mountpoint.iterdir():
                link.unlink()
            self.mountpoint.rmdir()
        self.write("mounts", "proc /proc proc rw 0 0\n")
