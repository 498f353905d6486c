# The memory tasks: the targets are right, the baselines too, and everybody gets the same budget.
import json
import math
from dataclasses import replace

import pytest
import torch
from benchmarks.memory import __main__ as command
from benchmarks.memory import results
from benchmarks.memory.results import Result
from benchmarks.memory.tasks import ADDING, COPY, ORDER, TASKS, draw_adding, draw_copy, draw_order
from benchmarks.memory.training import Attempt, Budget, attempt, contest

from recurra.cells import COLLECTION, GRU

TINY = Budget(updates=6, batch_size=2, hidden_size=3, check_every=3, check_rows=4)
MANY = 4000


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
class TestEveryTask:
    def test_has_the_sizes_that_it_says(self, task):
        x, target = task.draw(chance(), 5)
        assert x.shape[1:] == (5, task.inputs)
        assert x.dtype == torch.float32
        assert target.shape == (task.answered, 5)
        answer = torch.randn(task.answered, 5, task.outputs)
        assert task.loss(answer, target).shape == task.score(answer, target).shape == ()

    def test_is_drawn_anew_and_again(self, task):
        once, twice = chance(), chance()
        first, second = task.draw(once, 5), task.draw(once, 5)
        assert torch.equal(first[0], task.draw(twice, 5)[0])
        assert not torch.equal(first[0], second[0])

    def test_is_not_solved_by_its_baseline(self, task):
        assert not task.is_solved(task.baseline)
        assert task.is_solved(task.solved)
        perfect = 0.0 if task.solved < task.baseline else 1.0
        assert task.is_solved(perfect)


class TestCopy:
    def test_says_at_the_end_what_it_heard_at_the_beginning(self):
        x, target = draw_copy(symbols=4, length=3, lag=2)(chance(), 6)
        seen = x.argmax(2)  # [T, B]
        assert x.sum(2).eq(1).all()
        assert seen.shape == (8, 6)
        assert torch.equal(seen[:3], target)
        assert int(target.max()) < 4
        assert seen[3:].unique(dim=1).flatten().tolist() == [4, 4, 5, 4, 4]

    def test_a_guess_is_right_as_often_as_the_baseline_says(self):
        _, target = COPY.draw(chance(), MANY)
        guess = torch.zeros(*target.shape, COPY.outputs)
        guess[..., 3] = 1
        assert float(COPY.score(guess, target)) == pytest.approx(COPY.baseline, abs=0.01)
        assert float(COPY.loss(0 * guess, target)) == pytest.approx(math.log(8))


class TestAdding:
    def test_asks_for_the_sum_of_the_marked(self):
        x, target = draw_adding(10)(chance(), 50)
        values, marks = x.unbind(2)
        assert marks[:5].sum(0).eq(1).all()
        assert marks[5:].sum(0).eq(1).all()
        assert torch.allclose((values * marks).sum(0, keepdim=True), target)
        assert values.min() >= 0
        assert values.max() <= 1

    def test_all_places_are_marked(self):
        x, _ = draw_adding(10)(chance(), 500)
        assert x[..., 1].sum(1).gt(0).all()

    def test_the_mean_is_as_far_off_as_the_baseline_says(self):
        _, target = ADDING.draw(chance(), MANY)
        answer = torch.ones(1, MANY, 1)
        assert float(ADDING.score(answer, target)) == pytest.approx(ADDING.baseline, abs=0.01)


class TestOrder:
    def test_asks_which_came_when(self):
        x, target = draw_order(20, noise=4)(chance(), 200)
        seen = x.argmax(2)
        for row, kind in zip(seen.T.tolist(), target[0].tolist(), strict=True):
            places = [place for place, each in enumerate(row) if each >= 4]
            assert [2 <= places[0] < 4, 10 <= places[1] < 12, len(places)] == [True, True, 2]
            assert kind == 2 * (row[places[0]] == 5) + (row[places[1]] == 5)

    def test_a_guess_is_right_as_often_as_the_baseline_says(self):
        _, target = ORDER.draw(chance(), MANY)
        assert float((target == 2).float().mean()) == pytest.approx(ORDER.baseline, abs=0.03)


class TestBudget:
    def test_is_the_same_for_all_and_repeatable(self):
        first, second = (attempt(COLLECTION["gru"].make, ADDING, TINY, 0.01) for _ in range(2))
        assert first == second
        assert (first.updates, first.solved) == (6, False)

    def test_every_rate_is_tried_until_one_solves(self, monkeypatch):
        tried = []

        def attempted(*given):
            rate = given[-2]
            tried.append(rate)
            return Attempt(rate, 3, 0.5, solved=rate == 0.02)

        monkeypatch.setattr("benchmarks.memory.training.attempt", attempted)
        outcome = contest(GRU, COPY, Budget(rates=(0.03, 0.02, 0.01)))
        assert tried == [0.03, 0.02]
        assert [each.solved for each in outcome.attempts] == [False, True]

    def test_a_solved_task_ends_the_training(self):
        easy = replace(ADDING, solved=0.1, baseline=0.0)
        assert attempt(GRU, easy, TINY, 0.01).updates == 3

    def test_what_takes_too_long_is_stopped(self):
        outcome = contest(GRU, COPY, TINY, limit=0.0)
        (stopped,) = outcome.attempts
        assert (stopped.updates, stopped.solved, stopped.in_time) == (3, False, False)

    def test_what_diverges_is_no_number(self):
        class Broken(GRU):
            def forward(self, x, hidden):
                y, hidden = super().forward(x, hidden)
                return y * torch.nan, hidden

        found = attempt(Broken, COPY, TINY, 0.01)
        assert (found.finite, found.solved, found.score) == (False, False, COPY.baseline)


class TestResults:
    def test_the_last_line_of_a_cell_and_task_counts(self, tmp_path):
        path = tmp_path / "results" / "lines.jsonl"
        first = Result("gru", "copy", {}, error="RuntimeError: it broke")
        second = Result("gru", "copy", {}, (Attempt(0.01, 50, 0.995, solved=True),), 1.5)
        for each in (first, second):
            results.add(path, each)
        assert results.read(path) == {("gru", "copy"): second}
        assert results.read(tmp_path / "nothing") == {}

    @pytest.mark.parametrize(("task", "score"), [("copy", 0.7), ("adding", 0.1)])
    def test_the_best_is_the_nearest(self, task, score):
        attempts = (Attempt(0.1, 9, 0.4, False), Attempt(0.2, 9, score, False))
        assert Result("gru", task, {}, attempts).best.score == score


class TestCommand:
    @pytest.fixture
    def run(self, tmp_path, monkeypatch):
        """Run the command with a budget of six updates; give the exit code and the lines."""
        monkeypatch.setattr(command, "BUDGET", TINY)
        out = tmp_path / "out.jsonl"

        def run(*arguments):
            monkeypatch.setattr("sys.argv", ["memory-tasks", *arguments, "--out", str(out)])
            code = command.main()
            lines = out.read_text().splitlines() if out.exists() else []
            return code, [json.loads(line) for line in lines]

        return run

    def test_goes_on_where_it_stopped(self, run):
        assert len(run("--cells", "rnn", "--tasks", "copy")[1]) == 1
        code, lines = run("--cells", "rnn,gru", "--tasks", "copy")
        assert (code, [each["cell"] for each in lines]) == (0, ["rnn", "gru"])
        assert len(run("--cells", "rnn", "--tasks", "copy", "--again")[1]) == 3

    def test_leaves_out_what_is_excluded_and_says_why(self, run, monkeypatch, capsys):
        monkeypatch.setitem(command.EXCLUDED, "rnn", "takes images")
        assert run("--cells", "rnn") == (0, [])
        assert "not run: takes images" in capsys.readouterr().out

    def test_an_error_is_a_result_and_is_tried_again(self, run, monkeypatch):
        def broken(*_):
            raise RuntimeError("it broke\nin many words")

        monkeypatch.setattr(command, "contest", broken)
        for times in (1, 2):
            code, lines = run("--cells", "gru", "--tasks", "adding")
            assert (code, len(lines)) == (1, times)
        assert lines[0]["error"] == "RuntimeError: it broke"

    def test_an_unknown_name(self, run, capsys):
        assert run("--cells", "lstn,gru", "--tasks", "cpy") == (2, [])
        assert "lstn, cpy" in capsys.readouterr().out
