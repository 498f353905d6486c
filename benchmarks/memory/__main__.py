"""The command line of the memory tasks."""

import argparse
import sys
from pathlib import Path

import torch
from rich.console import Console

from benchmarks.excluded import EXCLUDED
from benchmarks.memory import results
from benchmarks.memory.results import Result
from benchmarks.memory.tasks import TASKS, MemoryTask
from benchmarks.memory.training import BUDGET, LIMIT, Budget, contest
from recurra.cells import COLLECTION

RESULTS = Path(__file__).resolve().parents[1] / "results" / "memory-tasks.jsonl"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/memory-tasks",
        description="Train the cells of the collection on the copy, adding and order tasks, on one "
        "thread. What is in the file of results already, with the same budget, is not run again; "
        "scripts/bench --render makes the page.",
    )
    parser.add_argument("--cells", help="names, parted by commas; default: all")
    parser.add_argument("--tasks", help="names, parted by commas; default: all")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of JSON lines")
    parser.add_argument(
        "--limit", type=float, default=LIMIT, help="seconds of one training; default: %(default)g"
    )
    parser.add_argument("--again", action="store_true", help="run what is there, too")
    return parser.parse_args()


def main() -> int:
    """Run what is missing; return 1 if a cell could not be run, 2 if a name is not known."""
    options = parse()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    cells = options.cells.split(",") if options.cells else list(COLLECTION)
    tasks = options.tasks.split(",") if options.tasks else list(TASKS)
    unknown = [each for each in cells if each not in COLLECTION]
    unknown += [each for each in tasks if each not in TASKS]
    if unknown:
        console.print(f"no such cell or task: {', '.join(unknown)}")
        return 2
    torch.set_num_threads(1)
    known = results.read(options.out)
    failed = False
    for cell in cells:
        if cell in EXCLUDED:
            console.print(f"{cell:<24} not run: {EXCLUDED[cell]}")
            continue
        for task in tasks:
            if not options.again and _is_done(known.get((cell, task))):
                continue
            result = run(cell, TASKS[task], BUDGET, options.limit)
            results.add(options.out, result)
            console.print(f"{cell:<24} {task:<8} {_line(result)}")
            failed |= bool(result.error)
    return int(failed)


def _is_done(result: Result | None) -> bool:
    """Tell whether there is a result of the budget that counts now."""
    return bool(result and not result.error and result.budget == results.as_dict(BUDGET))


def run(cell: str, task: MemoryTask, budget: Budget, limit: float) -> Result:
    """Train one cell on one task; an error of the cell is a result."""
    given = results.as_dict(budget)
    try:
        outcome = contest(COLLECTION[cell].make, task, budget, limit)
    except Exception as error:
        words = next(iter(str(error).splitlines()), "")
        return Result(cell, task.name, given, error=f"{type(error).__name__}: {words}")
    return Result(cell, task.name, given, outcome.attempts, round(outcome.seconds, 1))


def _line(result: Result) -> str:
    if result.error:
        return result.error
    best = result.best
    what = (
        f"solved after {best.updates} updates" if best.solved else f"not solved, {best.score:.3g}"
    )
    what += "" if best.in_time else f" when the time was up, after {best.updates} updates"
    return f"{what}, rate {best.rate}, {result.seconds} s"


if __name__ == "__main__":
    sys.exit(main())
