"""An action of its own: it greets, and comes to a report with a card and JSON.

Its record is added to the table by the tests; nothing else of colab_save knows it.
"""

from __future__ import annotations

from colab_save.frontends.action import Action, Terminal
from colab_save.reports.card import Card, Shown
from colab_save.request.option import Option, Syntax


class Greeting(Shown):
    """What the action comes to."""

    def __init__(self, text):
        self.text = text

    def card(self):
        """Return what every frontend shows."""
        return Card(self.text, "")

    def to_json(self):
        """Return the fields that ``--json`` prints."""
        return {"text": self.text}


def greet(name="you", *, loud=False):
    """Greet somebody."""
    return Greeting(f"Hello {name.upper() if loud else name}")


GREET = Action(
    "greet",  # what hints call it: action("greet", "cats")
    "Greet somebody.",
    f"{__name__}:greet",  # imported when it is first called; it takes the options as keywords
    (
        Option("name", "NAME", Syntax.POSITIONAL, "Whom to greet; default: you."),
        Option("loud", "--loud", Syntax.FLAG, "Greet in capitals."),
    ),
    magic="greetmodel",  # %greetmodel cats --loud
    function=f"{__name__}:greet",  # the public function
    terminal=Terminal("greet"),  # colab-save greet cats --loud [--json]
)
