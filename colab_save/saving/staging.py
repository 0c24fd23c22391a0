"""Stage a save: write payloads, samples, custom code and extras to a folder on the local disk.

`attempts` calls `stage` for each set of formats; `proving` proves the stage, and it is published from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from colab_save.artifact.collection import write_collection
from colab_save.artifact.layout import EXTRAS
from colab_save.artifact.manifest import SampleFacts
from colab_save.artifact.sample import FILE, Sample, write_arrays
from colab_save.collections.extras import write_extras
from colab_save.custom_code.captured import classes_by_name, functions_by_name
from colab_save.formats.base import Format
from colab_save.hints import literal
from colab_save.model.state_file import write_state
from colab_save.sampling.guarding import untouched
from colab_save.saving.examining import Examined
from colab_save.saving.plan import Plan
from colab_save.saving.searching import check_payload
from colab_save.taking import in_words


@dataclass(frozen=True, slots=True)
class Staged:
    """What has been written on the local disk.

    Attributes:
        folder: The folder with all files except the README and the manifest.
        formats: The formats of its payloads.
        samples: The sample of each part; empty if the stage could not be written.
        notes: Notes for the user, one sentence each.
        is_plain: Whether its payload will lie at a place of its own, and not beside the other files.
    """

    folder: Path
    formats: tuple[Format, ...]
    samples: Mapping[str, SampleFacts]
    notes: tuple[str, ...] = ()
    is_plain: bool = False


def stage(plan: Plan, examined: Examined, formats: tuple[Format, ...], folder: Path) -> Staged:
    """Write the payloads, the samples and the custom code to a folder on the local disk.

    Raises:
        FormatError: A format cannot write a model.
        OSError: The disk reported an error.
    """
    samples: dict[str, SampleFacts] = {}
    notes: dict[str, None] = {}
    code, collection = examined.custom.code, examined.collection
    for subject in examined.subjects:
        own = folder / subject.name
        own.mkdir(exist_ok=True)
        described = describe_sample(own / FILE, subject.sample)
        samples[subject.name] = replace(described, rtol=plan.rules.rtol, atol=plan.rules.atol)
        names = {id(value): name for name, value in code.objects.items()}
        with untouched(subject.model), functions_by_name(code), classes_by_name(code):
            for plug in formats:
                how = subject.configs.written(names) if plug.is_remade else subject.configs.whole()
                with how:
                    more = plug.save(subject.model, own, subject.sample, plan.choice.options[plug.name])
                check_payload(plug, own / plug.payload)
                notes |= dict.fromkeys(more)
            if not all(plug.is_program for plug in formats):
                write_state(own, subject.model, subject.beside)
        notes |= dict.fromkeys(subject.configs.notes)
        notes |= dict.fromkeys(map(literal, in_words(subject.facts.remarks)))
        notes |= dict.fromkeys(subject.sample.notes)
    examined.custom.write(folder)
    write_extras(folder / EXTRAS, plan.extras)
    notes |= dict.fromkeys(map(literal, plan.extras.notes))
    if collection:
        write_collection(folder, collection)
        notes |= dict.fromkeys(map(literal, collection.notes))
    return Staged(folder, formats, samples, tuple(notes), is_plain=bool(plan.destination.key))


def describe_sample(file: Path, sample: Sample) -> SampleFacts:
    """Write a sample to a file, and return what is in it."""
    passes = [{"inputs": each.inputs, "outputs": each.outputs} for each in sample.passes]
    written = write_arrays(file, inputs=sample.inputs, outputs=sample.outputs, passes=passes)
    structures = [item["dict"] for item in written["passes"]["list"]]
    return SampleFacts(
        FILE,
        written["inputs"],
        written["outputs"],
        is_random=sample.is_random,
        is_seeded=sample.is_seeded,
        is_by_place=True,
        passes=tuple(replace(each, **known) for each, known in zip(sample.passes, structures, strict=True)),
    )
