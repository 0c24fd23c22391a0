"""Read a flatbuffer from untrusted bytes: every offset is checked before it is followed.

`litert` reads its tables with this. The layout is in flatbuffers.dev/internals: a table begins with the distance to its
vtable, which has the place of each field or 0; vectors and texts begin with their length.
"""

# Why by hand: TensorFlow's interpreter reads such files in C++, where a damaged one ends the process, and the Python
# classes of the package flatbuffers verify nothing before they follow an offset and read without a bound. A few
# functions that check each offset and count what they read are all that it takes.

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from colab_save.inspecting.limits import MAX_PARTS


@dataclass
class Buffer:
    """A flatbuffer, and how much of it may still be read.

    Attributes:
        data: Its bytes.
        left: How many parts may still be read, so that reading tables that refer to each other in a circle ends.
    """

    data: bytes
    left: int = field(default=MAX_PARTS)

    def root(self) -> Table:
        """Return the root table."""
        return Table(self, self.number(0, "<I"))

    def take(self, at: int, size: int, parts: int = 1) -> bytes:
        """Return bytes.

        Raises:
            ValueError: They lie outside the buffer, or too many parts were read already.
        """
        self.left -= parts
        if self.left < 0:
            raise ValueError(f"it has more than {MAX_PARTS:,} parts")
        self.check(at, size)
        return self.data[at : at + size]

    def check(self, at: int, size: int) -> None:
        """Check that bytes lie inside the buffer.

        Raises:
            ValueError: They do not.
        """
        if at < 0 or at + size > len(self.data):
            raise ValueError(f"it refers to byte {at + size:,}")

    def number(self, at: int, kind: str) -> int:
        """Return a number.

        Args:
            at: Its position.
            kind: Its format for `struct`.
        """
        value: int = struct.unpack(kind, self.take(at, struct.calcsize(kind)))[0]
        return value


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a flatbuffer; its fields have numbers, and a missing one has a default."""

    buffer: Buffer
    at: int

    def number(self, field: int, kind: str = "<I") -> int:
        """Return a number; 0 by default."""
        at = self._place(field)
        return self.buffer.number(at, kind) if at else 0

    def text(self, field: int) -> str:
        """Return a text; empty by default."""
        at, size = self.vector(field)
        return self.buffer.take(at, size).decode("utf-8", "replace")

    def numbers(self, field: int) -> tuple[int, ...]:
        """Return a vector of 32-bit numbers."""
        at, count = self.vector(field, 4)
        return struct.unpack(f"<{count}i", self.buffer.take(at, 4 * count, count))

    def tables(self, field: int) -> Iterator[Table]:
        """Yield the tables of a vector."""
        at, count = self.vector(field, 4)
        for place in range(at, at + 4 * count, 4):
            yield Table(self.buffer, place + self.buffer.number(place, "<I"))

    def vector(self, field: int, width: int = 1) -> tuple[int, int]:
        """Return the position and the length of a vector, whose elements lie inside the buffer.

        Args:
            field: The number of the field.
            width: The bytes of an element.
        """
        at = self._place(field)
        if not at:
            return 0, 0
        at += self.buffer.number(at, "<I")
        count = self.buffer.number(at, "<I")
        self.buffer.check(at + 4, count * width)
        return at + 4, count

    def _place(self, field: int) -> int:
        """Return the position of a field; 0 if the table does not have it."""
        vtable = self.at - self.buffer.number(self.at, "<i")
        entry = 4 + 2 * field
        offset = self.buffer.number(vtable + entry, "<H") if entry < self.buffer.number(vtable, "<H") else 0
        return self.at + offset if offset else 0
