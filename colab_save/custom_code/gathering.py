"""Find the definitions of a captured file: the sources of live objects, and everything that these sources use.

`capturing` makes one `Gathering` for each capture; `definitions` orders what it found and writes the file.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType, ModuleType, SimpleNamespace
from typing import TypeAlias

from colab_save.custom_code import closures, constants, origins
from colab_save.custom_code.captured import TABLE, Missing
from colab_save.custom_code.constants import NOT_HERE
from colab_save.custom_code.definitions import CALLABLE, CONSTANT, Definition, bound
from colab_save.custom_code.naming import is_given, look, own_name
from colab_save.custom_code.origins import Import
from colab_save.custom_code.scopes import Uses, attributes, uses
from colab_save.custom_code.sources import Library, Source
from colab_save.custom_code.weighty import READER, READER_TEXT, is_weighty, rebuilt
from colab_save.errors import CustomCodeError
from colab_save.hints import literal
from colab_save.secrecy import is_secret, secret_in_source, secret_within
from colab_save.types import Array

Imports: TypeAlias = Iterable[Import]
"""The import statements that a name may come from."""


@dataclass
class Gathering:
    """The definitions and imports that one capture has found so far.

    Attributes:
        namespace: The notebook's variables.
        library: The files and cells to search.
        remade: The classes whose objects are made without their constructor.
        held: The live value of each top-level name of the file.
        definitions: The statements by name, each after those that it uses.
        imports: The import statements by the name that they bind.
        missing: The names that could not be captured.
        saved: The identities of the variables of what is saved, of which the file may hold no copy.
        arrays: The arrays beside the file, by a name and a number.
    """

    namespace: Mapping[str, object]
    library: Library = field(default_factory=Library)
    remade: Sequence[type] = ()
    held: dict[str, object] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    imports: dict[str, set[str]] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)
    saved: frozenset[int] = frozenset()
    arrays: dict[str, Array] = field(default_factory=dict)
    _user: str = ""
    _hints: list[tuple[str, object, Imports]] = field(default_factory=list)
    _members: dict[str, dict[str, str]] = field(default_factory=dict)

    def miss(self, name: str, error: CustomCodeError) -> None:
        """Record a name that could not be captured."""
        self.missing.setdefault(name, Missing(name, *error.references, self._user))

    def add(self, name: str, value: object, written: Imports = ()) -> bool:
        """Define a top-level name of the file as a value, and return whether that succeeded."""
        if name in self.held:
            if self._is_same(self.held[name], value):
                if name in self.imports:
                    self.imports[name].update(origins.imports_of(name, value, written))
                return True
            self.miss(name, CustomCodeError("means two different things in this code.", "Rename one of them."))
            return False
        self.held[name] = value
        try:
            self._make(name, value, written)
        except CustomCodeError as error:
            del self.held[name]
            self.miss(name, error)
            return False
        return True

    def refer(self, value: object) -> str:
        """Make a class, function or module reachable in the file, and return the expression that reaches it.

        Raises:
            CustomCodeError: It could not be captured.
        """
        if origins.is_builtin(value):
            return origins.attribute_of(value)
        if is_weighty(value):
            return self._refer_by_name(value)
        module = value.__name__ if isinstance(value, ModuleType) else origins.public_module(value)
        if module is not None and not origins.is_users_own(value) and not origins.is_users_module(module):
            root = module.partition(".")[0]
            path = module if isinstance(value, ModuleType) else f"{module}.{origins.attribute_of(value)}"
            is_free = root in sys.modules and self.held.setdefault(root, sys.modules[root]) is sys.modules[root]
            if is_free and origins.is_path_of(path, value):
                self.imports.setdefault(root, set()).add(f"import {module if module in sys.modules else root}")
                return path
        return self._refer_by_name(value)

    def _refer_by_name(self, value: object) -> str:
        name = self._own_name(value)
        if not self.add(name, value):
            raise CustomCodeError(f"holds {name}, which could not be captured.", self.missing[name].hint)
        return name

    def numbered(self, name: str, value: object) -> str:
        """Return the name for a definition, with a number where the file has another function or class of that name.

        What makes a loss or a layer for each of several numbers makes functions or classes of one name.
        """
        if not isinstance(value, (FunctionType, type)) or self._is_same(self.held.get(name, value), value):
            return name
        names = (f"{name}_{number}" for number in itertools.count(2))
        taken = self.held.keys() | self.namespace.keys()
        return next(name for name in names if self.held.get(name) is value or name not in taken)

    def finish(self) -> None:
        """Add the names of type hints where nothing else gets lost, and drop definitions whose needs are missing."""
        for name, value, written in self._hints:
            before = dict(self.held), dict(self.definitions), dict(self.missing)
            self.add(name, value, written)
            if self.missing != before[2]:
                self.held, self.definitions, self.missing = before
        while broken := [item for item in self.definitions.values() if self._lacks(item)]:
            for item in broken:
                need = self._lacks(item)[0]
                del self.definitions[item.name]
                hint = self.missing[need].hint if need in self.missing else f"Define {need} at the top level."
                self.miss(item.name, CustomCodeError(f"cannot be defined without {need}, which is missing.", hint))

    def _lacks(self, item: Definition) -> list[str]:
        return sorted(item.before - self.definitions.keys() - self.imports.keys())

    def _is_equal(self, one: object, other: object) -> bool:
        """Return whether two values of one name would be written as the same statement."""
        if origins.is_users_own(one) != origins.is_users_own(other) or type(one) is not type(other):
            return False
        try:
            if not origins.is_users_own(one):
                return constants.express(one, self.refer) == constants.express(other, self.refer)
            return closures.is_equal(one, other, self.library)
        except CustomCodeError:
            return False

    def _make(self, name: str, value: object, written: Imports) -> None:
        if is_secret(name, value):
            raise CustomCodeError("looks like a secret, and is not written.", NOT_HERE)
        if place := secret_within(name, value):
            raise CustomCodeError(f"holds {literal(place)}, which looks like a secret, and is not written.", NOT_HERE)
        if name == TABLE:
            raise CustomCodeError("is a name that the captured file uses itself.", "Rename it.")
        if origins.is_users_own(value):
            self._define(name, value)
        elif statements := origins.imports_of(name, value, written):
            self.imports.setdefault(name, set()).update(statements)
        elif is_weighty(value):
            self._write_weighty(name, value)
        else:
            text = constants.express(value, self.refer)
            if text == name:
                raise CustomCodeError("cannot be imported from any module.", "Import it from its public module.")
            self.definitions[name] = _assignment(name, text, CONSTANT)

    def _write_weighty(self, name: str, value: object) -> None:
        """Add the statement that rebuilds a live model or variable, and the function that reads its arrays."""
        made = rebuilt(name, value, self.refer, self.saved)
        reading = self.refer(sys.modules["numpy"])
        self.held[READER] = self.definitions[READER] = Definition(READER, READER_TEXT, CALLABLE, frozenset({reading}))
        self.arrays |= {f"{name}/{index}": array for index, array in enumerate(made.arrays)}
        self.definitions[name] = Definition(name, made.text, CALLABLE, _names(made.text) - {name})

    def _own_name(self, value: object) -> str:
        names = [name for name, item in self.held.items() if item is value]
        if is_weighty(value):
            named = (name for name, item in self.namespace.items() if item is value and name.isidentifier())
            free = (f"held_{number}" for number in itertools.count(1) if f"held_{number}" not in self.held)
            return names[0] if names else next(named, "") or next(free)
        if names and not isinstance(value, type):
            return names[0]
        return self.numbered(own_name(value, self.namespace, self.held), value)

    def _is_same(self, one: object, other: object) -> bool:
        return one is other or self._is_equal(one, other)

    def _define(self, name: str, value: object) -> None:
        try:
            source = self.library.find(value)
        except CustomCodeError as error:
            self.definitions[name] = _assignment(name, self._express_made(value, error), CALLABLE)
            return
        own = self._own_name(value) if source.name is None else self.numbered(source.name, value)
        if name != own:
            if not self.add(own, value):
                raise CustomCodeError(f"is {own}, which could not be captured.", self.missing[own].hint)
            self.definitions[name] = _assignment(name, own, CALLABLE)
            return
        outer, self._user = self._user, name
        try:
            self._write(name, value, source)
        finally:
            self._user = outer

    def _write(self, name: str, value: object, source: Source) -> None:
        """Add a definition after everything that it uses."""
        text = source.text
        if isinstance(source.node, ast.Lambda):
            text = f"{name} = ({text})\n" if "\n" in text else f"{name} = {text}\n"
            text += f"{name}.__name__ = {name!r}\n"
        if what := secret_in_source(text):
            raise CustomCodeError(f"has {what} in its source, and is not written.", NOT_HERE)
        if isinstance(value, type):
            text += self._attach(name, value, source)
        used = uses(text)
        local = closures.local_values(value, source, lambda key: look(key, value, self.namespace))
        expressions = self._express_all(local)
        written = self.library.imports_around(value)
        spared = self._spared(value, source, used)
        for key in sorted((used.defining | used.calling) - local.keys() - spared):
            self._resolve(key, value, text, written)
        for key in sorted((used.hinting | spared) - local.keys()):
            self._hint(key, value, written)
        before = {key for key in used.defining - local.keys() if not is_given(key, value, self.namespace)}
        before |= {need for item in expressions.values() for need in _names(item)}
        before |= used.defining & (local.keys() - expressions.keys())
        bindings = {key: item for key, item in expressions.items() if key != item}
        inner = source.name or name
        whole = bound(name, inner, text, bindings) if bindings or name != inner else text
        later = frozenset(used.calling - local.keys())
        self.definitions[name] = Definition(name, whole, CALLABLE, frozenset(before - {name}), later)

    def _attach(self, name: str, kind: type, source: Source) -> str:
        """Write the methods that were added to a class after its definition; one that was decorated is missing."""
        written = ""
        for method in closures.attached(kind, source):
            if not isinstance(vars(kind)[method], FunctionType):
                error = CustomCodeError("was added to the class after its definition.", "Define it in the class body.")
                self.miss(f"{name}.{method}", error)
                continue
            try:
                written += f"\n\n{source.name}.{method} = {self.refer(vars(kind)[method])}\n"
            except CustomCodeError as error:
                self.miss(f"{name}.{method}", error)
        return written

    def _express_made(self, value: object, error: CustomCodeError) -> str:
        """Write a class that a call has made; without such a call the error stands that its source was not found."""
        if hasattr(value, "_fields"):
            return constants.express_fields(value, self.refer)
        if not isinstance(value, type):
            raise error
        try:
            return constants.express_class(value, self.refer)
        except CustomCodeError:
            raise error from None

    def _spared(self, value: object, source: Source, used: Uses) -> frozenset[str]:
        """Return the names that only a constructor uses which no reload calls."""
        if not any(value is kind for kind in self.remade) or not isinstance(source.node, ast.ClassDef):
            return frozenset()
        body = [item for item in source.node.body if getattr(item, "name", "") != "__init__"]
        bare = ast.ClassDef(**{**dict(ast.iter_fields(source.node)), "body": body or [ast.Pass()]})
        others = uses(ast.unparse(ast.fix_missing_locations(bare)))
        return frozenset(used.calling - others.calling - others.defining - used.defining)

    def _express_all(self, values: Mapping[str, object]) -> dict[str, str]:
        found = {}
        for name, value in values.items():
            try:
                constants.check_secret(name, value)
                found[name] = constants.express(value, self.refer)
            except CustomCodeError as error:
                self.miss(name, error)
        return found

    def _resolve(self, name: str, value: object, text: str, written: Imports) -> None:
        """Add the meaning of a name in a source; a name without one is missing in the live model too."""
        if is_given(name, value, self.namespace):
            return
        try:
            found = look(name, value, self.namespace)
        except KeyError:
            return
        if isinstance(found, ModuleType) and origins.is_users_module(found.__name__):
            self._add_members(name, found, attributes(text, name))
        else:
            self.add(name, found, written)

    def _hint(self, name: str, value: object, written: Imports) -> None:
        try:
            found = look(name, value, self.namespace)
        except KeyError:
            return
        if not isinstance(found, ModuleType) or not origins.is_users_module(found.__name__):
            self._hints.append((name, found, written))

    def _add_members(self, name: str, module: ModuleType, wanted: Iterable[str]) -> None:
        """Replace a local module by a namespace of those of its members that are used."""
        if self.held.setdefault(name, module) is not module:
            self.miss(name, CustomCodeError("means two different things in this code.", "Rename one of them."))
            return
        found = self._members.setdefault(name, {})
        new = {key: vars(module)[key] for key in sorted(wanted) if key in vars(module) and key not in found}
        found |= dict.fromkeys(new, "None")
        found |= self._express_all(new)
        made = ", ".join(f"{key}={item}" for key, item in found.items())
        self.definitions[name] = _assignment(name, f"{self.refer(SimpleNamespace)}({made})", CALLABLE)


def _names(expression: str) -> frozenset[str]:
    """Return the names that an expression needs, without Python's builtins."""
    return frozenset(name for name in uses(expression).defining if not hasattr(builtins, name))


def _assignment(name: str, expression: str, part: int) -> Definition:
    return Definition(name, f"{name} = {expression}\n", part, _names(expression))
