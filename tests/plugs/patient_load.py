"""An option of its own: a request with one field more, and an action that takes it.

In the product the field stands in `SaveRequest` or `LoadRequest` itself; here it is added by the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from colab_save.errors import RequestError
from colab_save.frontends.action import Action, Terminal
from colab_save.hints import option
from colab_save.request.option import Syntax, declare, options_of
from colab_save.request.request import LoadRequest
from tests.plugs.greet_action import Greeting


@dataclass(frozen=True)
class PatientLoad(LoadRequest):
    """A load that is tried more than once."""

    tries: int = field(
        default=3,
        kw_only=True,
        metadata=declare("--tries", Syntax.NUMBER, "Give up after N tries.", "N"),
    )

    def __post_init__(self):
        """Validate the field, without any I/O."""
        LoadRequest.__post_init__(self)
        if self.tries < 1:
            raise RequestError(f"tries must be at least 1, not {self.tries}.", f"Leave {option('tries')} out.")


def load_patiently(request):
    """Carry it out: here, tell what arrived."""
    return Greeting(f"{request.target}, {request.tries} tries")


PATIENT_LOAD = Action(
    "load_patiently",
    "Load a model, and try more than once.",
    f"{__name__}:load_patiently",
    tuple(options_of(PatientLoad)),
    needs=1,
    request=PatientLoad,
    magic="loadpatiently",
    terminal=Terminal("load-patiently"),
)
