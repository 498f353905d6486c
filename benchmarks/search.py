"""How fast and how well the nearest of many records are found: one line of JSON.

    python -m benchmarks.search RUN --count 1000000

The records are made up. Recall is the share of the 10 nearest of an exact search over the same
vectors that the index finds. Times are of the wall and of the CPU, which differ where others
compute.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from recurra.data import Record, demo_address_records
from recurra.data.demos.variations import vary
from recurra.tasks import IndexSettings, RecordIndex
from recurra.tasks.search import index as parts

SEED = 1
"""Not that of the pairs which a matcher learns from in its demo."""


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds of the wall and of the CPU that a block takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into[f"{name}_s"] = into.get(f"{name}_s", 0.0) + time.perf_counter() - wall
    into[f"{name}_cpu_s"] = into.get(f"{name}_cpu_s", 0.0) + time.process_time() - cpu


def measure(run: Path, folder: Path, count: int, asked: int, threads: int) -> dict[str, Any]:
    """Build an index of made-up records and ask for some of them as others would type them."""
    found: dict[str, Any] = {"records": count, "asked": asked, "threads": threads}
    embed = parts.embed_sides
    seconds: dict[str, float] = {}

    def watched(*arguments: Any, **options: Any) -> torch.Tensor:
        with timed(seconds, "embedding"):
            return embed(*arguments, **options)

    parts.embed_sides = watched
    try:
        with timed(seconds, "all"):
            index = RecordIndex.build(
                run,
                demo_address_records(count, SEED),
                folder / "index",
                settings=IndexSettings(threads=threads),
            )
    finally:
        parts.embed_sides = embed
    found |= seconds | {"dimensions": index.graph.ndim, "graph_bytes": index.graph.memory_usage}
    files = (folder / "index").iterdir()
    found["file_bytes"] = {file.name: file.stat().st_size for file in files}
    found["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | ask(index, count, asked)


def ask(index: RecordIndex, count: int, asked: int) -> dict[str, Any]:
    """Ask for records; give latencies, recall, and how often the one that was meant is found."""
    draw = random.Random(SEED)
    chosen = set(draw.sample(range(count), asked))
    places = [each for each in enumerate(demo_address_records(count, SEED)) if each[0] in chosen]
    queries = [(place, vary(record, draw)) for place, record in places]
    sides = [index.columns.encode(Record(query, ""), index.task) for _, query in queries]
    vectors = parts.embed_sides(index.task, sides).numpy()
    graph, whole, near = [], [], []
    for vector, (_, query) in zip(vectors, queries, strict=True):
        with timed(spent := {}, "it"):
            near.append(set(index.graph.search(vector, 10, threads=1).keys.tolist()))
        graph.append(spent)
        with timed(spent := {}, "it"):
            index.search(query, 10)
        whole.append(spent)
    exact = index.graph.search(vectors, 10, exact=True).keys
    shared = sum(len(near[i] & set(exact[i].tolist())) for i in range(asked))
    meant = sum(place in found for (place, _), found in zip(queries, near, strict=True))
    return {
        "recall_at_10": shared / exact.size,
        "meant_is_among_10": meant / asked,
        **quantiles("graph", graph),
        **quantiles("search", whole),
    }


def quantiles(name: str, spent: list[dict[str, float]]) -> dict[str, float]:
    """Give the median and the 99th percentile, in milliseconds."""
    result = {}
    for clock in ("it_s", "it_cpu_s"):
        times = 1000 * torch.tensor([each[clock] for each in spent], dtype=torch.float64)
        label = f"{name}_{'cpu_' if 'cpu' in clock else ''}ms"
        result |= {
            f"{label}_median": times.median().item(),
            f"{label}_p99": times.quantile(0.99).item(),
        }
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory(prefix="search-") as place:
        line = measure(given.run, Path(place), given.count, given.asked, given.threads)
        sys.stdout.write(json.dumps(line) + "\n")
