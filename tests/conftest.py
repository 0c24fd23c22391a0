"""What every test stands on: a quiet TensorFlow, and a working folder, key and cache of its own."""

from __future__ import annotations

import atexit
import gc
import itertools
import os
import re
import signal

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from colab_save import hints, settings
from colab_save.frontends import languages

# A busy machine is slow, and no test is about that. Who looks for more asks for more: --hypothesis-profile=thorough
for profile, examples in {"quick": 20, "thorough": 1000}.items():
    hypothesis_settings.register_profile(
        profile, max_examples=examples, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
hypothesis_settings.load_profile("quick")
for variable in [name for name in os.environ if name.startswith(settings.PREFIX)]:
    del os.environ[variable]  # the settings of whoever runs the tests
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

LONGEST = ("test_saving.py", "test_losses.py", "test_notebooks.py", "test_others.py", "test_publishing_on_drive.py")
"""Modules of a minute and more: one of them at the end would keep one worker busy, and the other waiting."""

LEFT_OUT = re.compile(r"not (\w+)(?: and not (\w+))?")
"""What ``-m`` says where whole modules need not be imported."""


def pytest_addoption(parser):
    """Let several runs, each with a Python of its own, share the tests that take long."""
    parser.addoption(
        "--slow-part", default="1/1", help="Which part of the tests marked tensorflow or outside: 1/2, 2/2"
    )


def pytest_ignore_collect(collection_path, config):
    """Leave a module out that is all TensorFlow, or all servers, before it imports them, where ``-m`` asks for that."""
    asked = LEFT_OUT.fullmatch(config.option.markexpr)
    if asked is None or collection_path.suffix != ".py":
        return None
    marks = "|".join(filter(None, asked.groups()))
    marked = re.compile(rf"^pytestmark = (\[\s*)?pytest\.mark\.({marks})\b", re.MULTILINE)
    return bool(marked.search(collection_path.read_text("utf-8"))) or None


def pytest_configure(config):
    """Hand modules to the workers in their order, not those of most tests first; and let Ctrl-C be heard."""
    config.option.loadscopereorder = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collectstart():
    """Collect no garbage while tests are collected: what they import is thousands of modules, and all of them stay."""
    gc.disable()


def pytest_collection_modifyitems(config, items):
    """Begin with the longest, and what needs TensorFlow or a server; the short modules then fill up both workers."""
    marks = ("tensorflow", "outside")
    long = {item.path for item in items if any(item.get_closest_marker(mark) for mark in marks)}
    items.sort(key=lambda item: (item.path.name not in LONGEST, item.path not in long))
    part, parts = map(int, config.option.slow_part.split("/"))
    others = {path for number, path in enumerate(sorted(long)) if number % parts != part - 1}
    left_out = [item for item in items if item.path in others and any(map(item.get_closest_marker, marks))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def pytest_collection_finish():
    """Spare the garbage collector the thousands of collected tests: IPython calls it whenever a shell is reset."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


def pytest_terminal_summary(terminalreporter):
    """Print the rows that tests recorded as ``table``, such as the kill matrix, and the table of models of others."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    recorded = [pair for report in reports for pair in report.user_properties]  # workers send them along
    rows = [row for name, row in recorded if name == "table"]
    if any(name == "notebook of others" for name, _ in recorded):
        from tests.notebooks_of_others import RECORDED, tables  # which needs kernels

        rows += tables([row for name, row in recorded if name == RECORDED])
    if rows:
        terminalreporter.section("tables")
        terminalreporter.write_line("\n".join(dict.fromkeys(rows)))


@pytest.fixture(autouse=True)
def names_alone(monkeypatch):
    """Have hints read as names alone where no frontend runs, whatever other tests have imported."""
    assert languages.PYTHON
    monkeypatch.setattr(hints, "_default", hints.Plain())


@pytest.fixture(autouse=True)
def own_settings(monkeypatch):
    """Have each test begin with no setting changed."""
    monkeypatch.setattr(settings, "_changed", {})


@pytest.fixture(scope="session")
def places(tmp_path_factory):
    """Give an empty working folder and a home that is not there yet, for each test.

    The folder is the same as long as it is empty: making and removing thousands of them takes a minute.
    """
    return _places(tmp_path_factory.mktemp("places"))


def _places(base):
    numbers = itertools.count()
    while True:
        folder = base / f"cwd-{next(numbers)}"
        folder.mkdir()
        while not any(folder.iterdir()):
            yield folder, base / f"home-{next(numbers)}"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory):
    """Keep the key, the cache and the local copies of the user who runs the tests out of kernels that modules share."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield


@pytest.fixture(scope="session")
def numbered(tmp_path_factory):
    """Give folders that are not there yet."""
    base = tmp_path_factory.mktemp("tests")
    return (base / str(number) for number in itertools.count())


@pytest.fixture
def tmp_path(numbered):
    """Give an empty folder; pytest's own fixture looks through those of all other tests first."""
    folder = next(numbered)
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def own_folder(places, monkeypatch):
    """Run each test in an empty folder, so that the default store, ./models, is its own, as are key and cache."""
    folder, home = next(places)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    return folder


@pytest.fixture(scope="module")
def ipython():
    """IPython, and what its namespace holds at first."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    atexit.unregister(shell.atexit_operations)  # they collect all garbage, which takes a second
    yield shell, dict(shell.user_ns)
    InteractiveShell.clear_instance()


@pytest.fixture
def fresh_ipython(ipython):
    """IPython with the namespace it began with; its own reset() collects all garbage, which takes most of a test."""
    shell, names = ipython
    shell.user_ns.clear()
    shell.user_ns.update(names)
    return shell
