"""Every figure of docs/results.md: its name, the files it needs, and the commands that make it.

In a command `{data}` is the folder of the data sets and `{work}` one of this figure's own; what
stands after `>` takes what the command says. `recurra train` writes to `{work}/NAME`, and what it
measured of its best weights becomes metrics `NAME.split.metric`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.task_results.scores import Answered, Recognised, Said

PARAPHRASES = Path("examples/data/korean_paraphrases.jsonl")
Score = Callable[[Path], dict[str, float]]


@dataclass(frozen=True)
class Figure:
    """A figure, or some that are made together.

    Args:
        name: what `--only` calls it.
        needs: files below the folder of data sets.
        commands: run one after the other.
        score: makes further metrics of what lies in the folder of the figure. Default: none.
    """

    name: str
    needs: tuple[str, ...]
    commands: tuple[str, ...]
    score: Score | None = None


NSMC = "{data}/nsmc/ratings_train.txt --format tsv --text document --label label --validation 0.03"
SST2 = (
    "{data}/sst2/train.txt --validation {data}/sst2/dev.txt"
    " --format tsv --separator space --columns label,text"
)
MULTI30K = (
    "{data}/multi30k_en_de/train.en.gz {data}/multi30k_en_de/train.de.gz"
    " --validation {data}/multi30k_en_de/val.en.gz --validation {data}/multi30k_en_de/val.de.gz"
    " --test {data}/multi30k_en_de/test_2016_flickr.en.gz"
    " --test {data}/multi30k_en_de/test_2016_flickr.de.gz"
)
PTB = "{data}/ptb/train.txt --validation {data}/ptb/valid.txt --test {data}/ptb/test.txt"


def tagging(folder: str, ending: str, choices: str) -> tuple[str, ...]:
    """Give the command that tags parts of speech."""
    files = f"{folder}/train{ending} --validation {folder}/dev{ending} --test {folder}/test{ending}"
    return (f"recurra train tag {files} --label upos {choices} --out {{work}}/run",)


def matching(folder: str, choices: str = "") -> tuple[str, ...]:
    """Give the command that matches pairs of records."""
    files = f"{folder}/train.jsonl --validation {folder}/valid.jsonl --test {folder}/test.jsonl"
    return (f"recurra train match {files} {choices} --threads 1 --out {{work}}/run",)


SMALL = "--hidden-size 64 --embedding-size 64 --batch-size 64 --threads 1"
READER = f"--vocabulary-size 4000 --dropout 0.5 --epochs 3 {SMALL}"
SHORT = "--epochs 3 --vocabulary-size 4000"
SIX_EPOCHS = "--epochs 6 --learning-rate 0.005 --patience 0 --threads 1"


def writing(train: str, choices: str) -> tuple[str, ...]:
    """Give the commands that train what writes and, apart from it, what reads."""
    commands = [
        f"recurra train write {train} {choices} --threads 1 --out {{work}}/writer",
        f"recurra train classify {train} {READER} --out {{work}}/reader",
    ]
    for label in ("0", "1"):
        said, read = f"{{work}}/{label}.txt", f"{{work}}/{label}.read"
        commands += [
            f"recurra generate {{work}}/writer --label {label} --count 500 > {said}",
            f"recurra predict {{work}}/reader {said} --plain --skip-bad 500 > {read}",
        ]
    return tuple(commands)


def of(folder: str, *names: str) -> tuple[str, ...]:
    """Give the paths of files of one data set."""
    return tuple(f"{folder}/{name}" for name in names)


FIGURES = (
    Figure(
        "classify-nsmc",
        of("nsmc", "ratings_train.txt", "ratings_test.txt"),
        (f"recurra train classify {NSMC} --test {{data}}/nsmc/ratings_test.txt --skip-bad 10"
         f" --vocabulary-size 8000 --dropout 0.4 --epochs 2 {SMALL}"
         " --out {work}/run",),
    ),
    Figure(
        "classify-sst2",
        of("sst2", "train.txt", "dev.txt", "test.txt"),
        (f"recurra train classify {SST2} --test {{data}}/sst2/test.txt --vocabulary-size 4000"
         f" --dropout 0.5 --epochs 4 {SMALL} --out {{work}}/run",),
    ),
    Figure(
        "tables",
        of("etth1", "ETTh1.csv"),
        ("recurra train regress {data}/etth1/ETTh1.csv --target OT"
         " --features HUFL,HULL,MUFL,MULL,LUFL,LULL --out {work}/run",),
    ),
    Figure(
        "tag-en",
        of("ud_english_ewt", "train.conllu.gz", "dev.conllu.gz", "test.conllu.gz"),
        tagging("{data}/ud_english_ewt", ".conllu.gz", "--epochs 8"),
    ),
    Figure(
        "tag-ko",
        of("ud_korean_gsd", "train.conllu", "dev.conllu", "test.conllu"),
        tagging("{data}/ud_korean_gsd", ".conllu", "--spelling jamo --affixes 5"),
    ),
    Figure(
        "lm-ptb",
        of("ptb", "train.txt", "valid.txt", "test.txt"),
        (f"recurra train lm {PTB} --recipe examples/recipes/ptb-word.toml --out {{work}}/run",),
    ),
    Figure(
        "translate",
        of("multi30k_en_de", "train.de.gz", "train.en.gz", "val.de.gz", "test_2016_flickr.de.gz"),
        (f"recurra train translate {MULTI30K} {SIX_EPOCHS} --out {{work}}/run",),
    ),
    Figure(
        "translate-none",
        of("multi30k_en_de", "train.de.gz", "train.en.gz", "val.de.gz", "test_2016_flickr.de.gz"),
        (f"recurra train translate {MULTI30K} {SIX_EPOCHS} --attention none --out {{work}}/run",),
    ),
    Figure(
        "chat",
        of("korean_chatbot", "ChatbotData.csv"),
        (
            "python -m benchmarks.task_results.dialogue"
            " {data}/korean_chatbot/ChatbotData.csv {work}",
            "recurra train chat {work}/train.csv --validation {work}/held_out.csv"
            " --cell gru --threads 1 --out {work}/run",
            "recurra predict {work}/run {work}/learnt.jsonl --beam 1 > {work}/said.jsonl",
            f"recurra predict {{work}}/run {PARAPHRASES} --beam 1 > {{work}}/others.jsonl",
        ),
        Answered(PARAPHRASES),
    ),
    Figure(
        "match-addresses",
        of("matching_chicago_addresses", "train.jsonl", "valid.jsonl", "test.jsonl"),
        matching("{data}/matching_chicago_addresses", "--epochs 3"),
    ),
    Figure(
        "match-citations",
        of("matching_dblp_acm", "train.jsonl", "valid.jsonl", "test.jsonl"),
        matching("{data}/matching_dblp_acm", "--epochs 2"),
    ),
    Figure(
        "match-restaurants",
        of("matching_fodors_zagats", "train.jsonl", "valid.jsonl", "test.jsonl"),
        matching("{data}/matching_fodors_zagats"),
    ),
    Figure(
        "match-sentences",
        of("sick", "SICK_train.txt", "SICK_trial.txt", "SICK_test_annotated.txt"),
        ("recurra train match {data}/sick/SICK_train.txt --validation {data}/sick/SICK_trial.txt"
         " --test {data}/sick/SICK_test_annotated.txt --format tsv --score relatedness_score"
         " --units words --hidden-size 64 --typing-errors 0 --epochs 8 --threads 1"
         " --out {work}/run",),
    ),
    Figure(
        "write-sst2",
        of("sst2", "train.txt", "dev.txt"),
        writing(SST2, SHORT),
        Recognised("0", "1"),
    ),
    Figure(
        "write-nsmc",
        of("nsmc", "ratings_train.txt"),
        writing(f"{NSMC} --skip-bad 5", "--epochs 1"),
        Recognised("0", "1"),
    ),
    Figure(
        "search-1m",
        (),
        (
            "recurra train match --demo --hidden-size 16 --embedding-size 16 --vector-size 32"
            " --epochs 4 --threads 1 --out {work}/run",
            "python -m benchmarks.search {work}/run --count 1000000 > {work}/said.json",
        ),
        Said("said.json"),
    ),
)  # fmt: skip
"""In the order of the page."""
