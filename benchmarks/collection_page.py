"""The page of the collection, measured: how fast each cell is, and what it learns to remember."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import tables, words
from benchmarks.excluded import EXCLUDED
from benchmarks.memory import results
from benchmarks.memory.results import Result
from benchmarks.memory.tasks import TASKS, MemoryTask
from benchmarks.memory.training import BUDGET, LIMIT
from benchmarks.records import Record
from recurra.cells import COLLECTION

MEMORY = Path(__file__).parent / "results" / "memory-tasks.jsonl"
_PAGE = "collection-measured.inc"

Results = Mapping[tuple[str, str], Result]


def write(docs: Path, head: str, records: Sequence[Record], memory: Path = MEMORY) -> Path:
    """Write the table of the page.

    Args:
        docs: the folder of the documentation.
        head: on which machine it was measured.
        records: of the group "collection".
        memory: file of results of the tasks.

    Returns:
        page: the file.
    """
    page = docs / _PAGE
    parts = [
        head.rstrip(),
        table(records, results.read(memory)),
        "## The tasks",
        tasks_table(),
        budget(),
    ]
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def table(records: Sequence[Record], found: Results) -> str:
    """Lay out a row a cell: speeds and shares of the peak, then the tasks."""
    speeds = {(each.name.split()[0], "training" in each.name): each for each in records}
    columns = ["forward", "of peak", "training", "of peak", *TASKS]
    rows = []
    for name in COLLECTION:
        forward, training = speeds.get((name, False)), speeds.get((name, True))
        tasks = [_task(name, found.get((name, task))) for task in TASKS]
        link = f"[{name}](#cell-{name})"
        rows.append([link, *_speed(name, forward), *_speed(name, training), *tasks])
    return tables.markdown([["", *columns], *rows])


def _speed(name: str, record: Record | None) -> list[str]:
    """Say how fast, and how near to the peak; or why there is no figure."""
    if name in EXCLUDED:
        return [f"not run: {EXCLUDED[name]}", ""]
    if record is None:
        return ["not measured", ""]
    if record.status != "timed":
        return [f"{record.status}: {record.note}", ""]
    ratio = record.peers[0].ratio
    speed = words.ratio(ratio) or record.peers[0].status
    share = "" if record.percent_of_peak is None else f"{record.percent_of_peak:.0f} %"
    return [f"{speed}, {record.note}" if record.note else speed, share]


def _task(name: str, result: Result | None) -> str:
    """Say after how many updates a task was solved, or what became of it."""
    if name in EXCLUDED:
        return f"not run: {EXCLUDED[name]}"
    if result is None or result.budget != results.as_dict(BUDGET):
        return "not run"
    if result.error:
        return f"failed: {result.error}"
    best = result.best
    if best.solved:
        return f"**{best.updates}**"
    stopped = "" if best.in_time else f", stopped at {best.updates}"
    return f"no, {_score(TASKS[result.task], best.score)}{stopped}"


def _score(task: MemoryTask, score: float) -> str:
    return f"{100 * score:.3g} %" if task.is_share else f"{score:.3g}"


def tasks_table() -> str:
    """Lay out the definitions of the tasks."""
    rows = [
        [
            task.name,
            f"{task.about} ({task.source})",
            task.unit,
            _score(task, task.baseline),
            _score(task, task.solved),
        ]
        for task in TASKS.values()
    ]
    return tables.markdown([["", "what it is", "score", "a guess gets", "solved at"], *rows])


def budget() -> str:
    """Say what every cell is given."""
    first, *others = (f"{rate:g}" for rate in BUDGET.rates)
    return (
        f"The budget is the same for all: H = {BUDGET.hidden_size}, an affine map of the output, "
        f"{BUDGET.updates} updates of Adam with {BUDGET.batch_size} new sequences each, gradients "
        f"cut to a norm of {BUDGET.clip:g}, the learning rate {first} and, where that does not "
        f"solve the task, {' and '.join(others)} from the start; cells with their default options. "
        f"Every {BUDGET.check_every} updates {BUDGET.check_rows} other sequences are scored. There "
        f"is one seed, {BUDGET.seed}: a *no* near the threshold could be a yes with another. "
        f"A training that takes more than {LIMIT / 60:g} minutes is stopped, and the table says so."
    )
