"""The command line of the figures."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.task_results.making import ROOT, CommandFailed, make_figure, missing, with_seed
from benchmarks.task_results.table import FIGURES, Figure

RESULTS = ROOT / "benchmarks" / "results" / "tasks.jsonl"
DATA = ROOT.parent / "shared" / "data"


def parse(words: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/results",
        description="Make the figures of docs/results.md by the commands that stand there. Each "
        "becomes a line of JSON; all of them take hours.",
    )
    parser.add_argument("--list", action="store_true", help="show figures and commands, run none")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="default: all")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--data", type=Path, default=DATA, help="data sets; default: %(default)s")
    parser.add_argument("--work", type=Path, help="keep runs here; default: a temporary folder")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of JSON lines")
    return parser.parse_args(words)


def main(words: list[str] | None = None, figures: tuple[Figure, ...] = FIGURES) -> int:
    """Make what is asked for; return 1 if something could not be made, 2 if a name is unknown."""
    options = parse(words)
    known = {figure.name: figure for figure in figures}
    unknown = [name for name in options.only if name not in known]
    if unknown:
        print(f"no such figure: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    chosen = [known[name] for name in options.only or known]
    if options.list:
        for figure in chosen:
            show(figure, options)
        return 0
    with tempfile.TemporaryDirectory(prefix="results-") as place:
        work = options.work or Path(place)
        made = [make(figure, options, work) for figure in chosen]
    return int(not all(made))


def show(figure: Figure, options: argparse.Namespace) -> None:
    """Print the name of a figure, what is missing for it, and its commands."""
    lacking = missing(figure, options.data)
    print(figure.name + (f"    (not there: {', '.join(lacking)})" if lacking else ""))
    for command in figure.commands:
        print("   ", with_seed(command, options.seed))


def make(figure: Figure, options: argparse.Namespace, work: Path) -> bool:
    """Make a figure and write its line; say whether it could be made."""
    lacking = missing(figure, options.data)
    if lacking:
        print(f"{figure.name}: not there: {', '.join(lacking)}", flush=True)
        return False
    folder = work / f"{figure.name}-{options.seed}"
    if folder.exists():
        print(f"{figure.name}: {folder} is there already", flush=True)
        return False
    try:
        line = make_figure(figure, options.data, folder, options.seed)
    except CommandFailed as failure:
        print(f"{figure.name}: {failure}", flush=True)
        return False
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")
    said = ", ".join(f"{name} {value:.4g}" for name, value in line["metrics"].items())
    print(f"{figure.name}: {said}; {line['cpu_seconds']:g} CPU seconds", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
