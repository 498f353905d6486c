"""The command line of the benchmarks. It sets threads up before PyTorch is imported."""

import argparse
import os
from pathlib import Path

_EXAMPLES = """examples:
  scripts/bench --list
  scripts/bench --group ragged --quick --threads 1 --json out.json
  scripts/bench --group server --row 'LSTM H1024' --json server.json
  scripts/bench --render server.json out.json
"""


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure recurra beside its peers. Every contestant is first checked against "
        "float64; one that is wrong is not timed.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--group", nargs="+", default=[], help="groups to run; default: all")
    parser.add_argument("--row", nargs="+", default=[], help="only rows with this in their name")
    parser.add_argument("--quick", action="store_true", help="few rows, 5 blocks, T at most 50")
    parser.add_argument("--blocks", type=int, help="pairs of samples; default: 20, quick 5")
    parser.add_argument("--threads", type=int, help="default: one for each core")
    parser.add_argument("--json", type=Path, help="file of results to write")
    parser.add_argument("--list", action="store_true", help="show groups and rows, measure nothing")
    parser.add_argument(
        "--render", nargs="+", type=Path, metavar="JSON",
        help="measure nothing; make the tables and pictures of docs/ from files of results",
    )  # fmt: skip
    return parser.parse_args()


def set_up_threads(asked: int | None) -> int:
    """Give every contestant the same cores, whatever way it counts its threads.

    Some, as XLA, make a thread for each core that the process may use, whatever they are told.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    count = asked or len(cores) or os.cpu_count() or 1
    if cores and count < len(cores):
        os.sched_setaffinity(0, cores[-count:])
    os.environ["OMP_NUM_THREADS"] = str(count)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    # else a second run would report the seconds of reading a cache
    os.environ.setdefault("TORCHINDUCTOR_FORCE_DISABLE_CACHES", "1")
    return count


def main() -> int:
    """Run; return 1 if a row of ours is wrong or fails."""
    options = parse()
    options.threads = set_up_threads(options.threads)
    from benchmarks.session import run

    return run(options)


if __name__ == "__main__":
    raise SystemExit(main())
