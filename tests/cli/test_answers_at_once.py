"""recurra predict in a pipe: a line is answered before the next is written; Ctrl-C ends it."""

import json
import os
import signal
import subprocess
import sys

import pytest
from small_tasks import REVIEWS

from recurra.tasks import TextClassifier, TextClassifierConfig, default_training


@pytest.mark.timeout(120)
def test_a_line_is_answered_while_the_pipe_is_open(tmp_path):
    (tmp_path / "reviews.tsv").write_text(REVIEWS)
    TextClassifier.fit(
        tmp_path / "reviews.tsv",
        out=tmp_path / "run",
        settings=TextClassifierConfig(units="words", hidden_size=4, embedding_size=4),
        training=default_training(TextClassifier, epochs=1),
    )
    with subprocess.Popen(
        [sys.executable, "-m", "recurra", "predict", tmp_path / "run"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        # a shell lets programs in the background ignore Ctrl-C, and so their children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as program:  # fmt: skip
        for text in (b"a fine film", b"a dull film"):
            program.stdin.write(text + b"\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["text"] == text.decode()
        program.send_signal(signal.SIGINT)  # while it waits for a third
        assert program.wait(timeout=30) == 130
        said = program.stderr.read().decode()
    assert said == ""
