"""What is attempted where a format cannot write one of several models; without TensorFlow."""

from __future__ import annotations

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.round_trip import Outcome
from colab_save.artifact.sample import Sample
from colab_save.collections.extras import Extras
from colab_save.collections.splitting import Division
from colab_save.custom_code.growing import Supply
from colab_save.errors import FormatError
from colab_save.format_table import FORMATS
from colab_save.formats.base import Format
from colab_save.fresh_process.process import Verifier
from colab_save.model.configs import Configs
from colab_save.progress import Clock, ignore_steps
from colab_save.saving.attempts import attempt
from colab_save.saving.deciding import decide
from colab_save.saving.examining import Examined, Subject
from colab_save.saving.plan import Choice, Destination, Label, Plan, ProofRules, Upload
from colab_save.stores.local import LocalStore


class Writer(Format):
    """Writes an empty payload of each model but those that it is given."""

    opening = ""

    def __init__(self, name, *refused):
        super().__init__(FORMATS[name])
        self.refused = refused

    def refusal(self, model):
        return ""

    def save(self, model, folder, sample, options):
        if model in self.refused:
            raise FormatError("Keras said no.", "Change it.")
        (folder / self.payload).touch()
        return ()

    def load(self, path, context):
        raise NotImplementedError

    def run(self, model, sample):
        raise NotImplementedError


def attempted(folder, plugs, parts):
    """The attempts of a save without verification of one model in each part."""
    subjects = tuple(
        Subject(name, name, ModelFacts("keras", "Model"), Sample(None, None, None), Configs([])) for name in parts
    )
    plan = Plan(
        Division({name: name for name in parts}),
        Extras(),
        None,
        Choice(tuple((plug,) for plug in plugs), {plug.name: None for plug in plugs}, {}, is_automatic=True),
        Destination(LocalStore(folder / "store"), "cats"),
        ProofRules(is_verified=False, is_forced=False, is_strict=False, rtol=None, atol=None, timeout=1.0),
        Label((), "", {}),
        None,
        Upload(wait=False, flush=False),
    )
    with Verifier(is_used=False) as verifier:
        return attempt(plan, Examined(subjects, None, Supply([])), verifier, folder, Clock(ignore_steps))


def test_where_a_format_cannot_write_one_model_each_part_has_failed_in_it(tmp_path):
    made = attempted(tmp_path, [Writer("keras", "b"), Writer("saved_model")], "ab")
    assert ["a keras", "b keras"] == [trip.label for trip in made[0].trips if trip.outcome is Outcome.FAILED]
    assert {"Keras said no."} == {each.reason for trip in made[0].trips for each in trip.verdicts.values()}


def test_what_one_format_cannot_write_is_published_in_another_in_part(tmp_path):
    decision = decide(attempted(tmp_path, [Writer("keras", "b"), Writer("saved_model")], "ab"), is_automatic=True)
    assert (["a saved_model", "b saved_model"], ["a keras", "b keras"]) == (
        [trip.label for trip in decision.trips],
        [trip.label for trip in decision.given_up],
    )


def test_what_no_format_can_write_is_refused(tmp_path):
    made = attempted(tmp_path, [Writer("keras", "b"), Writer("saved_model", "a")], "ab")
    assert None is decide(made, is_automatic=True)
