"""A table of throws: speed, angle and height, and how far they go."""

import math
import random
from collections.abc import Iterator

from recurra.base import check_seed, check_size
from recurra.data.demos.demo_data import DemoData, Record, split_demo

GRAVITY = 9.81  # m/s^2

RIVER = 30.0
"""How far, in metres, a ball has to fly to land beyond the river."""

SPREAD = 0.5
"""Standard deviation of what a measured distance is off by, in metres."""

COUNT = 4000


def demo_table(seed: int = 0, count: int = COUNT) -> DemoData:
    r"""Throw balls at random speeds and angles and say which land beyond a river.

    For `classify` of rows: fields `speed` (m/s), `angle` (degrees above the horizon), `height`
    (m, of the hand above the ground) and `label`, "beyond" or "short". Thrown too flat or too
    steep, a ball falls short, so no plane separates the classes.

    $$d = \frac{v \cos\alpha}{g} \left(v \sin\alpha + \sqrt{(v \sin\alpha)^2 + 2 g h}\right)$$

    The label says whether d, measured with an error of half a metre, is more than 30 m.

    Args:
        seed: of the throws and of the split.
        count: how many throws, 100..1000000. Default: 4000.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> recurra.data.demo_table().training[0]
        {'speed': 29.41, 'angle': 7.5, 'height': 2.79, 'label': 'beyond'}
    """
    grouped = [
        (place, {**columns, "label": "beyond" if distance > RIVER else "short"})
        for place, (columns, distance) in enumerate(_throws(seed, count))
    ]
    words = "Balls thrown at random, by the law of free fall: which of them land beyond a river."
    return split_demo("throws", words, grouped, seed)


def demo_distances(seed: int = 0, count: int = COUNT) -> DemoData:
    """Throw the balls of `demo_table`; the target is how far each flew, in metres.

    For `regress` of rows: fields `speed`, `angle`, `height` and `target`, a distance measured with
    an error of half a metre (one standard deviation): no model can be nearer on average.

    Args:
        seed: of the throws and of the split.
        count: how many throws, 100..1000000. Default: 4000.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> recurra.data.demo_distances().training[0]
        {'speed': 29.41, 'angle': 7.5, 'height': 2.79, 'target': 36.57}
    """
    grouped = [
        (place, {**columns, "target": distance})
        for place, (columns, distance) in enumerate(_throws(seed, count))
    ]
    words = "Balls thrown at random, by the law of free fall: how far each of them flies."
    return split_demo("distances", words, grouped, seed)


def _throws(seed: int, count: int) -> Iterator[tuple[Record, float]]:
    check_size("count", count, least=100, most=1_000_000)
    rng = random.Random(check_seed(seed))
    for _ in range(count):
        speed = round(rng.uniform(10, 30), 2)
        angle = round(rng.uniform(5, 85), 1)
        height = round(rng.uniform(0, 3), 2)
        distance = round(flight(speed, angle, height) + rng.gauss(0, SPREAD), 2)
        yield {"speed": speed, "angle": angle, "height": height}, distance


def flight(speed: float, angle: float, height: float) -> float:
    """Compute how far, in metres, a ball flies until it meets the ground, without air.

    Args:
        speed: in m/s.
        angle: above the horizon, in degrees.
        height: of the hand above the ground, in metres.
    """
    ahead = speed * math.cos(math.radians(angle))
    up = speed * math.sin(math.radians(angle))
    return ahead * (up + math.sqrt(up**2 + 2 * GRAVITY * height)) / GRAVITY
