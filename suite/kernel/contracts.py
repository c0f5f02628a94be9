"""TypeScript's types of what pages and sockets say, written from Python's.

An app's `contract.py` has `TypedDict` classes, and names for unions and literals of them. Sequences are readonly; a docstring,
or the words of `Annotated[…, "words"]`, become the comment. Ids and times are strings: UUIDs and ISO 8601.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

WORDS: dict[Any, str] = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}
UNIONS = {Union, types.UnionType}
LINE_CHARACTERS = 100


def typescript(module: ModuleType) -> str:
    """The whole file for `module`: what it defines, and what that is made of from elsewhere."""
    return "\n".join([HEAD.format(module=module.__name__), *_Writer(module).parts()])


HEAD = "/* Written by `make contracts` from {module}: change it there. */\n"


class _Writer:
    def __init__(self, module: ModuleType) -> None:
        own = {name: value for name, value in vars(module).items() if name[0].isupper()}
        self.names = {name: value for name, value in own.items() if is_typeddict(value) or _is_alias(value)}
        for value in own.values():
            self._take(value)

    def parts(self) -> Iterator[str]:
        for name, value in self.names.items():
            yield self._interface(name, value) if is_typeddict(value) else self._alias(name, value)

    def _take(self, value: Any) -> None:
        """Note every class that `value` is made of."""
        if is_typeddict(value):
            if value not in self.names.values():
                self.names[value.__name__] = value
            for hint in get_type_hints(value, include_extras=True).values():
                self._take_class(hint)
        else:
            self._take_class(value)

    def _take_class(self, hint: Any) -> None:
        if is_typeddict(hint):
            if hint not in self.names.values():
                self._take(hint)
        elif get_origin(hint) is not Literal:
            for part in get_args(hint):
                self._take_class(part)

    def _interface(self, name: str, value: Any) -> str:
        lines = [f"/** {value.__doc__} */"] if value.__doc__ and not value.__doc__.startswith("dict(") else []
        lines.append(f"export interface {name} {{")
        for field, hint in get_type_hints(value, include_extras=True).items():
            comment, inner, is_optional = _unwrapped(hint)
            lines += [f"  /** {comment} */"] if comment else []
            lines.append(f"  {field}{'?' if is_optional else ''}: {self._word(inner)};")
        return "\n".join([*lines, "}\n"])

    def _alias(self, name: str, value: Any) -> str:
        parts = [self._word(part, besides=name) for part in _parts(value)]
        one_line = " " + " | ".join(parts)
        members = one_line if len(one_line) < LINE_CHARACTERS else "".join(f"\n  | {part}" for part in parts)
        return f"export type {name} ={members};\n"

    def _word(self, hint: Any, *, besides: str = "") -> str:
        """`hint` in TypeScript, by its name where it has one that is not `besides`."""
        known = (name for name, value in self.names.items() if value == hint and name != besides)
        if name := next(known, ""):
            return name
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Literal:
            return " | ".join(_literal(value) for value in arguments)
        if origin in UNIONS:
            return " | ".join(self._word(part) for part in arguments)
        if origin in {list, Sequence}:
            inner = self._word(arguments[0])
            return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
        if hint in WORDS:
            return WORDS[hint]
        raise TypeError(hint)


def _is_alias(value: Any) -> bool:
    return get_origin(value) in {*UNIONS, Literal}


def _parts(value: Any) -> tuple[Any, ...]:
    return get_args(value) if get_origin(value) in UNIONS else (value,)


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _unwrapped(hint: Any) -> tuple[str, Any, bool]:
    """The comment, the type, and whether the field may be absent."""
    comment, is_optional = "", False
    while get_origin(hint) in {Annotated, NotRequired}:
        if get_origin(hint) is Annotated:
            comment = next((one for one in hint.__metadata__ if isinstance(one, str)), comment)
            hint = hint.__origin__
        else:
            is_optional, hint = True, get_args(hint)[0]
    return comment, hint, is_optional
