"""The runtime's side of Drive: every write lands in this cache, whose content is gone with the process that holds it.

`server` serves the methods of `Cache` under FUSE's own names; `uploading` brings what is pending to the cloud.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
import uuid
from pathlib import PurePosixPath

from tests.fuse_drive.cloud import TOPS

BLOCK = 4096
FOLDER_MODE, FILE_MODE = stat.S_IFDIR | 0o700, stat.S_IFREG | 0o600
"""Whatever mode is set, this is what is there."""


class Node:
    """A file or a folder, and how much of it the cloud knows.

    Attributes:
        content: A file's bytes on this runtime; ``None`` for a folder.
        id: Begins ``local-`` until it exists in the cloud.
        cloud_parent: The folder in which the cloud has it, if it does: not always that of this runtime.
        cloud_name: Under which name.
        is_committed: Whether the cloud has these very bytes.
        has_revision: Whether it has others, which stay until these have all arrived.
        sent: How many of them are on their way.
        handles: How often it is open.
    """

    def __init__(self, name, parent, content):
        self.name, self.parent, self.content = name, parent, content
        self.children = {} if content is None else None
        self.id, self.cloud_parent, self.cloud_name = f"local-{uuid.uuid4().hex}", None, ""
        self.is_committed, self.has_revision, self.sent = False, False, 0
        self.handles, self.mtime = 0, time.time_ns()

    @property
    def is_here(self):
        return self.parent.children.get(self.name) is self

    @property
    def cloud_path(self):
        """Where the cloud has it; ``None`` where it has not."""
        return self.cloud_parent and self.cloud_parent.cloud_path / self.cloud_name

    def reach(self, cloud_parent, cloud_name):
        """Note where it exists in the cloud."""
        self.id, self.cloud_parent, self.cloud_name = self.id.removeprefix("local-"), cloud_parent, cloud_name


class Top(Node):
    """A folder that is not in another one: all of the Drive, or its trash."""

    def __init__(self, cloud_path):
        super().__init__("", None, None)
        self.path = PurePosixPath(cloud_path)

    @property
    def cloud_path(self):
        return self.path


class Cache:
    """A file system of paths in and `OSError` out.

    Attributes:
        pending: What the cloud does not know yet, in the order of the last change.
        has_uncommitted: Whether there is ``user.drive.uncommitted``; ``user.drive.id`` there always is.
        is_shared_writable: Whether ``Shareddrives`` may be written.
    """

    def __init__(self, cloud, *, has_uncommitted=True, is_shared_writable=False):
        self.cloud, self.lock, self.pending = cloud, threading.Lock(), {}
        self.has_uncommitted, self.is_shared_writable = has_uncommitted, is_shared_writable
        self.root, self.trash = Top(""), Top(cloud.trash)
        for top in TOPS:
            self.show(self.root, top)

    def show(self, parent, name):
        """Show what the cloud has under a name."""
        place = self.cloud.root / parent.cloud_path / name
        is_folder = place.is_dir()
        node = parent.children[name] = Node(name, parent, None if is_folder else bytearray(place.read_bytes()))
        node.reach(parent, name)
        node.is_committed = node.has_revision = True
        for child in sorted(place.iterdir()) if is_folder else ():
            self.show(node, child.name)

    def getattr(self, path, handle=None):
        node = self._node(path)
        size = len(node.content or b"")
        return {
            "st_mode": _mode(node), "st_nlink": 1, "st_size": size, "st_blocks": -(-size // 512),
            "st_uid": os.getuid(), "st_gid": os.getgid(), "st_mtime": node.mtime, "st_ctime": node.mtime,
        }  # fmt: skip

    def readdir(self, path, handle):
        entries = self._node(path).children.items()
        return [".", "..", *((name, {"st_mode": _mode(child)}, 0) for name, child in entries)]

    def mkdir(self, path, mode):
        self._add(path, None)

    def create(self, path, mode):
        self._add(path, bytearray()).handles += 1
        return 0

    def open(self, path, flags):
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._check_writable(path)
        self._node(path).handles += 1
        return 0

    def read(self, path, size, offset, handle):
        return bytes(self._node(path).content[offset : offset + size])

    def write(self, path, data, offset, handle):
        node = self._node(path)
        node.content[offset : offset + len(data)] = data
        self._change(node)
        return len(data)

    def truncate(self, path, length, handle=None):
        self._check_writable(path)
        node = self._node(path)
        node.content[:] = node.content[:length].ljust(length, b"\0")
        self._change(node)

    def flush(self, path, handle):
        """Close: the bytes are on this runtime's disk, and no further."""

    def fsync(self, path, is_data_only, handle):
        """Prove nothing about the cloud."""

    def release(self, path, handle):
        self._node(path).handles -= 1

    def unlink(self, path):
        self._drop(path)

    def rmdir(self, path):
        if self._node(path).children:
            raise _refused(errno.ENOTEMPTY)
        self._drop(path)

    def rename(self, path, to):
        """Give it another name; what had that name goes to the trash."""
        self._check_writable(path)
        self._check_writable(to)
        node, (parent, name) = self._node(path), self._split(to)
        old = parent.children.get(name)
        if old is node:
            return
        if old is not None:
            (self.rmdir if old.children is not None else self.unlink)(to)
        del node.parent.children[node.name]
        node.name, node.parent = name, parent
        parent.children[name] = node
        self._queue(node)

    def symlink(self, path, to):
        raise _refused(errno.EOPNOTSUPP)

    def link(self, path, to):
        raise _refused(errno.EOPNOTSUPP)

    def chmod(self, path, mode):
        """Accept a mode, which does not last."""

    def chown(self, path, user, group):
        """Accept an owner, who does not last."""

    def utimens(self, path, times=None):
        """Accept times, which do not last."""

    def getxattr(self, path, name):
        node = self._node(path)
        if name == "user.drive.id":
            return node.id.encode()
        if name == "user.drive.uncommitted" and self.has_uncommitted:
            return b"0" if node.is_committed else b"1"
        raise _refused(errno.ENODATA)

    def statfs(self, path):
        blocks, free = self.cloud.quota // BLOCK, self.cloud.free // BLOCK
        sizes = {"f_bsize": BLOCK, "f_frsize": BLOCK, "f_namemax": 255}
        return {**sizes, "f_blocks": blocks, "f_bfree": free, "f_bavail": free}

    def _node(self, path):
        node = self.root
        for part in PurePosixPath(path).parts[1:]:
            name = "MyDrive" if node is self.root and part == "My Drive" else part
            node = (node.children or {}).get(name)
            if node is None:
                raise _refused(errno.ENOENT)
        return node

    def _split(self, path):
        name = PurePosixPath(path).name
        if len(os.fsencode(name)) > 255:
            raise _refused(errno.ENAMETOOLONG)
        return self._node(str(PurePosixPath(path).parent)), name

    def _check_writable(self, path):
        top, *below = PurePosixPath(path).parts[1:]
        if not below or (top == "Shareddrives" and not self.is_shared_writable):
            raise _refused(errno.EROFS)

    def _add(self, path, content):
        self._check_writable(path)
        parent, name = self._split(path)
        node = parent.children[name] = Node(name, parent, content)
        self._queue(node)
        return node

    def _drop(self, path):
        self._check_writable(path)
        node = self._node(path)
        del node.parent.children[node.name]
        self._queue(node)

    def _change(self, node):
        node.is_committed, node.sent, node.mtime = False, 0, time.time_ns()
        self._queue(node)

    def _queue(self, node):
        self.pending.pop(node, None)
        self.pending[node] = True


def _mode(node):
    return FILE_MODE if node.children is None else FOLDER_MODE


def _refused(number):
    return OSError(number, os.strerror(number))
