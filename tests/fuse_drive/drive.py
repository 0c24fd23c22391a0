"""The misbehaving Drive from a test's side: mount it, let it fail, take the runtime away, look at what the cloud has.

Also the fake `google.colab` mounts through this. Its state is a folder, so several processes may hold it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from ctypes.util import find_library
from multiprocessing.connection import Client
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUOTA = 15 << 30
CAP_SYS_ADMIN = 1 << 21


def reason_to_skip():
    """Say why no FUSE file system can be mounted here; empty where one can."""
    if not sys.platform.startswith("linux"):
        return "FUSE is tested on Linux only"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse cannot be opened: {error.strerror}"
    capable = Path("/proc/self/status").read_text("utf-8").partition("CapEff:")[2].split()[0]
    if not int(capable, 16) & CAP_SYS_ADMIN:
        return "mounting takes root"
    if not find_library("fuse3"):
        return "libfuse is missing: apt-get install fuse3"
    if importlib.util.find_spec("mfusepy") is None:
        return "mfusepy is missing: pip install mfusepy"
    return ""


class FuseDrive:
    """One user's Drive, and the mount of it that one runtime has.

    Attributes:
        folder: Its state: ``cloud``, ``trash``, and how to reach the daemon.
        cloud: The folder with what Google has; it outlives the runtime.
        trash: What was deleted there or renamed over.
        mountpoint: Where the runtime sees it.
    """

    def __init__(self, folder, mountpoint):
        self.folder, self.mountpoint = Path(folder), Path(mountpoint)
        self.cloud, self.trash, self.daemon = self.folder / "cloud", self.folder / "trash", self.folder / "daemon"

    @property
    def is_mounted(self):
        return bool(self.line)

    @property
    def line(self):
        """Its line in the table of mounts, which stands as long as it is not unmounted, dead or alive."""
        lines = Path("/proc/mounts").read_text("utf-8").splitlines()
        return next((line for line in lines if line.split()[1] == str(self.mountpoint)), "")

    def mount(self, *, readonly=False, quota=QUOTA, remembered=0, **settings):
        """Start a daemon.

        Args:
            readonly: For reading only.
            quota: Bytes for MyDrive and the trash.
            remembered: Seconds that the kernel remembers names and sizes; with 0, every look reaches the daemon.
            settings: Those of `Cache` and `Uploader`.
        """
        name = f"fuse-drive-{uuid.uuid4().hex}"
        settings |= {"socket": name, "readonly": readonly, "quota": quota, "remembered": remembered}
        self.mountpoint.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuse_drive.server", self.folder, self.mountpoint, json.dumps(settings)],
                stdout=subprocess.PIPE, stderr=log, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )  # fmt: skip
        with process.stdout as said:
            assert b"mounted\n" == said.readline(), (self.folder / "log").read_text("utf-8")
        self.daemon.write_text(f"{process.pid} {name}", "utf-8")
        process.returncode = 0  # it outlives this process, as Colab's does; `die` reaps it where it can

    def order(self, name, *arguments, **options):
        """Give an order, one of `server.Orders`."""
        with Client("\0" + self.daemon.read_text("utf-8").split()[1], "AF_UNIX") as connection:
            connection.send((name, arguments, options))
            return connection.recv()

    def wait(self, seconds=10.0):
        """Wait until everything is uploaded, and say whether it is."""
        end = time.monotonic() + seconds
        while not (is_uploaded := self.order("is_uploaded")) and time.monotonic() < end:
            time.sleep(0.005)
        return is_uploaded

    def die(self):
        """Let the daemon die: the mount stays, every call there fails with 107, and what was not uploaded is lost."""
        pid = int(self.daemon.read_text("utf-8").split()[0])
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):  # dead already, or the child of another process
            pass

    def unmount(self):
        """Take the mount away, whatever was pending, with the folder where it was."""
        if self.is_mounted:
            self.die()
            subprocess.run(["umount", "--lazy", self.mountpoint], check=True)
            self.mountpoint.rmdir()
