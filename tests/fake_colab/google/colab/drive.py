"""Behaves as Colab's `drive` module is described: the same order of checks, the same words.

The scenario is read at each call, so a test can change it while a kernel runs.
"""

import json
import os
import threading
from pathlib import Path

STATE = Path(os.environ["FAKE_COLAB"])

REFUSALS = {
    "timeout": "mount failed: timeout during initial read of root folder; for more info: "
    "https://research.google.com/colaboratory/faq.html#drive-timeout",
    "failed": "mount failed",
    "domain": "The domain policy has disabled Drive File Stream: https://support.google.com/a/answer/7496409",
}


class MessageError(Exception):
    """What the browser says when it does not do what was asked."""


def scenario():
    return (STATE / "scenario").read_text("utf-8")


def mount(mountpoint, force_remount=False, timeout_ms=120000, readonly=False):
    _check_environment(mountpoint)
    _ask_the_browser()
    point = Path(mountpoint)
    if os.path.isdir(point / "My Drive") and not force_remount:  # noqa: PTH112 - a dead mount is no folder, not an error
        print(f"Drive already mounted at {mountpoint}; to attempt to forcibly remount, call drive.mount(…).")
        return
    _unmount(point)
    _check_mountpoint(point)
    if scenario() in REFUSALS:
        raise ValueError(REFUSALS[scenario()])
    if scenario() == "nothing":
        return
    line = _mounted_by_fuse(point, readonly) if (STATE / "fuse").exists() else _linked(point, readonly)
    (STATE / "mounts").write_text(f"proc /proc proc rw 0 0\n{line}\n", "utf-8")
    print(f"Mounted at {mountpoint}")


def flush_and_unmount(timeout_ms=24 * 60 * 60 * 1000):
    rows = [line.split() for line in (STATE / "mounts").read_text("utf-8").splitlines()]
    points = [Path(row[1]) for row in rows if row[2] == "fuse.drive"]
    if not points:
        print("Drive not mounted, so nothing to flush and unmount.")
        return
    if scenario() == "flush failed" or ((STATE / "fuse").exists() and not _has_flushed(points[0], timeout_ms / 1000)):
        raise ValueError("flush_and_unmount failed")
    _unmount(points[0])


def _check_environment(mountpoint):
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("drive.mount waits for the browser and works in the main thread only")
    if scenario() == "not colab":
        raise NotImplementedError("Mounting drive is unsupported in this environment.")
    if " " in mountpoint:
        raise ValueError("Mountpoint must not contain a space.")
    if scenario() == "enterprise":
        raise NotImplementedError("google.colab.drive is not supported in Colab Enterprise.")


def _ask_the_browser():
    with (STATE / "prompts").open("a", encoding="utf-8") as log:
        log.write("asked\n")
    if scenario() == "denied":
        raise MessageError("Error: credential propagation was unsuccessful")


def _check_mountpoint(point):
    if point.is_symlink():
        raise ValueError("Mountpoint must not be a symlink")
    if point.is_dir() and any(point.iterdir()):
        raise ValueError("Mountpoint must not already contain files")
    if point.exists() and not point.is_dir():
        raise ValueError("Mountpoint must either be a directory or not exist")
    if not point.parent.exists():
        raise ValueError("Mountpoint must be in a directory that exists")


def _linked(point, readonly):
    """Mount a plain folder: its bytes are in the cloud at once."""
    point.mkdir(exist_ok=True)
    for name, folder in (("MyDrive", "MyDrive"), ("My Drive", "MyDrive"), ("Shareddrives", "Shareddrives")):
        (point / name).symlink_to(STATE / "cloud" / folder)
    return f"drive {point} fuse.drive {'ro' if readonly else 'rw'},nosuid 0 0"


def _mounted_by_fuse(point, readonly):
    """Mount what behaves as Drive does."""
    drive = _fuse_drive(point)
    drive.mount(readonly=readonly, **json.loads((STATE / "fuse").read_text("utf-8")))
    return drive.line


def _has_flushed(point, seconds):
    try:
        return _fuse_drive(point).wait(seconds)
    except OSError:  # the daemon has died
        return False


def _fuse_drive(point):
    from tests.fuse_drive.drive import FuseDrive

    return FuseDrive(STATE, point)


def _unmount(point):
    rows = (STATE / "mounts").read_text("utf-8").splitlines()
    if not any(str(point) in row.split() for row in rows):
        return
    if (STATE / "fuse").exists():
        _fuse_drive(point).unmount()
    else:
        for link in point.iterdir():
            link.unlink()
        point.rmdir()
    (STATE / "mounts").write_text("proc /proc proc rw 0 0\n", "utf-8")
