"""Checks of the constants that steer functions."""

from __future__ import annotations

from typing import Any

from pulse.errors import TypeMismatch


def checked_text(name: str, value: Any, *, empty: bool = True) -> str:
    """Return a constant that must be a string; raises ``TypeMismatch`` otherwise.

    Example:
        >>> checked_text("prefix", "a")
        'a'
    """
    if not isinstance(value, str):
        raise TypeMismatch(f"{name} {value!r} is not a constant string")
    if not value and not empty:
        raise TypeMismatch(f"{name} must not be empty")
    return value


def checked_int(name: str, value: Any, low: int = -(2**31), high: int = 2**31 - 1) -> int:
    """Return a constant that must be an integer between two others; raises ``TypeMismatch`` otherwise.

    Example:
        >>> checked_int("digits", 2, 0, 15)
        2
    """
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise TypeMismatch(f"{name} {value!r} is not a constant integer from {low} to {high}")
    return value
