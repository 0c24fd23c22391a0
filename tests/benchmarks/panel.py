"""How long the panel takes to appear in a notebook of many models, and 500 versions to be listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.models import dense
from tests.benchmarks.timing import rounds, seconds

VERSIONS = 500


def show_panel(*, is_small: bool) -> Iterator[tuple[str, float]]:
    """Yield milliseconds of the first panel of a notebook with 30 models, and of later ones."""
    import ipywidgets  # noqa: F401 - the frontend's, and there before the panel
    from IPython.core.interactiveshell import InteractiveShell

    import colab_save

    names = InteractiveShell.instance().user_ns
    names |= {f"model_{number}": dense(8, 10) for number in range(3 if is_small else 30)}
    yield "first", 1000 * seconds(colab_save.panel)
    for _ in rounds(is_small=is_small):
        yield "again", 1000 * seconds(colab_save.panel)


def list_versions(*, is_small: bool) -> Iterator[tuple[str, float]]:
    """Yield seconds of the first listing of 500 versions in the panel, of later ones, and of `list_models`."""
    from IPython.core.interactiveshell import InteractiveShell

    import colab_save
    from colab_save.widgets.board import Panel
    from colab_save.widgets.machine import make_runner

    write_versions(count := 5 if is_small else VERSIONS)
    panel = Panel(InteractiveShell.instance(), make_runner({"start": lambda work, tick: work()}))
    yield "first", seconds(setattr, panel.tabs, "selected_index", 1)
    assert len(panel.models.listing.manifests) == count
    for _ in rounds(is_small=is_small):
        yield "again", seconds(panel.models.refresh)
        yield "list_models", seconds(colab_save.list_models)


def write_versions(count: int) -> None:
    """Commit versions of 50 names to ``./models``; they have no payloads."""
    from tests.making import manifest

    for number in range(count):
        version = f"2026{number % 12 + 1:02}01T10153{number % 10}Z-{number:04x}"
        made = manifest(name=f"n{number % 50:02}", version=version)
        folder = Path("models", made.name, made.version)
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(made.to_json(), "utf-8")
