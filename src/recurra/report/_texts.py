"""Parts of a report that show what a model says of texts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recurra.base import ArgumentError, ShapeError


@dataclass(frozen=True)
class Confusion:
    """How often each class was taken for each other.

    Shaded by the share of the row. Of more than 20 classes those are shown that are confused most,
    and the others together.

    Args:
        classes: their names, in order.
        counts: `[K, K]`: rows are the truth, columns what was predicted, >= 0.

    Raises:
        ShapeError: the counts are not one row and one column a class.
        ArgumentError: a count is negative.

    Example:
        >>> Confusion(["ham", "spam"], [[95, 5], [8, 42]]).counts[1][0]  # spam taken for ham
        8
    """

    classes: Sequence[str]
    counts: Sequence[Sequence[int]]

    def __post_init__(self) -> None:
        size = len(self.classes)
        _check_rows("counts", "Confusion", self.counts, size, size)
        if any(min(row) < 0 for row in self.counts):
            raise ArgumentError(
                "A count of a `Confusion` is negative.", got=min(map(min, self.counts))
            )


@dataclass(frozen=True)
class Example:
    """What the model made of one text.

    Args:
        given: the text.
        predicted: what the model says.
        truth: what is right. Default: nobody knows.
        confidence: how sure the model is, in 0..1. Default: it does not say.
        right: whether the prediction is right; a mark says so. Default: no mark, for texts and
            numbers that may be good without being equal to the truth.
        score: the number by which the model decided. Default: there is none.

    Raises:
        ArgumentError: the confidence is outside 0..1.

    Example:
        >>> Example("Fun", "good", truth="good", confidence=0.97, right=True).confidence
        0.97
    """

    given: str
    predicted: str
    truth: str | None = None
    confidence: float | None = None
    right: bool | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        sure = self.confidence
        if sure is not None and not math.isnan(sure) and not 0 <= sure <= 1:
            raise ArgumentError(
                "`confidence` of an `Example` is outside its range.",
                got=repr(sure),
                expected="a number in [0, 1], or NaN",
            )


@dataclass(frozen=True)
class AttentionMap:
    """What a model looked at in the source while it wrote the target.

    Args:
        source: `S` words or symbols that were read.
        target: `T` words or symbols that were written.
        weights: `[T, S]`: how much of each source word went into each target word, >= 0.

    Raises:
        ShapeError: the weights are not one row a target word and one column a source word.

    Example:
        >>> AttentionMap(["the", "house"], ["das", "Haus"], [[0.9, 0.1], [0.2, 0.8]]).target
        ['das', 'Haus']
    """

    source: Sequence[str]
    target: Sequence[str]
    weights: Sequence[Sequence[float]]

    def __post_init__(self) -> None:
        _check_rows("weights", "AttentionMap", self.weights, len(self.target), len(self.source))


@dataclass(frozen=True)
class Marked:
    """A sentence with a label for each of its words; wrong ones stand out.

    Args:
        tokens: its words.
        labels: what the model says of each.
        truth: what is right for each. Default: nobody knows.

    Raises:
        ShapeError: there is not one label, or one truth, a word.

    Example:
        >>> Marked(["Ada", "wrote"], ["NOUN", "VERB"], truth=["PROPN", "VERB"]).labels
        ['NOUN', 'VERB']
    """

    tokens: Sequence[str]
    labels: Sequence[str]
    truth: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name, values in (("labels", self.labels), ("truth", self.truth)):
            if values is not None and len(values) != len(self.tokens):
                raise ShapeError(
                    f"`{name}` of a `Marked` sentence are not one a word.",
                    got=f"{len(values)}",
                    expected=f"{len(self.tokens)}",
                )


def _check_rows(
    name: str, part: str, rows: Sequence[Sequence[float]], height: int, width: int
) -> None:
    wrong = next((i for i, row in enumerate(rows) if len(row) != width), None)
    if len(rows) != height or wrong is not None:
        found = f"{len(rows)} rows"
        raise ShapeError(
            f"`{name}` of `{part}` do not fit its names.",
            got=found if wrong is None else f"{found}, {len(rows[wrong])} columns in row {wrong}",
            expected=f"{height} rows of {width} columns",
        )
