"""Questions to learn, others to measure on, and what was learnt of each question."""

import argparse
import csv
import json
import random
from collections import defaultdict
from pathlib import Path

HELD_OUT = 400
"""Different questions that are not learnt; all their pairs go with them."""

Pair = tuple[str, str]


def read_pairs(path: Path, question: str = "Q", answer: str = "A") -> list[Pair]:
    """Read two columns of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[question], row[answer]) for row in csv.DictReader(file)]


def split_pairs(pairs: list[Pair], seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Keep some questions, with all their answers, out of what is learnt."""
    questions = sorted({question for question, _ in pairs})
    held_out = set(random.Random(seed).sample(questions, HELD_OUT))
    learnt = [pair for pair in pairs if pair[0] not in held_out]
    return learnt, [pair for pair in pairs if pair[0] in held_out]


def write_pairs(path: Path, pairs: list[Pair]) -> None:
    """Write a table of two columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("question", "answer"), *pairs])


def write_learnt(path: Path, pairs: list[Pair]) -> None:
    """Write each question that is learnt once, with all the answers that are."""
    answers: dict[str, list[str]] = defaultdict(list)
    for question, answer in pairs:
        answers[question].append(answer)
    with path.open("w", encoding="utf-8") as file:
        for question, learnt in answers.items():
            file.write(json.dumps({"question": question, "learnt": learnt}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    learnt, held_out = split_pairs(read_pairs(given.pairs))
    write_pairs(given.folder / "train.csv", learnt)
    write_pairs(given.folder / "held_out.csv", held_out)
    write_learnt(given.folder / "learnt.jsonl", learnt)
