"""What the configs of one class lack, in words: what was written all the same, what is lost, the code to add.

`configs` makes one for each class whose ``get_config`` it completes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from colab_save.hints import literal
from colab_save.model.config_values import in_words
from colab_save.model.constructor_arguments import Argument


@dataclass
class Completion:
    """The constructor arguments that the configs of one class lack.

    Attributes:
        class_name: The class.
        is_own: It is a class of the user, who can add to it.
        has_config: The class has a ``get_config`` that returns a config.
        has_base: A ``get_config`` of the class can call that of its base.
        takes_all: Its constructor takes what that of its base returns (``**kwargs``).
        arguments: The lacking arguments, by name.
    """

    class_name: str
    is_own: bool
    has_config: bool
    has_base: bool
    takes_all: bool = True
    arguments: dict[str, Argument] = field(default_factory=dict)

    @property
    def objects(self) -> tuple[str, ...]:
        """Return the names of the arguments that were written as objects."""
        return tuple(item.name for item in self.arguments.values() if item.is_object)

    @property
    def loss(self) -> str:
        """Return which arguments could not be written, and why; empty if all were."""
        return " and ".join(f"{item.name!r}, which {item.problem}" for item in self.arguments.values() if item.problem)

    def __str__(self) -> str:
        old = [
            f"{item.name!r} ({item.outdated}; {_as_written(item)})" for item in self.arguments.values() if item.outdated
        ]
        dropped = [
            f"{item.name!r} ({f'lost: it {item.problem}' if item.problem else _as_written(item)})"
            for item in self.arguments.values()
            if not item.outdated
        ]
        if not self.has_config:
            return f"{self.class_name} has no get_config() for {', '.join(dropped)}. {self.hint}"
        faults = [f"returns an old value of {', '.join(old)}"] if old else []
        faults += [f"drops {', '.join(dropped)}"] if dropped else []
        return f"get_config() of {self.class_name} {' and '.join(faults)}. {self.hint if self.is_own else ''}".rstrip()

    @property
    def hint(self) -> str:
        """Return the code to add to the class."""
        names = [(item.name, item.attribute or item.name) for item in self.arguments.values()]
        pairs = [*(["**super().get_config()"] if self.has_base else []), *(f'"{k}": self.{v}' for k, v in names)]
        lines = [f"self.{item.name} = {item.name}  # in __init__" for item in self.arguments.values() if item.problem]
        if self.has_base and not self.takes_all:
            lines.insert(0, "# let __init__ take **kwargs, and call super().__init__(**kwargs) in it")
        lines += ["def get_config(self):", f"    return {{{', '.join(pairs)}}}"]
        if self.objects:
            keys = ", ".join(f'"{name}"' for name in self.objects)
            made = f"{{k: keras.saving.deserialize_keras_object(config[k]) for k in [{keys}]}}"
            lines += ["@classmethod", "def from_config(cls, config):", f"    return cls(**{{**config, **{made}}})"]
        return "\n    ".join([f"Add to {self.class_name}:", *lines])


def _as_written(argument: Argument) -> str:
    return f"written: {literal(in_words(argument.value))}"
