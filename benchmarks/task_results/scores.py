"""Metrics of what commands wrote, where no command says them."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, init=False)
class Recognised:
    """The part of the texts written for a label that a classifier takes for it.

    `LABEL.txt` has the texts, `LABEL.read` the answers. A text without an answer, such as an empty
    one, is not recognised.

    Args:
        labels: what was written for.
    """

    labels: tuple[str, ...]

    def __init__(self, *labels: str) -> None:
        object.__setattr__(self, "labels", labels)

    def __call__(self, work: Path) -> dict[str, float]:
        """Count; texts that are written more than once are counted, too."""
        metrics: dict[str, float] = {}
        right = total = 0
        for label in self.labels:
            texts = lines_of(work / f"{label}.txt")
            hits = lines_of(work / f"{label}.read").count(label)
            metrics[f"recognised.{label}"] = hits / len(texts)
            metrics[f"different.{label}"] = len(set(texts)) / len(texts)
            right, total = right + hits, total + len(texts)
        return {**metrics, "recognised": right / total}


@dataclass(frozen=True)
class Said:
    """What a command of ours said of itself: a line of JSON.

    Args:
        name: the file that it went to.
    """

    name: str

    def __call__(self, work: Path) -> dict[str, float]:
        """Take the numbers."""
        (line,) = lines_of(work / self.name)
        return {
            name: value
            for name, value in json.loads(line).items()
            if isinstance(value, int | float)
        }


@dataclass(frozen=True)
class Answered:
    """How many questions are answered by heart, and whether other words of one are understood.

    `learnt.jsonl` names what was learnt for each question, `said.jsonl` has what `recurra predict`
    says to them. `paraphrases` name the learnt question that they mean, `others.jsonl` has what is
    said to those.

    Args:
        paraphrases: the file of questions in other words.
    """

    paraphrases: Path

    def __call__(self, work: Path) -> dict[str, float]:
        """Count answers that are one of those learnt, to the letter, blanks aside."""
        learnt = {
            each["question"]: {squeezed(answer) for answer in each["learnt"]}
            for each in map(json.loads, lines_of(work / "learnt.jsonl"))
        }
        said = [squeezed(json.loads(line)["text"]) for line in lines_of(work / "said.jsonl")]
        right = sum(one in answers for one, answers in zip(said, learnt.values(), strict=True))
        asked = [json.loads(line) for line in lines_of(self.paraphrases)]
        others = [squeezed(json.loads(line)["text"]) for line in lines_of(work / "others.jsonl")]
        of_learnt = [
            (one, learnt[each["learnt"]])
            for one, each in zip(others, asked, strict=True)
            if each["learnt"] in learnt  # some are held out
        ]
        alike = sum(one in answers for one, answers in of_learnt)
        return {
            "by_heart": right / len(learnt),
            "paraphrases_answered_as_learnt": alike / len(of_learnt),
            "paraphrases_of_learnt_questions": len(of_learnt),
            "paraphrases_answered_differently": len(set(others)) / len(asked),
        }


def squeezed(text: str) -> str:
    """Write every run of blanks as one, as what is learnt from a text does."""
    return " ".join(text.split())


def lines_of(path: Path) -> list[str]:
    """Read the lines of a file; a sign within a line that Unicode ends lines with does not."""
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
