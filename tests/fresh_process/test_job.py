from __future__ import annotations

import json

import pytest

from colab_save.artifact.manifest import SampleFacts
from colab_save.fresh_process.job import JoinJob, OpenJob, ReloadJob, read_job, to_line
from colab_save.model.repairing import Record
from tests.making import facts

PATHS = {"payload": "a/model.keras", "sample": "a/sample.npz", "answer": "b.npz", "custom_code": "a/custom_code.py"}
JOBS = [
    ReloadJob("keras", sample_facts=SampleFacts("sample.npz"), record=Record.of(facts()), dialect="keras", **PATHS),
    JoinJob("a", "b", custom_code="a/custom_code.py", extras="a/extras"),
    OpenJob("h5", "old.h5", 4 << 30, is_safe=False),
]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_a_job_is_read_as_it_was_written(job):
    assert job == read_job(to_line(job))


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_a_job_is_one_line(job):
    assert "\n" not in to_line(job)


def test_a_job_without_what_it_needs_is_none():
    with pytest.raises(ValueError, match="memory is missing"):
        read_job(json.dumps({"kind": "open", "job": {"format": "h5", "payload": "old.h5"}}))
