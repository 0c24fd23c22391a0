"""The demo: train a small network on real data, save it twice, load it in a new process, and compare the accuracies.

`colab-save demo` calls `run_demo`, which starts this module again as the new process. That one knows only the name: it
loads the model from its store and prints its accuracy.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace

from colab_save.artifact.round_trip import Outcome
from colab_save.errors import MissingPackageError, RoundTripError
from colab_save.frontends.languages import TERMINAL, entered
from colab_save.hints import pip
from colab_save.loading.pipeline import load
from colab_save.progress import ProgressBar
from colab_save.quieting import quiet_start
from colab_save.reports.card import Card, Shown
from colab_save.reports.report import SaveReport
from colab_save.request.request import LoadRequest, SaveRequest
from colab_save.saving.pipeline import save
from colab_save.types import Array, Json, Model

NAME = "digits"
"""The artifact's name, for ``%loadmodel digits`` afterwards."""

ACCURACY = "Accuracy on the test images in the new process:"
"""The words before the accuracy in the output of the new process; the number follows in full precision."""


@dataclass(frozen=True, slots=True)
class Digits:
    """The 1,797 handwritten digits that ship with scikit-learn, 1,437 of them for training.

    Attributes:
        train_images: Pixels from 0 to 1, float32, shape (1437, 8, 8, 1).
        train_labels: The digits, shape (1437,).
        test_images: Pixels of the images that training does not use, float32, shape (360, 8, 8, 1).
        test_labels: Their digits, shape (360,).
    """

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array


@dataclass(frozen=True, slots=True)
class Demonstration(Shown):
    """The result of the demo.

    Attributes:
        report: The report of the first save.
        again: The report of the second save, which is the one that the new process loaded.
        before: The accuracy of the trained model.
        after: The accuracy of the model that the new process loaded.
    """

    report: SaveReport
    again: SaveReport
    before: float
    after: float

    @property
    def is_proven(self) -> bool:
        """Return whether every aspect of both saves has passed and both accuracies are equal."""
        return is_whole(self.report) and is_whole(self.again) and self.before == self.after

    def card(self) -> Card:
        """Return the card of the first save, with the time of the second and both accuracies."""
        card = self.report.card()
        accuracies = {"accuracy on the test images": f"{self.before!r}", "after": f"{self.after!r}"}
        return replace(card, facts={**card.facts, "time, second save": f"{self.again.duration:.1f} s", **accuracies})

    def __str__(self) -> str:
        verdict = "The same model came back." if self.is_proven else "The model that came back is not the same."
        return (
            f"Accuracy on the test images before the save:    {self.before!r}\n"
            f"{verdict} The metrics in the report are of the training images."
        )

    def to_json(self) -> dict[str, Json]:
        """Return the fields of both reports as ``save`` and ``second_save``, and both accuracies."""
        return {
            "save": self.report.to_json(),
            "second_save": self.again.to_json(),
            "accuracy_before": self.before,
            "accuracy_after": self.after,
            "is_proven": self.is_proven,
        }


def run_demo(to: str | None = None) -> Demonstration:
    """Train, save twice and reload in a new process, and print the reports of the first save and of the load.

    Args:
        to: The store. Default: the store in the settings, else Drive in Colab, ``./models`` elsewhere.

    Raises:
        MissingPackageError: scikit-learn is not installed.
        RoundTripError: The new process could not load the model.
    """
    digits = load_digits()
    print(f"Training a small convolutional network on {len(digits.train_labels)} handwritten digits …", flush=True)
    model = train(digits)
    before = accuracy(model, digits)
    request = SaveRequest(model, NAME, to=to, sample=digits.test_images[:8])
    with ProgressBar() as bar:
        report = save(request, bar)
    print(f"\n{report}\n\nSaving it again …", flush=True)
    with ProgressBar() as bar:
        again = save(request, bar)
    print(f"{again.outcome} in {again.duration:.1f} s; the first save took {report.duration:.1f} s.")
    print("\nLoading it in a new process …", flush=True)
    return Demonstration(report, again, before, reload(f"{NAME}@{again.manifest.version}", to))


def load_digits() -> Digits:
    """Read the digits that ship with scikit-learn; nothing is downloaded.

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingPackageError(
            "The demo trains on scikit-learn's digits, and scikit-learn is not installed.", pip("scikit-learn")
        ) from error
    images, labels = datasets.load_digits(return_X_y=True)
    images = (images / 16).astype("float32").reshape(-1, 8, 8, 1)
    return Digits(images[:1437], labels[:1437], images[1437:], labels[1437:])


def train(digits: Digits) -> Model:
    """Train a small convolutional network for a few seconds."""
    import keras

    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        name=NAME,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(digits.train_images, digits.train_labels, epochs=10, verbose=0)
    return model


def accuracy(model: Model, digits: Digits) -> float:
    """Return the share of the test images that a model classifies correctly, from 0 to 1."""
    guesses = model.predict(digits.test_images, verbose=0).argmax(axis=-1)
    return float((guesses == digits.test_labels).mean())


def is_whole(report: SaveReport) -> bool:
    """Return whether every aspect of every payload has passed; one that the format does not hold counts as missing."""
    trips = report.manifest.round_trips
    return all(verdict.outcome is Outcome.PASSED for trip in trips for verdict in trip.verdicts.values())


def reload(target: str, source: str | None) -> float:
    """Load the model in a new process, print its output, and return the accuracy in it.

    Raises:
        RoundTripError: The new process failed.
    """
    command = [sys.executable, "-m", "colab_save.frontends.demo", target, *([source] if source else [])]
    # On the CPU, since the trained model may have taken all of the GPU's memory.
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, timeout=600, check=False)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        raise RoundTripError(f"The new process could not load {target}.", "Its output above says why.")
    return float(done.stdout.rpartition(ACCURACY)[2])


def main(target: str, source: str | None = None) -> int:
    """Load the model in the new process, print report and accuracy, and return 0 if the model is proven, else 1."""
    quiet_start()
    with entered(TERMINAL):
        with ProgressBar() as bar:
            report = load(LoadRequest(target, source=source), bar)
        print(f"{report}\n\n{ACCURACY} {accuracy(report.model, load_digits())!r}")
    return 0 if report.is_proven else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
