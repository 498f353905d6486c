"""What is known of a row once it is measured; the JSON file is these."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from benchmarks.intervals import Ratio
from benchmarks.pairs import FULL, Effort

Status = Literal["timed", "wrong", "failed", "absent"]


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Args:
        threads: of all contestants, where a row does not say otherwise.
        effort: blocks and lengths of samples.
        quick: shorten sequences, and leave rows out that are not marked for it.
        gate_flops: operations that the float64 check of a row may take; it uses fewer steps where
            the row takes more.
    """

    threads: int = 1
    effort: Effort = FULL
    quick: bool = False
    gate_flops: float = 2e10


@dataclass(frozen=True)
class PeerRecord:
    """What is known of one peer in a row.

    Args:
        name: of the peer.
        status: "timed", "wrong" at the gate, "failed" with an error, or "absent".
        seconds: median of one run.
        gflops: 10^9 operations a second, the product with the input included.
        ratio: its time by ours, at equal work.
        error: against float64, relative to the largest entry.
        note: what else to say.
    """

    name: str
    status: Status
    seconds: float | None = None
    gflops: float | None = None
    ratio: Ratio | None = None
    error: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Record:
    """What is known of a row.

    Args:
        group: it belongs to.
        name: cell and shape in words.
        status: "timed", "wrong" at the gate, "failed" with an error, or "absent" on purpose.
        threads: that all used.
        seconds: our median of one run.
        gflops_recurrent: counting the product with the state alone.
        gflops_total: counting the product with the input too.
        percent_of_peak: `gflops_total` by what the arithmetic units can do.
        error: ours against float64.
        peers: in the order they were timed.
        figures: other seconds by name, of rows that have no peers.
        note: what else to say.
    """

    group: str
    name: str
    status: Status
    threads: int
    seconds: float | None = None
    gflops_recurrent: float | None = None
    gflops_total: float | None = None
    percent_of_peak: float | None = None
    error: float | None = None
    peers: tuple[PeerRecord, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Record":
        """Take back what `as_dict` gave."""
        peers = tuple(
            PeerRecord(**{**peer, "ratio": peer["ratio"] and Ratio(**peer["ratio"])})
            for peer in content["peers"]
        )
        return cls(**{**content, "peers": peers})


class Measurable(Protocol):
    """A row of a group."""

    @property
    def name(self) -> str:
        """Cell and shape in words."""

    @property
    def quick(self) -> bool:
        """Whether a quick run measures it."""

    def measure(self, group: str, settings: Settings) -> Record:
        """Measure it."""


@dataclass(frozen=True)
class Group:
    """Rows that belong together.

    Args:
        name: on the command line.
        title: above its table.
        about: a sentence or two below the title.
        rows: in the order of the table.
    """

    name: str
    title: str
    about: str
    rows: tuple[Measurable, ...]
