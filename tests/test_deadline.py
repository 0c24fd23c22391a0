"""Giving up calls that may never return."""

from __future__ import annotations

import threading
import time

import pytest

from colab_save.deadline import alive, within


def test_the_result_is_returned():
    assert 7 == within(1, lambda: 7)


def test_what_the_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        within(1, lambda: 1 // 0)


def test_work_without_a_sign_of_life_is_given_up_in_time():
    released = threading.Event()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.05, released.wait)
    released.set()
    assert time.monotonic() - start < 5


def test_work_that_lives_may_take_longer():
    def work():
        for _ in range(7):
            time.sleep(0.05)
            alive()
        return "done"

    assert "done" == within(0.3, work)


def test_a_call_is_made_in_the_thread_that_waits():
    threads = []
    within(1, lambda: alive(lambda: threads.append(threading.current_thread())))
    assert [threading.current_thread()] == threads


def test_a_call_outside_of_such_work_is_simply_made():
    made = []
    alive(lambda: made.append(1))
    assert [1] == made


def test_what_a_call_raises_ends_the_work_which_cleans_up_first():
    steps = []

    def work():
        try:
            alive(lambda: 1 // 0)
            steps.append("went on")
        finally:
            alive()
            steps.append("cleaned up")

    with pytest.raises(ZeroDivisionError):
        within(1, work)
    assert ["cleaned up"] == steps


def test_work_that_was_given_up_stops_at_its_next_sign_of_life():
    released, ended, steps = threading.Event(), threading.Event(), []

    def work():
        released.wait()
        try:
            alive()
            steps.append("went on")
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        within(0.05, work)
    released.set()
    assert ended.wait(5)
    assert [] == steps
