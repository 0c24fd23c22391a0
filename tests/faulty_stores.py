"""Real stores for tests: one in memory, and ones that fail at the call of a given number or damage what they write."""

from __future__ import annotations

import io

from colab_save.errors import NotFoundError
from colab_save.stores.base import Store, UploadState, check_key
from colab_save.stores.local import LocalStore


class MemoryStore(Store):
    """Keys in a dict: no local path, and `move` as every store has it."""

    kind = "memory"
    location = "memory"

    def __init__(self):
        self.content = {}

    def put(self, key, source, on_bytes):
        content = source.read_bytes()
        self.content[str(check_key(key))] = content
        on_bytes(len(content))

    def get(self, key):
        if key not in self.content:
            raise NotFoundError(f"There is no {key}.", "Look at keys().")
        return io.BytesIO(self.content[key])

    def keys(self, folder=""):
        prefix = f"{folder}/" if folder else ""
        below = [key.removeprefix(prefix) for key in self.content if key.startswith(prefix)]
        return sorted({name.partition("/")[0] + "/" * ("/" in name) for name in below})

    def delete(self, key):
        self.content.pop(key, None)

    def flush(self):
        return UploadState.DONE


class SlowMemoryStore(MemoryStore):
    """Keeps nothing for sure but what a test says.

    Attributes:
        uploaded: The beginnings of the keys that are known to be kept.
    """

    uploaded = ()

    def upload_state(self, keys):
        return UploadState.DONE if all(key.startswith(tuple(self.uploaded)) for key in keys) else UploadState.UNKNOWN


class Faulty:
    """Mixed into a store: notes each call, and fails at the one that is asked for.

    Attributes:
        calls: Each call since `arm`, as the method and the key.
    """

    calls = ()
    _at = None

    def arm(self, at=None, error=None, *, is_late=False, for_ever=False):
        """Fail at the call of that number, before or after it is done, and for ever at all that follow too."""
        self.calls, self._at, self._error, self._is_late, self._for_ever = [], at, error, is_late, for_ever

    def disarm(self):
        self._at = None

    def _run(self, name, key, *arguments):
        number = len(self.calls)
        self.calls = [*self.calls, (name, key)]
        is_the_one = self._at is not None and number == self._at
        if (is_the_one and not self._is_late) or (self._at is not None and self._for_ever and number > self._at):
            raise self._error
        result = getattr(super(), name)(key, *arguments)
        if is_the_one:
            raise self._error
        return result

    def put(self, key, source, on_bytes):
        self._run("put", key, source, on_bytes)

    def get(self, key):
        return self._run("get", key)

    def keys(self, folder=""):
        return self._run("keys", folder)

    def delete(self, key):
        self._run("delete", key)

    def delete_folder(self, folder):
        self._run("delete_folder", folder)

    def move(self, key, to):
        self._run("move", key, to)


class FaultyLocalStore(Faulty, LocalStore):
    pass


class FaultyMemoryStore(Faulty, MemoryStore):
    pass


class DamagingStore(MemoryStore):
    """Flips a bit of the last byte of every key that ends so: a disk that lies."""

    def __init__(self, ending):
        super().__init__()
        self.ending = ending

    def put(self, key, source, on_bytes):
        super().put(key, source, on_bytes)
        if key.endswith(self.ending):
            self.content[key] = self.content[key][:-1] + bytes([self.content[key][-1] ^ 1])
