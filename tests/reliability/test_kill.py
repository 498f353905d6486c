"""A training that was killed, interrupted and taken up again ends in the very same bits."""

import random
import signal
import time

import kills
import pytest


@pytest.fixture
def processes():
    """Collect processes, so that none outlives its test."""
    started = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_killed_twice_and_interrupted_once_it_ends_in_the_same_bits(tmp_path, processes):
    seed = random.SystemRandom().randrange(10**6)  # a new moment every time; shown on failure
    chance = random.Random(seed)
    text = kills.write_text(tmp_path)

    def started(process):
        processes.append(process)
        return process

    calm = started(kills.begin(text, tmp_path / "calm"))
    assert kills.finish(calm)[0] == 0

    run = tmp_path / "run"
    first_step, second_step = chance.randrange(1, 100), chance.randrange(140, 240)
    for step, start in ((first_step, None), (second_step, run), (300, run)):
        process = started(kills.begin(text, run) if start is None else kills.resume(run))
        kills.wait_for_step(run, step, process)
        time.sleep(chance.random() * 0.05)
        interrupted = step == 300
        assert kills.kill(process, signal.SIGINT if interrupted else signal.SIGKILL), seed
        code, out, err = kills.finish(process)
        assert code == (130 if interrupted else -signal.SIGKILL), (seed, out, err)
    assert f"recurra train lm --resume {run}\n" in out
    assert "Traceback" not in err

    code, out, err = kills.finish(started(kills.resume(run)))
    assert code == 0, (seed, err)
    assert kills.digest(run) == kills.digest(tmp_path / "calm"), seed
