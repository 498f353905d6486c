"""The nearest of many records: each embedded once, found without comparing with all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch

from recurra.base import ArgumentError, DataError, MissingExtra, check_size
from recurra.data import BadRecords, ReadOptions, Record, Source, read_records
from recurra.store import Run
from recurra.tasks.framework import Answer, evaluating
from recurra.tasks.matching import Matcher, Side, part_texts
from recurra.tasks.registry import load_task
from recurra.tasks.search.index_columns import IndexColumns
from recurra.tasks.search.index_files import (
    VECTORS,
    RecordFile,
    RecordWriter,
    check_counts,
    check_mark,
    damaged,
    new_folder,
    read_manifest,
    run_mark,
    write_manifest,
)

CHUNK = 8192
"""Records that are sorted by length and embedded together; all that is in memory at a time."""

ROWS, STEPS = 256, 100_000
"""Records of a batch while embedding, and about so many steps of all its rows with padding."""


@dataclass(frozen=True)
class IndexSettings:
    """How nearest records are found, by a graph in which each record knows some of its neighbours.

    Source: Y. Malkov and D. Yashunin, "Efficient and robust approximate nearest neighbor search
    using hierarchical navigable small world graphs" (2018).

    Args:
        neighbours: of each record in the graph; more find more, and need more memory. Default: 16.
        effort: records that are looked at while one is put into the graph. Default: 128.
        search_effort: records that are looked at in a search; more find more, and take longer.
            Default: 64.
        threads: at most so many build the graph. Default: 1.
    """

    neighbours: int = 16
    effort: int = 128
    search_effort: int = 64
    threads: int = 1

    def __post_init__(self) -> None:
        check_size("neighbours", self.neighbours, least=2, most=1024)
        check_size("effort", self.effort, most=100_000)
        check_size("search_effort", self.search_effort, most=100_000)
        check_size("threads", self.threads, most=1024)


class Neighbour(NamedTuple):
    """One of the nearest records.

    Args:
        place: its number among the records of the index, from 0.
        similarity: cosine of its vector with that of the record that was asked for.
        answer: what the matcher says of the two.
        record: all its fields.
    """

    place: int
    similarity: float
    answer: Answer
    record: dict[str, Any]


class RecordIndex:
    """Look for the nearest of many records.

    Make one with `RecordIndex.build`, or open one with `RecordIndex.open`.

    Args:
        folder: where it is.
        task: the matcher that made its vectors.
        columns: which columns are read.
        graph: the vectors, and which are near which.

    Example:
        >>> import recurra
        >>> from recurra.data import demo_addresses, demo_address_records
        >>> from recurra.tasks import DataSettings, Matcher, MatcherConfig, RecordIndex
        >>> sizes = MatcherConfig(hidden_size=8, embedding_size=8, vector_size=8)
        >>> pairs = demo_addresses(count=100).training
        >>> few = recurra.tasks.default_training(Matcher, epochs=1)
        >>> _ = Matcher.fit(pairs, out="runs/same", settings=sizes, training=few)
        >>> places = list(demo_address_records(200))
        >>> index = RecordIndex.build("runs/same", places, "places.index")
        >>> [found.place for found in index.search(places[17], 1)]
        [17]
    """

    def __init__(self, folder: Path, task: Matcher, columns: IndexColumns, graph: Any) -> None:
        self.folder, self.task, self.columns, self.graph = folder, task, columns, graph
        self.records = RecordFile(folder)

    @classmethod
    def build(
        cls,
        run: str | Path,
        source: Source,
        folder: str | Path,
        *,
        settings: IndexSettings | None = None,
        columns: Sequence[str] = (),
        read: ReadOptions | None = None,
        bad: BadRecords | None = None,
    ) -> "RecordIndex":
        """Embed records and write an index of them.

        Args:
            run: of a matcher.
            source: the records, a stream of any length.
            folder: directory to make.
            settings: how nearest records are found. Default: `IndexSettings()`.
            columns: those of the parts of a record, in their order. Default: of the parts' names.
            read: how files are read. Default: by their endings.
            bad: takes records that cannot be used. Default: the first raises.

        Raises:
            RunError: the run cannot be used, or something is at the place already.
            DataError: a record or a column cannot be used.
            MissingExtra: usearch is not installed.
        """
        settings, folder = settings or IndexSettings(), Path(folder)
        opened, task = _matcher(run)
        bad = BadRecords() if bad is None else bad
        stream = iter(read_records(source, read, bad))
        first = next(stream, None)
        if first is None:
            raise DataError("There are no records.", got="none", expected="one or more")
        chosen = IndexColumns.of(first, task.parts, columns)
        graph = _new_graph(task, settings)
        with new_folder(folder) as draft:
            writer = RecordWriter(draft)
            try:
                for records, vectors in _embedded(task, chosen, _chain(first, stream), bad):
                    places = torch.arange(len(vectors)).numpy() + len(writer.offsets)
                    graph.add(places, vectors.numpy(), threads=settings.threads)
                    for record in records:
                        writer.write(record.fields)
            finally:
                writer.close()
            if not len(writer.offsets):
                raise DataError("No record can be used.", got=f"{bad.count} left out")
            graph.save(str(draft / VECTORS))
            made = {
                "run": str(opened.folder.resolve()),
                "mark": run_mark(opened),
                "columns": list(chosen.names),
                "records": len(writer.offsets),
                "search_effort": settings.search_effort,
            }
            write_manifest(draft, made)
        return cls(folder, task, chosen, graph)

    @classmethod
    def open(cls, folder: str | Path, *, run: str | Path | None = None) -> "RecordIndex":
        """Open an index; its vectors stay on disk until they are looked at.

        Args:
            folder: where it is.
            run: the run that made it, where it is no longer at its place. Default: as recorded.

        Raises:
            RunError: the index is missing, damaged, or belongs to another run.
            MissingExtra: usearch is not installed.
        """
        folder = Path(folder)
        kind = _graph_kind()
        manifest = read_manifest(folder)
        opened, task = _matcher(run or manifest["run"])
        check_mark(manifest, opened, folder)
        graph = _restored(kind, folder, task.network.output_size)
        graph.expansion_search = manifest["search_effort"]
        opened_index = cls(folder, task, IndexColumns(tuple(manifest["columns"])), graph)
        counts = {"records": len(opened_index), "columns": len(task.parts)}
        check_counts(folder, manifest, counts)
        return opened_index

    def __len__(self) -> int:
        return len(self.records)

    def search(self, record: Mapping[str, Any], k: int = 10) -> list[Neighbour]:
        """Find the k nearest records of one, the nearest first.

        Args:
            record: columns to values; some may be missing.
            k: how many. Default: 10.

        Raises:
            DataError: the record has none of the columns, or nothing in them.
        """
        return self.search_all([Record(record, "the record that is asked for")], k)[0]

    def search_all(self, records: Sequence[Record], k: int = 10) -> list[list[Neighbour]]:
        """Find the k nearest records of each of several; see `search`."""
        k = check_size("k", k)
        sides = [self.columns.encode(record, self.task, lenient=True) for record in records]
        asked = embed_sides(self.task, sides)
        return [self._found(one, k) for one in asked.split(1)]

    def _found(self, asked: torch.Tensor, k: int) -> list[Neighbour]:
        """Find the nearest records of a vector `[1, D]`, and let the matcher judge them."""
        places = self.graph.search(asked[0].numpy(), k, threads=1).keys
        kept = self.graph.get(places)  # one array, or one a record: as the version of usearch is
        near = torch.stack([torch.from_numpy(each).float() for each in kept])  # [K, D]
        with evaluating(self.task):
            vectors = self.task.network.split(torch.cat([asked, near]))
            to = torch.arange(len(near))
            found = self.task.compare(vectors, torch.zeros_like(to), to + 1)
            answers = self.task.answers_of(found.scores)
        rows = zip(places.tolist(), found.cosines.tolist(), answers, strict=True)
        nearest = sorted(rows, key=lambda row: -row[1])
        return [Neighbour(p, round(c, 6), a, self.records[p]) for p, c, a in nearest]


def embed_sides(task: Matcher, sides: Sequence[Side], rows: int = ROWS) -> torch.Tensor:
    """Turn records into unit vectors, `[R, D]` float32, batches of like length together.

    Args:
        task: the matcher.
        sides: the records as numbers.
        rows: records of a batch. Default: 256.
    """
    longest = [max(len(numbers) for _, numbers in side) for side in sides]
    order = sorted(range(len(sides)), key=longest.__getitem__)
    whole = torch.zeros(len(sides), task.network.output_size)
    with evaluating(task):
        start = 0
        while start < len(order):
            chosen = order[start : start + rows]
            # the last is the longest, to which the others are padded
            chosen = chosen[: max(1, STEPS // longest[chosen[-1]])]
            start += len(chosen)
            texts = part_texts([sides[place] for place in chosen])
            whole[chosen] = task.network(texts, len(chosen)).whole
    return whole


def _embedded(
    task: Matcher, columns: IndexColumns, records: Iterable[Record], bad: BadRecords
) -> Iterator[tuple[list[Record], torch.Tensor]]:
    """Embed records, some at a time."""
    stream = iter(records)
    while chunk := list(islice(stream, CHUNK)):
        kept, sides = [], []
        for record in chunk:
            try:
                sides.append(columns.encode(record, task))
                kept.append(record)
            except DataError as error:
                bad.refuse(error)
        if kept:
            yield kept, embed_sides(task, sides)


def _chain(first: Record, rest: Iterable[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _matcher(folder: str | Path) -> tuple[Run, Matcher]:
    run = Run.open(folder)
    task = load_task(folder)
    if not isinstance(task, Matcher):
        raise ArgumentError(
            "Only a matcher can make an index of records.",
            got=task.kind,
            expected=Matcher.kind,
            where=run.folder / "config.json",
            fix="recurra train match PAIRS --out RUN",
        )
    return run, task


def _graph_kind() -> Any:
    try:
        from usearch.index import Index
    except ImportError as error:
        raise MissingExtra.named("usearch", "match") from error
    return Index


def _restored(kind: Any, folder: Path, size: int) -> Any:
    try:
        graph = kind.restore(str(folder / VECTORS), view=True)
    except Exception as error:  # the library raises bare ones
        raise damaged(folder / VECTORS, str(error)) from error
    if graph is None or graph.ndim != size:
        raise damaged(folder / VECTORS, "vectors of another size")
    return graph


def _new_graph(task: Matcher, settings: IndexSettings) -> Any:
    return _graph_kind()(
        ndim=task.network.output_size,
        metric="cos",
        dtype="f16",
        connectivity=settings.neighbours,
        expansion_add=settings.effort,
        expansion_search=settings.search_effort,
    )
