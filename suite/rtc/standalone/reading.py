"""LiveKit's configuration file: read, checked key by key, with LiveKit's defaults."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from suite.rtc.standalone.schema import KEYS, Kind

TRUE: Final = frozenset({"true", "yes", "on", "1"})
FALSE: Final = frozenset({"false", "no", "off", "0"})
SINGLE: Final = frozenset({Kind.TEXT, Kind.NUMBER, Kind.COUNT, Kind.PORT, Kind.FLAG, Kind.ADDRESS, Kind.PORTS, Kind.LEVEL})
LEVELS: Final = frozenset({"debug", "info", "warn", "error"})
OTHER_LEVELS: Final = {"warning": "warn", **dict.fromkeys(("dpanic", "panic", "fatal"), "error")}  # zap's, and a usual one


class WrongConfiguration(Exception):
    """A configuration that cannot be used; the sentence names the key."""


class _Loader(yaml.SafeLoader):
    """Keeps every scalar as it is written, so that a secret of digits stays a text; refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 -- PyYAML's
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(getattr(key, "value", ""))
            if name in seen:
                raise WrongConfiguration(f'"{name}" is there twice (line {key.start_mark.line + 1})')
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}


def file_text(path: Path, name: str) -> str:
    """What a file holds; raises `OSError`, and `WrongConfiguration` that speaks of `name` where it is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WrongConfiguration(f"{name} is not UTF-8") from None


def document(text: str) -> dict[str, Any]:
    """The mapping that `text` (YAML) holds, all its values as texts; raises `WrongConfiguration`."""
    try:
        read = yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except yaml.YAMLError as error:
        raise WrongConfiguration(f"it is not YAML: {error}") from error
    if read in (None, ""):
        return {}
    if not isinstance(read, dict):
        raise WrongConfiguration("it has to be a mapping of keys to values")
    return read


def settings(read: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The supported values by their whole name (`rtc.udp_port`), and the names of those that we do not support.

    Raises `WrongConfiguration` where a key is unknown or its value is not what it has to be.
    """
    found: dict[str, Any] = {}
    unsupported: list[str] = []
    for name, kind, given in _walk(read, KEYS, ""):
        if kind in {Kind.IGNORED, Kind.OPEN}:
            unsupported.append(name)
        elif kind is not Kind.SILENT and given not in (None, ""):
            found[name] = value(name, kind, given)
    return found, unsupported


def names(known: Mapping[str, Any] = KEYS, before: str = "") -> Iterator[tuple[str, Kind]]:
    """Every key that may be given alone, as an option or in the environment: whole name and kind."""
    for key, kind in known.items():
        if isinstance(kind, Mapping):
            yield from names(kind, f"{before}{key}.")
        elif kind in SINGLE:
            yield before + key, kind


def _walk(read: Mapping[str, Any], known: Mapping[str, Any], before: str) -> Iterator[tuple[str, Kind, Any]]:
    for key, given in read.items():
        name, kind = f"{before}{key}", known.get(str(key))
        if kind is None:
            raise WrongConfiguration(f'unknown key "{name}"')
        if not isinstance(kind, Mapping):
            yield name, kind, given
        elif isinstance(given, Mapping):
            yield from _walk(given, kind, f"{name}.")
        elif given not in (None, ""):
            raise WrongConfiguration(f'"{name}" has to be a mapping')


def value(name: str, kind: Kind, given: Any) -> Any:
    """`given` as what `kind` asks for; raises `WrongConfiguration`."""
    try:
        return READERS[kind](given)
    except (ValueError, TypeError, AttributeError):
        raise WrongConfiguration(f'"{name}" has to be {kind.value}') from None


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(given)
    return given


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list):
        raise TypeError(given)
    return [_text(item) for item in given]


def _maps(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise TypeError(given)
    return given


def _pairs(given: Any) -> dict[str, str]:
    return {str(key): _text(item) for key, item in given.items()}


def _flag(given: str) -> bool:
    if given.lower() not in TRUE | FALSE:
        raise ValueError(given)
    return given.lower() in TRUE


def _within(most: int) -> Callable[[Any], int]:
    def read(given: Any) -> int:
        number = int(_text(given))
        if not 0 <= number <= most:
            raise ValueError(given)
        return number

    return read


def _level(given: str) -> str:
    level = OTHER_LEVELS.get(given.lower(), given.lower())
    if level not in LEVELS:
        raise ValueError(given)
    return level


def _addresses(given: Any) -> list[str]:
    """An empty one is every address, as at LiveKit."""
    return [str(ipaddress.ip_address(address)) if address else "" for address in _texts(given)]


def _urls(given: Any) -> list[str]:
    for url in _texts(given):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise ValueError(url)
    return _texts(given)


def _ports(given: str) -> tuple[int, int]:
    """The first and the last port."""
    first, _, last = given.partition("-")
    low, high = int(first), int(last or first)
    if not 0 <= low <= high <= 65_535:
        raise ValueError(given)
    return low, high


def _address(given: Any) -> str:
    """An address, or LiveKit's `{ipv4: ..., ipv6: ...}`: both, with a comma between."""
    if not isinstance(given, dict):
        return str(ipaddress.ip_address(given))
    if not set(given) <= {"ipv4", "v4", "ipv6", "v6"}:
        raise ValueError(given)
    both = (given.get("ipv4") or given.get("v4"), given.get("ipv6") or given.get("v6"))
    return ",".join(str(ipaddress.ip_address(one)) for one in both if one)


READERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.TEXT: _text, Kind.NUMBER: lambda given: int(_text(given)), Kind.FLAG: _flag, Kind.TEXTS: _texts, Kind.MAPS: _maps,
    Kind.PAIRS: _pairs, Kind.ADDRESS: _address, Kind.PORTS: _ports, Kind.COUNT: _within((1 << 32) - 1),
    Kind.PORT: _within(65_535), Kind.LEVEL: _level, Kind.ADDRESSES: _addresses, Kind.URLS: _urls,
}  # fmt: skip
