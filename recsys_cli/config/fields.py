"""What the fields of a config may be; the messages name the flag, the value and what is allowed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsys_cli.errors import ConfigError


def unknown_option(key: str, known: Mapping[str, Any]) -> str:
    """Say that there is no such option, and which is the nearest."""
    from rapidfuzz.process import extractOne

    return f"unknown option '{key}'; did you mean '{extractOne(key, list(known))[0]}'?"


def flag_of(name: str) -> str:
    """The flag of a field: ``--batch-users`` for ``batch_users``."""
    return "--" + name.replace("_", "-")


def check_type(name: str, value: Any, default: Any) -> None:
    """Refuse a value of another type than the default; whole numbers pass as numbers, booleans do not."""
    wanted: tuple[type, ...] = (int, float) if default is None or isinstance(default, float) else (type(default),)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        kind = {int: "a whole number", bool: "true or false", str: "a text"}.get(wanted[0], "a number")
        kind = "a number" if float in wanted else kind
        raise ConfigError(f"{flag_of(name)} {value!r} is not allowed; allowed: {kind}")


def check_range(config: Any, low: float, high: float, *names: str) -> None:
    """Refuse fields outside low..high with a ConfigError; None is a field that is left open."""
    for name in names:
        value = getattr(config, name)
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{flag_of(name)} {value} is not allowed; allowed: {low:,} to {high:,}")


def check_share(config: Any, *names: str) -> None:
    """Refuse fields outside [0, 1) with a ConfigError."""
    for name in names:
        value = getattr(config, name)
        if not 0 <= value < 1:
            raise ConfigError(f"{flag_of(name)} {value} is not allowed; allowed: 0 up to, not including, 1")


def check_choice(config: Any, name: str, choices: tuple[str, ...]) -> None:
    """Refuse a field that is none of the choices with a ConfigError."""
    value = getattr(config, name)
    if value not in choices:
        raise ConfigError(f"{flag_of(name)} {value!r} is not allowed; allowed: {', '.join(choices)}")


def check_apart(output: tuple[str, Path | None], read: tuple[str, Path | None]) -> None:
    """Refuse an output that is an input, also by a link, with a ConfigError; both as flag and path."""
    written, source = output[1], read[1]
    if written is None or source is None:
        return
    if written.exists() and source.exists() and written.samefile(source):
        raise ConfigError(f"{output[0]} {written}: is the file that {read[0]} reads; choose another one")
