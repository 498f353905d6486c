"""Records that cannot be used: how many may be left out, and which they were."""

from recurra.base import DataError, check_size

KEPT = 100
"""The number of errors that are kept, to be shown; all are counted."""


class BadRecords:
    """Count records that cannot be used; raise the first that is one too many.

    Args:
        limit: the number of bad records that are skipped before one is an error. Default: 0.

    Attributes:
        count: how many were left out.
        errors: what was wrong with the first 100 of them.

    Raises:
        ShapeError: `limit` is negative.

    Example:
        >>> import recurra
        >>> bad = recurra.data.BadRecords(limit=1)
        >>> texts = recurra.data.read_records([("fine", "yes"), ("short",)],
        ...     recurra.data.ReadOptions(columns=("text", "label")), bad)
        >>> [record.fields for record in texts]
        [{'text': 'fine', 'label': 'yes'}]
        >>> bad.count, bad.errors[0].details["where"]
        (1, 'row 2')
    """

    def __init__(self, limit: int = 0) -> None:
        self.limit = check_size("limit", limit, least=0)
        self.count = 0
        self.errors: list[DataError] = []

    def refuse(self, error: DataError, *, whole: bool = False) -> None:
        """Skip a record, or raise its error if too many have been skipped.

        Args:
            error: what is wrong with it.
            whole: whether the whole file is read in a wrong way, so that the message does not
                suggest to skip more records. Default: False.

        Raises:
            DataError: `error` itself.
        """
        if self.count >= self.limit:
            if not whole:
                _add_way_out(error, self.limit)
            raise error
        self.count += 1
        if len(self.errors) < KEPT:
            self.errors.append(error)


def _add_way_out(error: DataError, limit: int) -> None:
    way = "`--skip-bad N` leaves up to N bad records out"
    if limit:
        way += f"; N was {limit}"
    given = error.details.get("fix")
    error.add_fix(f"{given}; or {way}" if given else way)
