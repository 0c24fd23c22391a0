"""Calls of a remote store's client: interrupted at any moment they end, and the notebook's random state stays."""

from __future__ import annotations

import asyncio
import random
import sys
from types import SimpleNamespace

import fsspec.asyn
import pytest

from colab_save.stores.remote import calling
from colab_save.stores.remote.calling import Caller, Patience

QUICK = Patience(pause=0.001)


class Slow:
    """A client whose only call takes a moment, and notes that it has come to its end."""

    async_impl = True

    def __init__(self):
        self.loop = fsspec.asyn.get_loop()
        self.ended = 0

    async def _put_file(self):
        await asyncio.sleep(0.02)
        self.ended += 1
        return "sent"


def interrupted(number, function):
    """Call a function, with Ctrl-C at the line of `calling` that is the n-th to run; return whether it had so many."""
    left = [number]

    def trace(frame, event, _):
        if frame.f_code.co_filename != calling.__file__:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_a_call_that_is_interrupted_at_any_line_goes_no_further():
    client, number = Slow(), 1
    while interrupted(number, lambda: Caller(client, QUICK).call("put_file")):
        then = client.ended
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), client.loop).result()
        assert (number, then) == (number, client.ended)
        number += 1
    assert number > 20


def test_repeating_a_call_draws_from_no_generator_of_the_notebook():
    errors = [ConnectionResetError(104, "reset")] * 3
    client = SimpleNamespace(async_impl=False, put_file=lambda: errors and _raise(errors.pop()))
    before = random.getstate()
    Caller(client, QUICK).call("put_file")
    assert (before, []) == (random.getstate(), errors)


def _raise(error):
    raise error


@pytest.mark.parametrize("number", [0, 2])
def test_a_call_waits_longer_each_time(number, monkeypatch):
    pauses = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    client = SimpleNamespace(async_impl=False, put_file=lambda: _raise(TimeoutError("late")))
    caller = Caller(client, Patience(pause=0.01, attempts=number + 2))
    with pytest.raises(TimeoutError):
        caller.call("put_file")
    assert 0.01 * 2**number <= pauses[number] <= 0.01 * (2**number + 1)
