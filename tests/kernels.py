"""A real Jupyter kernel, asked as a notebook's front end asks: one cell, or all cells at once."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import os
import time
from dataclasses import dataclass, field
from typing import Any

ENDED = "idle"


@dataclass
class Cell:
    """What one cell showed.

    Attributes:
        status: "ok", "error", or "aborted" when the cell before it failed.
        outputs: The messages' contents, with their type under "type".
    """

    status: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def of_type(self, *types):
        """The outputs of these types: "stream", "error", "display_data", "execute_result"."""
        return [output for output in self.outputs if output["type"] in types]

    @property
    def printed(self):
        """What was written to the cell's standard output."""
        return "".join(output["text"] for output in self.of_type("stream") if output["name"] == "stdout")

    @property
    def shown(self):
        """The MIME bundle that the cell shows last; a progress bar may stand before it."""
        return self.of_type("display_data", "execute_result")[-1]["data"]

    @property
    def text(self):
        """All that the cell shows, without its pictures."""
        return "\n".join(
            output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in self.outputs
        )

    @property
    def errors(self):
        return self.of_type("error")


class Kernel:
    """A kernel and its client."""

    def __init__(self, client):
        self.client = client

    def run(self, text, seconds=240, is_kept=True):
        """Run one cell, which the notebook's history keeps or never sees."""
        return self.run_all([text], seconds, is_kept)[0]

    def run_all(self, texts, seconds=240, is_kept=True):
        """Send all cells at once, as *Run all* does, and give what each showed."""
        execute = self.client.execute
        cells = {execute(text, store_history=is_kept, stop_on_error=True): Cell() for text in texts}
        end = time.monotonic() + seconds
        self._listen(set(cells), cells, end)
        while not all(cell.status for cell in cells.values()):
            reply = self.client.get_shell_msg(timeout=max(1, end - time.monotonic()))
            cell = cells.get(reply["parent_header"].get("msg_id"), Cell())  # or what was asked while it started
            cell.status = reply["content"]["status"]
        self._await_turn(end)
        return list(cells.values())

    def _await_turn(self, end):
        """Wait until the kernel has taken a turn of its loop, as it has long before a person runs the next cell.

        After a cell that failed, ipykernel 6.17 aborts whatever arrives until then, and not only what waited behind it
        (``_abort_queues``). It answers this question in any case, and no cell that is sent later is aborted.
        """
        self.client.kernel_info(reply=True, timeout=max(1, end - time.monotonic()))

    def _listen(self, open_cells, cells, end):
        while open_cells:
            message = self.client.get_iopub_msg(timeout=max(1, end - time.monotonic()))
            asked, content = message["parent_header"].get("msg_id"), message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == ENDED:
                open_cells.discard(asked)
            elif asked in cells and message["msg_type"] in ("stream", "error", "display_data", "execute_result"):
                cells[asked].outputs.append({"type": message["msg_type"], **content})


@functools.cache
def event_loop():
    """The loop that clients of kernels use: jupyter_client 7.4 makes one and leaves it open when another is set."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


@contextlib.contextmanager
def started(folder, environment=None):
    """Start a kernel of this Python in a folder, and end it."""
    from jupyter_client.manager import KernelManager

    asyncio.set_event_loop(event_loop())
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env={**os.environ, **(environment or {})})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
