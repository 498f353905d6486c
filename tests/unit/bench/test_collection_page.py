# The collection, measured: rows for every cell, also for those without a kernel or left out.
import json
from dataclasses import replace

import pytest
from benchmarks import collection_page, report
from benchmarks.groups import collection
from benchmarks.groups.collection import COLLECTED, CollectionRow
from benchmarks.intervals import Ratio
from benchmarks.memory import results
from benchmarks.memory.results import Result
from benchmarks.memory.training import BUDGET, Attempt
from benchmarks.pairs import Effort
from benchmarks.records import PeerRecord, Record, Settings

from recurra.cells import COLLECTION, GRU, CollectedCell

TINY = Settings(threads=1, effort=Effort(blocks=2, sample=1e-5, pause=0), quick=True)
SPEED = "1.50x [1.40, 1.60]"
GIVEN = results.as_dict(BUDGET)
MACHINE = {
    "cpu": "a processor", "instructions": "some", "cores": 4, "threads": 1, "load": 0.1,
    "torch": "2", "compiler": "a compiler",
}  # fmt: skip
HEAD = {"machine": MACHINE, "peak": {"1": 100.0}, "blocks": 5, "quick": True}


class SortingGRU(GRU):
    def forward(self, x, hidden):
        y, hidden = super().forward(x, hidden)
        return y.sort().values, hidden


class HalvedGRU(GRU):
    output_size = 2

    def forward(self, x, hidden):
        y, hidden = super().forward(x, hidden)
        return y[:, :2], hidden


@pytest.fixture
def small(monkeypatch):
    """Measure tiny cells, one of which no kernel holds, and leave one out."""
    for name, size in (("_T", 4), ("_B", 3), ("_H", 5)):
        monkeypatch.setattr(collection, name, size)
    monkeypatch.setattr("benchmarks.row.measure_peak", lambda threads: 100.0 * threads)
    monkeypatch.setitem(COLLECTION, "sorting", CollectedCell("sorting", "odd", SortingGRU, GRU))
    monkeypatch.setitem(COLLECTION, "images", CollectedCell("images", "odd", GRU, GRU))
    monkeypatch.setitem(collection.EXCLUDED, "images", "takes images")


@pytest.mark.usefixtures("small")
class TestRow:
    @pytest.mark.parametrize("training", [False, True])
    def test_a_cell_is_timed_beside_our_lstm(self, training):
        row = CollectionRow("gru", training)
        record = row.measure("collection", TINY)
        assert (record.status, record.threads, record.name) == ("timed", 1, row.name)
        assert record.note == ""
        (peer,) = record.peers
        assert (peer.name, peer.status) == ("recurra LSTM", "timed")
        # in time: not scaled to the operations of the cell
        assert peer.ratio.value == pytest.approx(peer.seconds / record.seconds, rel=1e-6)
        work = 2 * 6 * 5 * 5 * 4 * 3 * (3 if training else 1)
        assert record.percent_of_peak == pytest.approx(work / record.seconds / 1e9)

    def test_a_cell_without_kernel_says_so(self):
        record = CollectionRow("sorting", training=False).measure("collection", TINY)
        assert (record.status, record.note) == ("timed", "plain loop")
        assert record.percent_of_peak is None
        assert record.peers[0].ratio.value > 0

    def test_a_cell_may_have_another_number_of_outputs(self, monkeypatch):
        entry = CollectedCell("halved", "odd", HalvedGRU, GRU)
        monkeypatch.setitem(COLLECTION, "halved", entry)
        record = CollectionRow("halved", training=True).measure("collection", TINY)
        assert (record.status, record.peers[0].status) == ("timed", "timed")

    def test_a_cell_left_out_says_why(self):
        record = CollectionRow("images", training=True).measure("collection", TINY)
        assert (record.status, record.note) == ("absent", "takes images")

    def test_a_cell_that_fails_says_how(self, monkeypatch):
        def broken(*_):
            raise RuntimeError("it broke\nin many words")

        entry = CollectedCell("broken", "odd", broken, GRU)
        monkeypatch.setitem(COLLECTION, "broken", entry)
        record = CollectionRow("broken", training=True).measure("collection", TINY)
        assert (record.status, record.note) == ("failed", "RuntimeError: it broke")


def test_every_cell_has_its_rows():
    assert [(row.cell, row.training) for row in COLLECTED.rows] == [
        (name, training) for name in COLLECTION for training in (False, True)
    ]


def timed(name, training=False, note="", share=50.0):
    peer = PeerRecord("recurra LSTM", "timed", 2e-3, 1.0, Ratio(1.5, 1.4, 1.6, 5), 1e-7)
    name = f"{name} H1 B2 T3{', training' if training else ''}"
    return Record(
        "collection", name, "timed", 1, 1e-3, 1.0, 2.0, share, 1e-7, peers=(peer,), note=note
    )


def solved(task, updates):
    return Result("lstm", task, GIVEN, (Attempt(0.01, updates, 1.0, solved=True),))


def line_of(name, page):
    (line,) = (each for each in page.splitlines() if each.startswith(f"| [{name}](#cell-{name}) |"))
    return [each.strip() for each in line.split("|")[2:-1]]


class TestTable:
    def test_speeds_and_tasks_stand_side_by_side(self):
        records = [timed("lstm", training=True, share=40.0), timed("lstm"), timed("lstm-peephole")]
        missed = Result("lstm", "adding", GIVEN, (Attempt(0.01, 3000, 0.01231, solved=False),))
        found = {("lstm", "copy"): solved("copy", 850), ("lstm", "adding"): missed}
        page = collection_page.table(records, found)
        assert line_of("lstm", page) == [
            SPEED, "50 %", SPEED, "40 %", "**850**", "no, 0.0123", "not run",
        ]  # fmt: skip
        assert line_of("lstm-peephole", page)[2:4] == ["not measured", ""]
        assert len({line.count("|") for line in page.splitlines()}) == 1

    def test_what_is_odd_is_said(self, monkeypatch):
        monkeypatch.setitem(collection_page.EXCLUDED, "rnn", "takes images")
        failed = Record("collection", "irnn H1 B2 T3", "failed", 1, note="it broke")
        records = [failed, timed("gru", note="plain loop", share=None)]
        missed = Result("gru", "order", GIVEN, (Attempt(0.01, 9, 0.305, solved=False),))
        broken = Result("gru", "copy", GIVEN, error="RuntimeError: it broke")
        other = Result("gru", "adding", {"updates": 5}, (Attempt(0.01, 5, 0.0, solved=True),))
        slow = Attempt(0.01, 150, 0.25, solved=False, in_time=False)
        stopped = Result("mgu", "copy", GIVEN, (slow,))
        found = {(each.cell, each.task): each for each in (missed, broken, other, stopped)}
        page = collection_page.table(records, found)
        assert set(line_of("rnn", page)) == {"not run: takes images", ""}
        assert line_of("irnn", page)[0] == "failed: it broke"
        assert line_of("mgu", page)[4] == "no, 25 %, stopped at 150"
        assert line_of("gru", page)[:2] == [f"{SPEED}, plain loop", ""]
        assert line_of("gru", page)[4:] == [
            "failed: RuntimeError: it broke", "not run", "no, 30.5 %",
        ]  # fmt: skip


def test_results_become_the_page_and_leave_the_other_alone(tmp_path):
    file = tmp_path / "collection.json"
    report.write_json(file, HEAD, [timed("lstm")])
    assert json.loads(file.read_text())["rows"][0]["peers"][0]["ratio"]["value"] == 1.5
    (page,) = report.render([file], tmp_path)
    text = page.read_text()
    assert page.name == "collection-measured.inc"
    assert "a quick run: few samples" in text
    assert line_of("lstm", text)[0] == SPEED
    assert "0.167 | 0.01 |" in text
    assert "3000 updates of Adam with 32 new sequences" in text


def test_a_file_of_all_groups_makes_both_pages(tmp_path):
    (tmp_path / "images").mkdir()
    other = replace(timed("lstm"), group="small")
    report.write_json(tmp_path / "all.json", HEAD, [timed("lstm"), other])
    written = report.render([tmp_path / "all.json"], tmp_path)
    names = ["bench-small.svg", "collection-measured.inc", "benchmark-tables.inc"]
    assert [each.name for each in written] == names
    assert all(each.read_text().count("a processor") == 1 for each in written[1:])


def test_what_is_left_out_is_in_the_collection():
    assert collection_page.EXCLUDED.keys() <= COLLECTION.keys()
