"""Named random streams, one per purpose: a change in one place leaves the others as they were."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SEED = "voc-warehouse-demo-1"


class Stream:
    """Draws built on ``random()`` alone, whose sequence Python promises to keep."""

    def __init__(self, *names: object) -> None:
        key = "/".join([SEED, *(str(name) for name in names)])
        digest = hashlib.sha256(key.encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:8], "big"))

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self._random.random()

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self._random.random() * len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        pool = list(items)
        chosen: list[T] = []
        while pool and len(chosen) < count:
            chosen.append(pool.pop(int(self._random.random() * len(pool))))
        return chosen

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """Twelve uniforms instead of logs and cosines, whose last bit differs between machines."""
        return mean + deviation * (sum(self._random.random() for _ in range(12)) - 6.0)
