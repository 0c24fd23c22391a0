"""The table of measures: what each one is, of which model, its unit and its goal.

Goals are shown beside the figures and never asserted: they hold on a quiet machine, and a slow one is no bug.
"""

from __future__ import annotations

from dataclasses import dataclass

SESSION = {
    "first": ("first proven save of a session", "s"),
    "second": ("second proven save of a session", "s"),
    "second_to_first": ("second proven save ÷ first", ""),
    "first_to_keras": ("first proven save of a session ÷ Keras's save and load", ""),
    "new_to_keras": ("later proven save of a new name ÷ Keras's save and load", ""),
    "again_to_keras": ("later proven save of the same name ÷ Keras's save and load", ""),
    "load": ("load, verified", "s"),
    "load_to_keras": ("load, verified ÷ Keras's load", ""),
    "proof_to_keras": ("proof within a later save of the same name ÷ Keras's load", ""),
    "keras": ("Keras's save and load: `model.save` and `keras.saving.load_model`", "s"),
    "files": ("files in the store for each save", ""),
}
"""What a session with a model measures, by name: its title and its unit."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table.

    Attributes:
        name: The name of its benchmark and its own, as in ``demo.first``.
        title: What is measured.
        subject: The model that is measured with; empty if there is none.
        unit: The unit of its values; empty for a ratio or a number.
        goal: The most that it should be; ``None`` for a figure that others are compared with.
    """

    name: str
    title: str
    subject: str = ""
    unit: str = ""
    goal: float | None = None

    @property
    def benchmark(self) -> str:
        """Return the name of the benchmark that yields its values."""
        return self.name.partition(".")[0]


def session(model: str, subject: str, **goals: float) -> tuple[Measure, ...]:
    """Return the measures of a session with a model."""
    assert goals.keys() <= SESSION.keys(), goals
    return tuple(
        Measure(f"{model}.{name}", title, subject, unit, goals.get(name)) for name, (title, unit) in SESSION.items()
    )


MEASURES = (
    Measure("extension.load", "`%load_ext colab_save`, no TensorFlow", unit="ms", goal=50),
    *session("demo", "the demo's", second=0.5, second_to_first=0.08, load_to_keras=1.3, files=4),
    *session("dense", "dense 100 MB", again_to_keras=1.3, load_to_keras=1.3, files=4),
    *session(
        "resnet50", "ResNet50", new_to_keras=6, again_to_keras=1.3, load_to_keras=1.3, proof_to_keras=1.5, files=4
    ),
    Measure("staging.dense", "staging one `.keras` ÷ raw write", "dense 100 MB", goal=2.5),
    Measure("staging.dense_keras", "`model.save` ÷ raw write", "dense 100 MB"),
    Measure("staging.resnet50", "staging one `.keras` ÷ raw write", "ResNet50", goal=8),
    Measure("staging.resnet50_keras", "`model.save` ÷ raw write", "ResNet50"),
    Measure("examining.dense", "examining, digests included", "dense 1 GB", "s/GB", 1.3),
    Measure("examining.dense_to_sha256", "examining ÷ SHA-256 of the same bytes alone", "dense 1 GB"),
    Measure("examining.dense_memory", "peak extra memory of examining ÷ weights", "dense 1 GB"),
    Measure("examining.layers", "examining, for each variable", "250 layers", "ms"),
    Measure("memory.keras", "peak extra memory of `model.save` ÷ weights", "dense 1 GB"),
    Measure("memory.save", "peak extra memory of a save, without the fresh process ÷ weights", "dense 1 GB", goal=0.3),
    Measure("low_machine.save", "the same with the fresh process, on a full machine", "dense 2 GB", goal=1.5),
    Measure("low_container.save", "the same with the fresh process, in a full container", "dense 2 GB", goal=1.5),
    Measure("panel.first", "the panel, first", "30 models", "ms", 300),
    Measure("panel.again", "the panel, again", "30 models", "ms", 300),
    Measure("listing.first", "500 versions in the panel, first", unit="s"),
    Measure("listing.again", "500 versions in the panel, again", unit="s", goal=1),
    Measure("listing.list_models", "500 versions listed by `list_models`", unit="s", goal=1),
)
"""Every measure, in the order of the table."""
