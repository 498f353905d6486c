# The benchmarks' own arithmetic: pairs, intervals, the gate, and what is made of them. No timings.
import json
import time

import numpy as np
import pytest
import torch
from benchmarks import flops, gate, pairs, report, words
from benchmarks.contestants import (
    Absent,
    Contestant,
    Prepared,
    jax_scan,
    loops,
    onnx_runtime,
    ours,
    torch_nn,
)
from benchmarks.groups import GROUPS
from benchmarks.intervals import Ratio, geometric_mean, ratio_of_medians
from benchmarks.pairs import Effort, Side
from benchmarks.problem import Shape, make_problem
from benchmarks.records import PeerRecord, Record, Settings
from benchmarks.row import Row
from benchmarks.tables import table
from benchmarks.user_cells import LIBRARY, USER

TINY = Settings(threads=1, effort=Effort(blocks=3, sample=1e-5, pause=0))


def problem(name="LSTM", **options):
    kind = (LIBRARY | USER)[name]
    return make_problem(kind.make, Shape(**{"T": 5, "B": 3, "H": 4, **options}), name)


class TestRatio:
    def test_is_of_the_medians(self):
        ratio = ratio_of_medians([1.0, 2.0, 30.0], [3.0, 8.0, 1.0])
        assert ratio.value == 1.5
        assert ratio.blocks == 3

    def test_of_exact_samples_has_no_width(self):
        ratio = ratio_of_medians([2.0] * 20, [6.0] * 20)
        assert (ratio.value, ratio.low, ratio.high) == (3, 3, 3)

    def test_resamples_pairs_so_that_what_slows_both_sides_does_not_count(self):
        slowness = np.random.default_rng(1).uniform(1, 10, size=21)
        paired = ratio_of_medians(slowness, 2 * slowness)
        assert paired.low == pytest.approx(2)
        assert paired.high == pytest.approx(2)
        unpaired = ratio_of_medians(slowness, 2 * slowness[::-1].copy())
        assert unpaired.high / unpaired.low > 1.5

    def test_interval_holds_the_truth_about_as_often_as_it_says(self):
        draw = np.random.default_rng(2)
        held = 0
        for _ in range(300):
            drift = draw.lognormal(sigma=0.2, size=20)
            a = drift * draw.lognormal(sigma=0.1, size=20)
            b = 1.5 * drift * draw.lognormal(sigma=0.1, size=20)
            ratio = ratio_of_medians(a, b)
            held += ratio.low <= 1.5 <= ratio.high
        assert 0.90 <= held / 300 <= 0.995

    def test_interval_narrows_with_more_blocks(self):
        draw = np.random.default_rng(3)
        widths = []
        for blocks in (10, 1000):
            a, b = draw.lognormal(sigma=0.1, size=(2, blocks))
            ratio = ratio_of_medians(a, b)
            widths.append(ratio.high - ratio.low)
        assert widths[1] < widths[0] / 4

    def test_is_scaled_to_equal_work(self):
        assert Ratio(2.0, 1.0, 4.0, 7).scaled(0.5) == Ratio(1.0, 0.5, 2.0, 7)

    @pytest.mark.parametrize(
        ("a", "b"),
        [([1.0], [1.0, 2.0]), ([], []), ([0.0], [1.0]), ([1.0], [float("nan")]), ([-1.0], [1.0])],
    )
    def test_refuses_what_is_no_row_of_pairs(self, a, b):
        with pytest.raises(ValueError, match=r"pairs|positive"):
            ratio_of_medians(a, b)

    def test_geometric_mean_of_a_ratio_and_its_inverse_is_one(self):
        assert geometric_mean([4.0, 0.25]) == pytest.approx(1)


class TestPairs:
    def test_alternates_the_order(self):
        log = []
        a, b = (Side(lambda name=name: log.append(name), False, 1) for name in "AB")
        ours_, theirs = pairs.time_pairs(a, b, Effort(blocks=4, pause=0))
        assert "".join(log) == "ABBAABBA"
        assert len(ours_) == len(theirs) == 4

    def test_gives_each_side_its_own_times(self):
        slow = Side(lambda: time.sleep(0.01), False, 1)
        fast = Side(lambda: None, False, 1)
        a, b = pairs.time_pairs(fast, slow, Effort(blocks=2, pause=0))
        assert max(a) < 0.009 < min(b)

    def test_repeats_short_runs_until_a_sample_is_long(self):
        effort = Effort(blocks=1, sample=0.05, pause=0)
        side = pairs.prepare_side(lambda: time.sleep(0.01), training=False, effort=effort)
        assert 2 <= side.calls <= 5
        assert pairs.sample(side, effort) == pytest.approx(0.01, rel=0.9)

    @pytest.mark.parametrize("training", [False, True])
    def test_times_with_gradients_only_in_training(self, training):
        seen = []
        side = Side(lambda: seen.append(torch.is_grad_enabled()), training, 2)
        pairs.sample(side, Effort(pause=0))
        assert set(seen) == {training}


class TestGate:
    @pytest.mark.parametrize("name", [*LIBRARY, *USER])
    def test_lets_the_loop_pass_in_every_cell(self, name):
        given = problem(name, training=True)
        prepared = loops.by_hand().prepare(given)
        place, error = gate.worst_error(prepared.results(), gate.reference(given))
        assert error < 1e-5, place

    @pytest.mark.parametrize("name", LIBRARY)
    @pytest.mark.parametrize("training", [False, True])
    def test_lets_torch_pass(self, name, training):
        given = problem(name, training=training)
        prepared = torch_nn.whole().prepare(given)
        assert gate.worst_error(prepared.results(), gate.reference(given))[1] < 1e-5

    @pytest.mark.parametrize(
        "make",
        [ours.stream, ours.single_step, ours.layer_step, torch_nn.streamed, torch_nn.cell_step],
    )
    @pytest.mark.parametrize("name", ["LSTM", "GRU"])
    def test_lets_single_steps_pass(self, make, name):
        given = problem(name, T=1)
        prepared = make().prepare(given)
        with torch.no_grad():
            prepared.run()
            prepared.run()
            results = prepared.results()
        assert gate.worst_error(results, gate.reference(given))[1] < 1e-5

    @pytest.mark.parametrize("make", [torch_nn.packed, torch_nn.our_packed])
    def test_lets_packed_batches_pass(self, make):
        given = problem("GRU", T=9, training=True, shortest=0.5)
        assert len(set(given.lengths.tolist())) > 1
        assert int(given.lengths.max()) == 9
        prepared = make().prepare(given)
        assert gate.worst_error(prepared.results(), gate.reference(given))[1] < 1e-5

    @pytest.mark.parametrize("make", [loops.masked_cells, loops.masked_layers])
    @pytest.mark.parametrize("name", ["LSTM", "GRU"])
    def test_lets_masked_loops_pass(self, make, name):
        given = problem(name, T=9, training=True, resets=0.3)
        assert given.resets.any()
        prepared = make().prepare(given)
        assert gate.worst_error(prepared.results(), gate.reference(given))[1] < 1e-5

    @pytest.mark.parametrize("name", [*LIBRARY, "LN-LSTM"])
    @pytest.mark.parametrize("training", [False, True])
    def test_lets_jax_pass(self, name, training):
        pytest.importorskip("jax")
        given = problem(name, training=training)
        prepared = jax_scan.scan().prepare(given)
        assert gate.worst_error(prepared.results(), gate.reference(given))[1] < 1e-5

    @pytest.mark.parametrize("name", LIBRARY)
    @pytest.mark.parametrize("streaming", [False, True])
    def test_lets_onnx_runtime_pass(self, name, streaming):
        pytest.importorskip("onnxruntime")
        given = problem(name)
        prepared = onnx_runtime.session(streaming=streaming).prepare(given)
        assert gate.worst_error(prepared.results(), gate.reference(given))[1] < 1e-5

    def test_ignoring_resets_is_noticed(self):
        given = problem(T=9, resets=0.3)
        prepared = loops.by_hand().prepare(given)
        assert gate.worst_error(prepared.results(), gate.reference(given))[1] > gate.TOLERANCE

    @pytest.mark.parametrize("name", ["y", "state 1", "d x", "d bias"])
    def test_a_small_fault_anywhere_is_noticed(self, name):
        truth = gate.reference(problem(training=True))
        results = {each: value.clone() for each, value in truth.items()}
        results[name].view(-1)[-1] += 1e-3 * truth[name].abs().max()
        place, error = gate.worst_error(results, truth)
        assert place == name
        assert error == pytest.approx(1e-3)

    @pytest.mark.parametrize("value", [torch.nan, torch.inf])
    def test_what_is_no_number_is_infinitely_wrong(self, value):
        truth = {"y": torch.ones(2, dtype=torch.float64)}
        assert gate.worst_error({"y": torch.tensor([1.0, value])}, truth)[1] == torch.inf

    def test_missing_gradients_are_wrong_and_missing_states_are_not(self):
        truth = gate.reference(problem(training=True))
        without = {name: each for name, each in truth.items() if not name.startswith("state")}
        assert gate.worst_error(without, truth)[1] == 0
        del without["d x"]
        assert gate.worst_error(without, truth) == ("d x", torch.inf)

    def test_another_shape_is_wrong(self):
        truth = {"y": torch.ones(2, 3, dtype=torch.float64)}
        assert gate.worst_error({"y": torch.ones(3)}, truth)[1] == torch.inf


def fails(_):
    raise RuntimeError("it broke\nin many words")


def is_absent(_):
    raise Absent("not here")


def is_wrong(given):
    right = loops.by_hand().prepare(given)
    return Prepared(right.run, lambda: {**right.results(), "y": right.results()["y"] + 1})


class TestRow:
    @pytest.fixture
    def record(self, monkeypatch):
        monkeypatch.setattr("benchmarks.row.measure_peak", lambda threads: 100.0 * threads)
        peers = [
            Contestant("right", loops.by_hand().prepare),
            *(Contestant(each.__name__, each) for each in (is_wrong, is_absent, fails)),
        ]
        row = Row(LIBRARY["LSTM"], Shape(5, 3, 4), loops.by_hand(), tuple(peers))
        return row.measure("group", TINY)

    def test_times_only_who_is_right(self, record):
        status = {peer.name: (peer.status, peer.ratio is None) for peer in record.peers}
        assert status == {
            "right": ("timed", False),
            "is_wrong": ("wrong", True),
            "is_absent": ("absent", True),
            "fails": ("failed", True),
        }
        assert [peer.note for peer in record.peers[2:]] == ["not here", "RuntimeError: it broke"]

    def test_counts_operations_by_both_conventions(self, record):
        operations = 8 * 4 * 4 * 15  # 8 H^2 for each of 15 steps, twice with the input
        assert record.gflops_recurrent * record.seconds * 1e9 == pytest.approx(operations)
        assert record.gflops_total == pytest.approx(2 * record.gflops_recurrent)
        assert record.percent_of_peak == pytest.approx(record.gflops_total)

    def test_survives_json(self, record):
        assert Record.from_dict(json.loads(json.dumps(record.as_dict()))) == record

    def test_is_laid_out_as_a_table(self, record):
        lines = table([record]).splitlines()
        assert len({line.count("|") for line in lines}) == 1
        assert "wrong: y is off by" in lines[2]
        assert lines[3].startswith("| geometric mean")

    @pytest.mark.parametrize(("ours_is", "status"), [(is_wrong, "wrong"), (fails, "failed")])
    def test_is_not_timed_if_we_are_wrong(self, ours_is, status):
        row = Row(LIBRARY["LSTM"], Shape(5, 3, 4), Contestant("ours", ours_is), (loops.by_hand(),))
        record = row.measure("group", TINY)
        assert (record.status, record.seconds, record.peers) == (status, None, ())
        assert status.upper() in words.line(record)

    def test_gate_takes_fewer_steps_of_a_long_row(self, monkeypatch):
        monkeypatch.setattr("benchmarks.row.measure_peak", lambda _: 1.0)
        steps = []

        def counted(given):
            steps.append(len(given.x))
            return loops.by_hand().prepare(given)

        row = Row(LIBRARY["LSTM"], Shape(50, 2, 4), Contestant("ours", counted), ())
        settings = Settings(1, TINY.effort, gate_flops=16 * 4 * 4 * 2 * 10)
        row.measure("group", settings)
        assert steps == [10, 50]


def test_training_is_three_times_the_work():
    forward, training = problem("GRU"), problem("GRU", training=True)
    kind = LIBRARY["GRU"]
    assert flops.count(kind, training).total == 3 * flops.count(kind, forward).total
    assert flops.count(kind, forward).recurrent == 6 * 4 * 4 * 15


def test_only_valid_steps_are_work():
    ragged = problem(T=9, shortest=0.5)
    assert ragged.steps == int(ragged.lengths.sum()) < 27
    whole = ours.padded().own_problem(ragged)
    assert whole.lengths is None
    assert whole.steps == pytest.approx(ragged.steps, abs=2)


def test_the_same_name_and_shape_draw_the_same_problem():
    first, second = problem(training=True), problem(training=True)
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.cell.weight_hidden, second.cell.weight_hidden)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.0, "2 s"), (0.0123, "12.3 ms"), (4.5e-6, "4.5 µs"), (5e-8, "0.05 µs"), (None, "")],
)
def test_durations_in_words(seconds, text):
    assert words.duration(seconds) == text


def test_results_become_a_page_and_pictures(tmp_path):
    (tmp_path / "images").mkdir()
    known = PeerRecord("torch.nn", "timed", 2e-3, 1.0, Ratio(2.0, 1.5, 2.5, 5), 1e-7)
    names = [row.name for row in GROUPS["small"].rows[:2]]
    machine = {
        "cpu": "a processor", "instructions": "some", "cores": 4, "threads": 1, "load": 0.1,
        "torch": "2", "compiler": "a compiler",
    }  # fmt: skip
    head = {"machine": machine, "peak": {"1": 100.0}, "blocks": 5, "quick": True}
    files = []
    for name in reversed(names):
        record = Record("small", name, "timed", 1, 1e-3, 1.0, 2.0, 2.0, 1e-7, (known,))
        files.append(tmp_path / f"{len(files)}.json")
        report.write_json(files[-1], head, [record])
    written = report.render(files, tmp_path)
    assert [path.name for path in written] == ["bench-small.svg", "benchmark-tables.inc"]
    page = written[1].read_text()
    assert page.index(names[0]) < page.index(names[1])
    assert page.count("a processor") == page.count("a quick run") == 1
    assert "2.00x [1.50, 2.50]" in page
    picture = written[0].read_text()
    assert names[0] in picture
    report.render(files, tmp_path)
    assert written[0].read_text() == picture
