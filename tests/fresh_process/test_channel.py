"""Lines over a connection whose other side may be busy, or gone."""

from __future__ import annotations

import os
import socket

import pytest

from colab_save.fresh_process.channel import Channel


@pytest.fixture
def ends():
    """Both ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(10)
        yield ours, theirs


def test_a_line_that_the_other_side_does_not_take_yet_is_sent_while_an_answer_is_awaited(ends):
    ours, theirs = ends
    channel, taken = Channel(ours), 0
    channel.send("x" * 2_000_000)
    while taken < 2_000_001:
        with pytest.raises(TimeoutError):
            channel.receive(0.001)
        taken += len(theirs.recv(1 << 20))


def test_a_line_to_a_side_that_has_ended_is_no_error(ends):
    ours, theirs = ends
    theirs.close()
    channel = Channel(ours)
    channel.send("x")
    assert channel.receive(10) is None


def test_closing_it_ends_the_connection_although_a_fork_has_a_copy(ends):
    ours, theirs = ends
    copy = os.dup(ours.fileno())
    Channel(ours).close()
    assert b"" == theirs.recv(1)
    os.close(copy)
