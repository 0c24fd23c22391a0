"""Brings the files of a runtime's cache to the cloud, later: what has not arrived is gone with the runtime.

`server` calls `Uploader.upload` every few milliseconds. Files go up side by side, so that small ones arrive before
large ones whatever the order in which they were written.
"""

from __future__ import annotations

import itertools

from tests.fuse_drive.cloud import next_name


class Uploader:
    """Sends what a cache has waiting.

    Attributes:
        bandwidth: Bytes per second; ``None`` is no limit, and 0 lets nothing up at all.
        half: What the cloud shows of a file whose upload has begun: ``zero`` bytes, or the ``part`` that has arrived.
    """

    def __init__(self, cache, *, bandwidth=None, half="zero"):
        self.cache, self.cloud = cache, cache.cloud
        self.bandwidth, self.half = bandwidth, half
        self.numbers = itertools.count(len(list(self.cloud.trash.iterdir())))

    @property
    def is_done(self):
        with self.cache.lock:
            return not self.cache.pending

    def upload(self, seconds):
        """Send what fits into that time, an equal share of every file."""
        with self.cache.lock:
            waiting = list(self.cache.pending)
            if self.bandwidth == 0 or not waiting:
                return
            share = float("inf") if self.bandwidth is None else self.bandwidth * seconds / len(waiting)
            for node in waiting:
                if self._has_arrived(node, share):
                    del self.cache.pending[node]

    def _has_arrived(self, node, share):
        if not node.is_here:
            self._throw_away(node)
            return True
        is_new_and_open = node.handles and node.cloud_path is None
        if node.parent.cloud_path is None or is_new_and_open:
            return False
        self._place(node)
        if node.children is None and not node.is_committed and not node.handles:
            node.is_committed = self._has_sent(node, share)
        return node.children is not None or node.is_committed

    def _throw_away(self, node):
        if node.cloud_path is not None:
            if node.content == b"":  # emptied before it was deleted: that revision goes up first
                self.cloud.write(node.cloud_path, b"")
            self._move(node, self.cache.trash, f"{next(self.numbers)} {node.cloud_name}")

    def _place(self, node):
        """Make it exist in the cloud under its name, or under the next one when another client has taken that."""
        wanted = node.parent.cloud_path / node.name
        if wanted == node.cloud_path:
            return
        if self.cloud.holds(wanted):
            others = [other for other in self.cache.pending if other.cloud_path == wanted]
            for other in others:  # ours, and its turn to leave that name is still to come
                self._move(other, self.cache.trash, other.id)
            if not others and node.children is None:
                self._step_aside(node)
        if node.cloud_path is not None:
            self._move(node, node.parent, node.name)
            return
        if node.children is None:
            self.cloud.write(node.parent.cloud_path / node.name, b"")
        else:
            self.cloud.make_folder(wanted)
        node.reach(node.parent, node.name)

    def _move(self, node, parent, name):
        self.cloud.rename(node.cloud_path, parent.cloud_path / name)
        node.reach(parent, name)

    def _step_aside(self, node):
        taken, siblings, folder = node.name, node.parent.children, node.parent.cloud_path
        node.name = next_name(taken, lambda name: name in siblings or self.cloud.holds(folder / name))
        siblings[node.name] = siblings.pop(taken)
        self.cache.show(node.parent, taken)

    def _has_sent(self, node, share):
        """Send a part of a file; a Drive that is full takes none of it and says nothing."""
        size = len(node.content)
        if not self.cloud.takes(node.cloud_path, size):
            return False
        node.sent = min(size, node.sent + share)
        arrived = size if node.sent == size else int(node.sent) if self.half == "part" else 0
        if arrived == size or not node.has_revision:
            self.cloud.write(node.cloud_path, bytes(node.content[:arrived]))
        node.has_revision |= arrived == size
        return arrived == size
