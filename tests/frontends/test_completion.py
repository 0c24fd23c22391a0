"""Tab in the lines of our magics, asked as IPython asks: in the terminal and in a kernel."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from colab_save.artifact.facts import ModelFacts
from colab_save.artifact.manifest import Manifest
from colab_save.errors import StoreUnavailableError
from colab_save.frontends.action import SAVED
from colab_save.frontends.actions import magics
from colab_save.frontends.completion import PATIENCE, Completer, register, unregister
from colab_save.reports.listing import Listing

# IPython's own terminal still asks this way, and the warning is about its future.
pytestmark = pytest.mark.filterwarnings("ignore:`Completer.complete` is pending deprecation:PendingDeprecationWarning")

VERSION = "20260822T101530Z-3fa2"


class Model:
    """Stands for `keras.Model`, which the loaded module named ``keras`` says is a model."""


def list_saved(pattern, source):
    """A store that holds cats, cathedrals, and elsewhere dogs."""
    names = {None: ("cats", "cathedrals"), "./elsewhere": ("dogs",)}[source]
    facts = ModelFacts("keras", "Model")
    found = (Manifest(name, VERSION, "", (), (), facts, (), metrics={"loss": 0.5}, tags=("best",)) for name in names)
    return Listing("models", "local", tuple(found))


def list_deleted(pattern, source):
    """The store holds calves, too, which were deleted."""
    return Listing("models", "local", (Manifest("calves", VERSION, "", (), (), ModelFacts("keras", "Model"), ()),))


@pytest.fixture
def shell(fresh_ipython, monkeypatch):
    keras = type(sys)("keras")
    keras.Model = Model
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setattr(fresh_ipython.Completer, "use_jedi", False)
    fresh_ipython.push({"model": Model(), "mould": 1, "cars": [1]})
    register(
        fresh_ipython, Completer(fresh_ipython.user_ns, lambda lister: list_saved if lister == SAVED else list_deleted)
    )
    yield fresh_ipython
    unregister(fresh_ipython)


def in_a_terminal(shell, line):
    return shell.complete(None, line)[1]


def in_a_kernel(shell, line):
    """The words, as `ipykernel` finds them: with the whole cell and a cursor."""
    from IPython.core.completer import provisionalcompleter

    cell = f"x = 1\n{line}"
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(cell, len(cell))]


FLAGS = {name: [option.flag for option in action.options if option.flag[0] == "-"] for name, action in magics().items()}


@pytest.mark.parametrize("ask", [in_a_terminal, in_a_kernel])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%savemodel --fo", ["--format", "--for", "--force"]),
        ("%savemodel model cats --no", ["--no-verify", "--note"]),
        ("%savemodel --no-verify --for ", ["exchange", "mobile", "training", "serving"]),
        ("%savemodel --for=s", ["serving"]),
        ("%savemodel model --format ke", ["keras"]),
        ("%savemodel model --format keras,sa", ["saved_model"]),
        ("%savemodel mo", ["model"]),
        ("%savemodel --tag best mo", ["model"]),
        ("%savemodel model ca", ["cats", "cathedrals"]),
        ("%savemodel model --to ./elsewhere ", ["dogs"]),
        ("%savemodel model --to ./elsewhere --keep-best l", ["loss"]),
        ("%%savemodel mo", ["model"]),
        ("savemodel mo", ["model"]),
        ("%loadmodel ca", ["cats", "cathedrals"]),
        ("%loadmodel --from ./elsewhere ", ["dogs"]),
        ("%loadmodel cats@", ["best", VERSION]),
        ("%loadmodel cats --into ", ["model"]),
        ("%loadmodel cats --format we", ["weights"]),
        ("net = %loadmodel ca", ["cats", "cathedrals"]),
        ("a, b.c = %loadmodel cats --tr", ["--trust"]),
        ("    %loadmodel ca", ["cats", "cathedrals"]),
        ("%listmodels ca", ["cats", "cathedrals"]),
        ("%deletemodel ca", ["cats", "cathedrals"]),
        ("%deletemodel cats@b", ["best"]),
        ("%restoremodel ca", ["calves"]),
        ("%restoremodel calves@", [VERSION]),
        *((f"%{name} --", flags) for name, flags in FLAGS.items()),
    ],
)
def test_tab_offers_what_may_stand_there(shell, ask, line, words):
    assert sorted(words) == sorted(ask(shell, line))


def test_jedi_takes_nothing_away(shell, monkeypatch):
    """IPython shows what jedi makes of the line as Python beside it; no completer can keep jedi out."""
    monkeypatch.setattr(shell.Completer, "use_jedi", True)
    assert {"cats", "cathedrals"} <= set(in_a_kernel(shell, "%loadmodel ca"))


@pytest.mark.parametrize("line", ["%savemodel --sample ca", "x = ca", "print(ca", "%savemodel mou"])
def test_where_nothing_of_ours_fits_python_completes(shell, line):
    word = line.replace("(", " ").split()[-1]
    assert {"ca": "cars", "mou": "mould"}[word] in in_a_terminal(shell, line)


def test_an_assignment_to_a_name_of_ours_is_left_alone(shell):
    assert [] == Completer(shell.user_ns, lambda _: list_saved)(
        type("Event", (), {"text_until_cursor": "savemodel = --"})
    )


def test_a_store_that_refuses_offers_nothing(shell):
    def refuse(pattern, source):
        raise StoreUnavailableError("Drive is not mounted.", "Mount it.")

    register(shell, Completer(shell.user_ns, lambda _: refuse))
    assert [] == in_a_terminal(shell, "%loadmodel zz")


def test_a_store_that_hangs_costs_no_time_and_answers_the_next_tab(shell):
    answers = threading.Event()

    def hang(pattern, source):
        answers.wait(30)
        return list_saved(pattern, source)

    register(shell, Completer(shell.user_ns, lambda _: hang))
    began = time.monotonic()
    assert [] == in_a_terminal(shell, "%loadmodel cathe")
    assert time.monotonic() - began < PATIENCE + 5
    answers.set()
    assert ["cathedrals"] == in_a_terminal(shell, "%loadmodel cathe")


def test_a_store_is_never_asked_in_the_main_thread(shell):
    """There Drive would mount, which asks the user in the browser."""
    threads = []

    def note(pattern, source):
        threads.append(threading.current_thread())
        return list_saved(pattern, source)

    register(shell, Completer(shell.user_ns, lambda _: note))
    in_a_terminal(shell, "%loadmodel ca")
    assert threads
    assert threading.main_thread() not in threads


def test_registered_twice_it_completes_once(shell):
    register(shell, Completer(shell.user_ns, lambda _: list_saved))
    assert ["model"] == in_a_terminal(shell, "%savemodel mo")


def test_without_the_extension_nothing_of_ours_is_offered(shell):
    unregister(shell)
    assert [] == in_a_terminal(shell, "%savemodel --fo")
