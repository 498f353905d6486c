"""The words of a record and their labels."""

from collections.abc import Sequence

from recurra.base import DataError
from recurra.data import BadRecords, Record, TokenVocabulary, to_units


def forms_of(record: Record, units: str) -> list[str]:
    """Give the words of a record, or the characters of all of them."""
    words: list[str] = record.fields["form"]
    return words if units == "words" else list(to_units("".join(words), "characters"))


def labelled_forms(record: Record, units: str) -> tuple[list[str], list[str]]:
    """Give the words of a record, or its characters, and as many labels.

    A single label of as many characters as there are is a label for each, such as "BIIBI".

    Raises:
        DataError: there are more labels than words, or fewer.
    """
    forms, labels = forms_of(record, units), record.fields["label"]
    if units == "characters" and len(labels) == 1 and len(labels[0]) == len(forms):
        labels = list(labels[0])
    if len(forms) != len(labels):
        raise DataError(
            f"A record has not as many labels as {units}.",
            got=f"{len(forms)} {units} and {len(labels)} labels",
            expected=f"a label for each: {' '.join(forms)[:60]}",
            where=record.where,
        )
    return forms, labels


def with_as_many_labels(records: Sequence[Record], units: str, bad: BadRecords) -> Sequence[Record]:
    """Keep the records that have a label for each word; see `RecordTask.learnable`."""
    kept = []
    for record in records:
        try:
            labelled_forms(record, units)
        except DataError as error:
            bad.refuse(error)
        else:
            kept.append(record)
    return kept


def labels_of_words(sequences: Sequence[Sequence[str]], where: str) -> TokenVocabulary:
    """Collect the labels of sentences, in the order of their names.

    Raises:
        DataError: there are fewer than two.
    """
    names = sorted({name for sequence in sequences for name in sequence})
    if len(names) < 2:
        raise DataError(
            "There is only one label, so nothing to tell apart.",
            got=", ".join(map(repr, names)),
            expected="two or more",
            where=where,
        )
    return TokenVocabulary(names)


def numbers_of_labels(
    labels: TokenVocabulary, forms: Sequence[str], names: Sequence[str], where: str
) -> list[int]:
    """Give the numbers of the labels of a sentence.

    Raises:
        DataError: one is not among those that were learnt.
    """
    place = next((t for t, name in enumerate(names) if name not in labels), None)
    if place is not None:
        raise DataError(
            "A word has a label that was not among those learnt from.",
            got=f"{names[place]!r} of word {place + 1}, {forms[place]!r}",
            expected="one of " + ", ".join(map(repr, labels.tokens[:20])),
            where=where,
        )
    return labels.encode(names)


def check_against(
    place: int | None, forms: Sequence[str], names: Sequence[str], where: str
) -> None:
    """Refuse a sentence with a label that cannot stand where it does, if there is one."""
    if place is None:
        return
    before = names[place - 1] if place else "the beginning"
    raise DataError(
        "A label cannot stand where it does; in the training data all obey.",
        got=f"{names[place]!r} of word {place + 1}, {forms[place]!r}, after {before!r}",
        expected="such as 'B-x' before 'I-x'",
        where=where,
        fix="mend the labels, or train with `--transitions any`",
    )
