"""A training that is told to stop says so, saves, and does not pretend to have finished."""

import signal

import kills
import pytest

from recurra.store import Run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_a_stop_is_no_success(tmp_path, number):
    run = tmp_path / "run"
    process = kills.begin(kills.write_text(tmp_path), run)
    kills.wait_for_step(run, 20, process)
    assert kills.kill(process, number)
    code, out, err = kills.finish(process)
    assert (code, err) == (130, "")
    assert f"recurra train lm --resume {run}\n" in out
    assert len(Run.open(run).checkpoints()) == 2


def test_a_second_ctrl_c_ends_at_once_and_says_how_to_go_on(tmp_path):
    run = tmp_path / "run"
    process = kills.begin(kills.write_text(tmp_path), run)
    kills.wait_for_step(run, 20, process)
    kills.kill(process, signal.SIGINT)
    kills.kill(process, signal.SIGINT)
    code, out, err = kills.finish(process)
    assert code == 130
    assert f"recurra train lm --resume {run}\n" in out
    assert "Traceback" not in err
