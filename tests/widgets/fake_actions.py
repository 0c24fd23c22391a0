"""A panel in a real IPython, over fake actions that record their calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.manifest import FileFacts, Manifest, Payload
from colab_save.artifact.round_trip import Aspect, Outcome, RoundTrip, Verdict
from colab_save.errors import NotFoundError, RoundTripError
from colab_save.progress import Stage, Step
from colab_save.reports.listing import Listing
from colab_save.reports.pending import Pending
from colab_save.reports.report import LoadReport, SaveReport
from colab_save.reports.viewed import Viewed
from colab_save.stores.base import UploadState
from colab_save.stores.drive.drive_state import DriveState, Mounted
from colab_save.viewing.inside import Inside
from colab_save.widgets.board import Panel
from colab_save.widgets.machine import make_runner

VERSION = "20260822T101530Z-3fa2"


def trip(outcome=Outcome.PASSED):
    return RoundTrip("keras", {aspect: Verdict(outcome) for aspect in Aspect})


def manifest(name="cats", version=VERSION, outcome=Outcome.PASSED, size=1_000, **more):
    """A version of a name, with one payload."""
    created = f"{version[:4]}-{version[4:6]}-{version[6:8]}T10:15:30Z"
    file = FileFacts("model.keras", size, "0" * 64)
    facts = ModelFacts("keras", "Model")
    return Manifest(name, version, created, (Payload("keras", file.path),), (file,), facts, (trip(outcome),), **more)


class Model:
    """Stands for `keras.Model`, which the loaded module named ``keras`` says is a model."""


@dataclass
class FakeActions:
    """Actions that record their calls and return what is set here.

    Attributes:
        saved: The versions of the store.
        mounted: The state of Drive.
        steps: The steps that an action reports; a callable among them is called.
        error: The error that the next action raises.
        unsafe: The pending saves.
        unlisted: The error that a listing raises.
    """

    saved: list = field(default_factory=list)
    mounted: Mounted = Mounted.ABSENT
    steps: list = field(default_factory=list)
    error: Exception | None = None
    asked: list = field(default_factory=list)
    waiting: list = field(default_factory=list)
    unsafe: list = field(default_factory=list)
    unlisted: Exception | None = None
    inside: Inside = field(default_factory=lambda: Inside(manifest()))
    variables: dict = field(default_factory=dict)
    is_patient: bool = False
    start_with: Callable = lambda work, tick: work()

    def save(self, request, on_step):
        self.asked.append(("save", request))
        self._work(on_step)
        made = manifest(request.target or "model")
        self.saved.append(made)
        return SaveReport(made, f"models/{made.name}/{VERSION}", "local", UploadState.DONE, f"%loadmodel {made.name}")

    def load(self, request, on_step):
        self.asked.append(("load", request))
        self._work(on_step)
        beside = {"variables": self.variables, "is_trusted": True}
        return LoadReport(Model(), request.target, "models", "keras", trip(), manifest(), **beside)

    def _work(self, on_step):
        for step in self.steps or [Step(Stage.RESOLVE)]:
            step() if callable(step) else on_step(step)
        if self.error is not None:
            error, self.error = self.error, None
            raise error

    def list_saved(self, pattern, source):
        self.asked.append(("list", source))
        if self.unlisted is not None:
            raise self.unlisted
        return Listing("models", "local", tuple(self.saved))

    def change(self, what):
        def ask(target, source, **more):
            self.asked.append((what, target, source, *more.values()))
            if self.error is not None:
                error, self.error = self.error, None
                raise error
            kept = [item for item in self.saved if f"{item.name}@{item.version}" != target]
            gone = [item for item in self.saved if item not in kept]
            self.saved = kept if what == "delete" else self.saved
            return gone[0] if gone else None

        return ask

    def compare(self, first, second, source):
        self.asked.append(("compare", first, second, source))
        return Listing("compared", "local", ())

    def netron(self, target, source, on_step):
        self.asked.append(("netron", target, source))
        self._work(on_step)
        return Viewed(target, "open in Netron", {"": "http://127.0.0.1:8080"}, ("stop it", "netron.stop()"))

    def log(self, target, source, on_step):
        self.asked.append(("log", target, source))
        self._work(on_step)
        return Viewed(
            target, "written for TensorBoard", {"": "logs/cats"}, ("see it", "%tensorboard --logdir logs/cats")
        )

    def show_logs(self, logs):
        self.asked.append(("show logs", logs.where[""]))
        self._work(lambda step: None)

    def inspect(self, target, source, on_step):
        self.asked.append(("inspect", target, source))
        self._work(on_step)
        return self.inside

    def mount(self):
        self.asked.append(("mount",))
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.mounted = Mounted.YES

    def start(self, work, tick):
        """Run work at once, or keep it until `go`."""
        if self.is_patient:
            self.waiting.append(work)
        else:
            self.start_with(work, tick)

    def go(self):
        """Run what is waiting."""
        waiting, self.waiting = self.waiting, []
        for work in waiting:
            work()

    def of(self, what):
        """The requests of one kind."""
        return [asked[1] for asked in self.asked if asked[0] == what]

    @property
    def runner(self):
        stand_ins = {name: getattr(self, name) for name in ("save", "load", "inspect", "netron", "compare", "mount")}
        stand_ins |= {name: self.change(name) for name in ("tag", "delete", "restore")}
        stand_ins |= {"list": self.list_saved, "verify": self.load, "write_logs": self.log, "start": self.start}
        stand_ins |= {
            "samples_for": lambda model, variables: [name for name in variables if name.startswith("x")],
            "show_logs": self.show_logs,
            "drive": lambda: DriveState(self.mounted),
            "pending": lambda: Pending(tuple(self.unsafe)),
            "is_on_drive": lambda location: location == "drive" or (location is None and self.is_colab),
        }
        return make_runner(stand_ins)

    @property
    def is_colab(self):
        return self.mounted is not Mounted.ABSENT


REFUSED = RoundTripError("What came back differs.\nIn two lines.", "Try this.\nOr that.")
MISSING = NotFoundError("There is no 'cast' in models.", "Did you mean 'cats'?")


def panel_in(shell, fake):
    return Panel(shell, fake.runner)
