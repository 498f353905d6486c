"""Labels of records: their names, their numbers, their weights."""

from collections import Counter
from collections.abc import Sequence

import torch

from recurra.base import DataError
from recurra.data import BadRecords, Record, TokenVocabulary


def labels_of(records: Sequence[Record], role: str) -> TokenVocabulary:
    """Collect the labels of records, in the order of their names.

    Raises:
        DataError: there are fewer than two, or one stands in a single record.
    """
    counts = Counter(record.fields[role] for record in records)
    if len(counts) < 2:
        raise DataError(
            f"There is only one {role}, so nothing to tell apart.",
            got=", ".join(map(repr, counts)),
            expected="two or more",
            where=records[0].where,
        )
    lonely = next((record for record in records if counts[record.fields[role]] == 1), None)
    if lonely is not None:
        raise _stands_once(lonely, role)
    return TokenVocabulary(sorted(counts))


def with_labels_known_twice(
    records: Sequence[Record], role: str, bad: BadRecords
) -> Sequence[Record]:
    """Keep the records whose label another one has, too; see `RecordTask.learnable`."""
    counts = Counter(record.fields[role] for record in records)
    if len(counts) < 2:
        return records  # there is more amiss than single records, as `labels_of` says
    for record in records:
        if counts[record.fields[role]] == 1:
            bad.refuse(_stands_once(record, role))
    return [record for record in records if counts[record.fields[role]] > 1]


def _stands_once(record: Record, role: str) -> DataError:
    return DataError(
        f"A {role} stands in a single training record, too few to learn and to measure.",
        got=repr(record.fields[role]),
        expected="two records or more of each",
        where=record.where,
        fix="take the record out, or give it another label",
    )


def number_of_label(labels: TokenVocabulary, record: Record, role: str) -> int:
    """Give the number of the label of a record.

    Raises:
        DataError: it is not among those that were learnt.
    """
    label = record.fields[role]
    if label not in labels:
        raise DataError(
            f"A record has a {role} that was not among those learnt from.",
            got=repr(label)[:60],
            expected="one of " + ", ".join(map(repr, labels.tokens[:20])),
            where=record.where,
        )
    return labels.number(label)


def balanced_weights(records: Sequence[Record], role: str, labels: TokenVocabulary) -> torch.Tensor:
    """Give each label the weight `N / (K n_k)`, so that all weigh the same together, `[K]`."""
    counts = Counter(record.fields[role] for record in records)
    each = [len(records) / (len(labels) * counts[label]) for label in labels.tokens]
    return torch.tensor(each)
