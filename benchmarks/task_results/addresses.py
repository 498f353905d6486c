"""Made-up addresses to search among, and some of them as another person would have typed them."""

import argparse
import json
import random
from pathlib import Path

from recurra.data import demo_address_records
from recurra.data._demos._variations import vary

SEED = 1
"""Not that of the pairs which a matcher learns from in `recurra train match --demo`."""


def write_addresses(count: int, asked: int, folder: Path) -> None:
    """Write `records.jsonl` and `asked.jsonl`; `number` says which record is meant.

    Args:
        count: records to search among.
        asked: records to look for, drawn from those.
        folder: where to write.
    """
    draw = random.Random(SEED)
    chosen = set(draw.sample(range(count), asked))
    with (
        (folder / "records.jsonl").open("w", encoding="utf-8") as records,
        (folder / "asked.jsonl").open("w", encoding="utf-8") as questions,
    ):
        for number, record in enumerate(demo_address_records(count, SEED)):
            records.write(json.dumps({**record, "number": number}) + "\n")
            if number in chosen:
                questions.write(json.dumps({**vary(record, draw), "number": number}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("asked", type=int)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    write_addresses(given.count, given.asked, given.folder)
