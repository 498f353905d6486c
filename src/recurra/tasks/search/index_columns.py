"""Records of an index: which of their columns are the parts that a matcher reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from recurra.base import ArgumentError, DataError
from recurra.data import BadRecords, Field, Record, has_column, select_fields
from recurra.tasks.framework import check_long
from recurra.tasks.matching import Matcher, PairParts, Side, encode_parts


@dataclass(frozen=True)
class IndexColumns:
    """The columns of records that are the parts of a matcher, in their order.

    Args:
        names: of the columns.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, first: Record, parts: PairParts, given: Sequence[str] = ()) -> "IndexColumns":
        """Find the columns of the parts of records.

        Args:
            first: the first record, whose columns are looked at.
            parts: those that the matcher reads.
            given: names of columns. Default: the names of the parts.

        Raises:
            ArgumentError: there are more or fewer names than parts.
            DataError: the record has no such columns.
        """
        if given and len(given) != len(parts):
            raise ArgumentError(
                "The columns are not those of the parts that the matcher reads.",
                got=", ".join(given),
                expected=f"{len(parts)}, for {', '.join(parts.left)}",
            )
        tried = [tuple(given)] if given else [parts.right, parts.left]
        for names in tried:
            if all(has_column(first, name) for name in names):
                return cls(names)
        raise DataError(
            "A record lacks columns that the matcher reads.",
            got=", ".join(first.fields),
            expected=" or ".join(dict.fromkeys(", ".join(names) for names in tried)),
            where=first.where,
            fix="--columns " + ",".join("COLUMN" for _ in parts.left),
        )

    def encode(self, record: Record, task: "Matcher", *, lenient: bool = False) -> Side:
        """Turn a record into numbers.

        Args:
            record: columns to values.
            task: the matcher.
            lenient: whether columns may be absent that are there in the index. Default: False.

        Raises:
            DataError: there is nothing to read in the columns, or more steps than in training.
        """
        names = self.names
        if lenient and not any(has_column(record, name) for name in names):
            raise DataError(
                "A record has none of the columns of the index.",
                got=", ".join(map(str, record.fields)) or "no column",
                expected=", ".join(names),
                where=record.where,
            )
        field = Field("record", "A record.", (), "parts")
        chosen = select_fields([record], {"record": names}, [field], BadRecords())
        values = next(chosen).fields["record"].values()
        parts = dict(zip(task.parts.left, values, strict=True))
        side = encode_parts(parts, task.parts.left, task.encoder, record.where, "indexed")
        steps = sum(len(numbers) for _, numbers in side)
        check_long(record, steps, task.longest, using=True)
        return side
