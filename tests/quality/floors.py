"""Floors and ceilings of measured quality: where a test fails it says which one broke, and by how much."""

from __future__ import annotations


def at_least(name: str, value: float, floor: float) -> None:
    """Fail where a value is below its floor."""
    assert value >= floor, f"{name}: {value:.4g} is {floor - value:.3g} below its floor of {floor:g}"


def at_most(name: str, value: float, ceiling: float) -> None:
    """Fail where a value is above its ceiling."""
    assert value <= ceiling, f"{name}: {value:.4g} is {value - ceiling:.3g} above its ceiling of {ceiling:g}"
