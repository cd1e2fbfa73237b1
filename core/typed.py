"""Data of a JSON or TOML file as what a type says, or the reason why not: a file may hold anything.

Types are dataclasses and what their fields may be: text, numbers, truth values, literals, tuples, dictionaries, arrays,
optional ones, and unions of dataclasses told apart by the name of the class under "kind".
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

Measured = NewType("Measured", float)
"""A number that may be infinite or none, like a loss that diverged; a plain float is finite."""

T = TypeVar("T")
_LARGEST = 2**63
_KIND = "kind"


def typed(kind: type[T], data: Any, strict: bool = False) -> T:
    """A dataclass from data; names that it does not know are passed over, or refused when `strict`.

    Raises: ValueError, which says where and what is wrong.
    """
    try:
        return _record(kind, data, "", strict)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _record(kind: type[T], data: Any, where: str, strict: bool) -> T:
    if not isinstance(data, dict):
        raise _wrong(where, data, f"a table is expected ({kind.__name__})")
    hints, known = _fields(kind)  # type: ignore[arg-type]  # a class is hashable
    if strict and (unknown := data.keys() - hints.keys() - {_KIND}):
        raise ValueError(f"{kind.__name__}: unknown fields {', '.join(sorted(map(str, unknown)))}")
    if missing := [name for name, needed in known.items() if needed and name not in data]:
        raise ValueError(f"{where or kind.__name__} lacks {', '.join(missing)}")
    values = {
        name: _value(hints[name], data[name], f"{where}.{name}" if where else name, strict)
        for name in known
        if name in data
    }
    return kind(**values)


@cache
def _fields(kind: type[Any]) -> tuple[dict[str, Any], dict[str, bool]]:
    """The types of a dataclass's fields, and whether each must be there."""
    nothing = dataclasses.MISSING
    needed = {
        item.name: item.default is nothing and item.default_factory is nothing for item in dataclasses.fields(kind)
    }
    hints = get_type_hints(kind)
    return {name: hints[name] for name in needed}, needed


def _value(hint: Any, value: Any, where: str, strict: bool) -> Any:
    if hint is Any:
        return value
    if hint is Measured or hint is float:
        return _number(value, where, finite=hint is float)
    if hint is int:
        return _whole(value, where)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _record(hint, value, where, strict)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is None:
        if not isinstance(value, hint):
            raise _wrong(where, value, {str: "a text", bool: "true or false"}.get(hint, hint.__name__))
        return value
    if origin is Literal:
        if not isinstance(value, str) or value not in inside:
            raise _wrong(where, value, f"one of {', '.join(map(str, inside))}")
        return value
    if origin in (Union, UnionType):
        return _one_of(inside, value, where, strict)
    if origin is tuple:
        return _tuple(inside, value, where, strict)
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(where, value, "a table")
        return {str(name): _value(inside[1], item, f"{where}.{name}", strict) for name, item in value.items()}
    raise TypeError(f"{hint} is no type that data may have")


def _one_of(kinds: tuple[Any, ...], value: Any, where: str, strict: bool) -> Any:
    if value is None and NoneType in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not NoneType)
    if any(getattr(get_origin(kind), "__name__", "") == "ndarray" for kind in kinds):
        return _array(value, where)
    if len(kinds) == 1:
        return _value(kinds[0], value, where, strict)
    if all(dataclasses.is_dataclass(kind) for kind in kinds):
        name = value.get(_KIND) if isinstance(value, dict) else None
        for kind in kinds:
            if kind.__name__ == name:
                return _record(kind, value, where, strict)
        raise ValueError(f"{where}: unknown {_KIND} {_short(name)}")
    if str in kinds and isinstance(value, str):
        return value
    return _value(next(kind for kind in kinds if kind is not str), value, where, strict)


def _tuple(kinds: tuple[Any, ...], value: Any, where: str, strict: bool) -> tuple[Any, ...]:
    many = kinds[-1] is Ellipsis
    if not isinstance(value, list | tuple) or not (many or len(value) == len(kinds)):
        raise _wrong(where, value, "a list" if many else f"a list of {len(kinds)}")
    each = itertools.repeat(kinds[0]) if many else kinds
    return tuple(
        _value(kind, item, f"{where}[{number}]", strict)
        for number, (kind, item) in enumerate(zip(each, value, strict=False))
    )


def _array(value: Any, where: str) -> Any:
    """A list of numbers, or of rows of one length; null and what is infinite become NaN."""
    import numpy as np

    rows = [[np.nan if x is None else x for x in row] if isinstance(row, list) else row for row in _list(value, where)]
    try:
        array = np.array([np.nan if row is None else row for row in rows], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(where, value, "a list of numbers, or of rows of one length") from None
    if array.ndim not in (1, 2):
        raise _wrong(where, value, "a list of numbers, or of rows of one length")
    array[~np.isfinite(array)] = np.nan
    return array


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list")
    return value


def _number(value: Any, where: str, finite: bool) -> float:
    try:
        number = float(value) if isinstance(value, int | float) else None
    except OverflowError:
        number = math.inf
    if number is None or (finite and not math.isfinite(number)):
        raise _wrong(where, value, "a number")
    return number


def _whole(value: Any, where: str) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not whole or abs(value) >= _LARGEST:
        raise _wrong(where, value, "a whole number")
    return int(value)


def _wrong(where: str, value: Any, wanted: str) -> ValueError:
    return ValueError(f"{where or 'all of it'} is {_short(value)}, {wanted} is expected")


def _short(value: Any) -> str:
    """A value in few letters, however large it is."""
    if isinstance(value, dict | list | tuple):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return "a huge number"
    words = repr(value[:40] if isinstance(value, str) else value)
    return words if len(words) <= 60 else f"{words[:60]}…"
