"""`recurra explain`: cells by name and from files, sizes, and requests that are refused."""

import re

import pytest

from recurra.graph import pass_names
from user_cell import USER_CELL

ODD_CELL = """
import torch
from torch import nn

class Deep(nn.Module):
    def __init__(self, features, units, depth, *, scale=1.0):
        super().__init__()
        self.first = nn.Linear(features + units, units)
        self.others = nn.ModuleList(nn.Linear(units, units) for _ in range(depth))
        self.scale = scale

    def initial_state(self, batch_size):
        return self.first.weight.new_zeros(batch_size, self.first.out_features)

    def forward(self, x, hidden):
        hidden = self.first(torch.cat([x, hidden], dim=-1)).tanh()
        for layer in self.others:
            hidden = self.scale * layer(hidden).tanh()
        return hidden, hidden

class Settled(Deep):
    def __init__(self):
        super().__init__(5, 6, 1)

class Broken(Settled):
    def forward(self, x, hidden):
        raise ZeroDivisionError("by design")

class Sampling(Settled):
    def forward(self, x, hidden):
        hidden = hidden + torch.randn_like(hidden)
        return hidden, hidden
"""


@pytest.fixture(autouse=True)
def files_of_cells(workplace):
    (workplace / "my_cells.py").write_text(USER_CELL)
    (workplace / "odd_cells.py").write_text(ODD_CELL)


@pytest.fixture
def explained(recurra):
    """Explain a cell; give what is printed."""

    def run(*arguments):
        answer = recurra("explain", *arguments)
        assert (answer.code, answer.err) == (0, "")
        return answer.out

    return run


@pytest.fixture
def declined(refused):
    """Explain what must be refused; give the message and its details."""
    return lambda *arguments: refused("explain", *arguments)


@pytest.mark.parametrize(
    ("name", "products"), [("lstm", 1), ("rnn", 1), ("gru", 1), ("gru-before", 2)]
)
def test_cells_by_name(explained, name, products):
    text = explained(name)
    assert f" is compiled: {products} product" in text
    assert "x [B, 64], " in text
    assert text.count("[B, 128] @ [128, ") >= products


def test_sizes_of_a_cell_by_name(explained):
    text = explained("lstm", "--input-size", 7, "--hidden-size", 5, "--batch-size", 9)
    assert "x [B, 7], state.hidden [B, 5], state.cell [B, 5]" in text
    assert "With 9 rows: 1,800 FLOP" in text


def test_a_cell_of_a_file(explained):
    text = explained("my_cells.py:Leaky")
    assert text.startswith("Leaky is compiled")
    assert "product x @ part of affine.weight.T + affine.bias  [T*B, 64] @ [64, 128]" in text
    assert "depends on `state.hidden`" in text
    assert (
        "my_cells.py:18  drive = self.affine(torch.cat([x, state.hidden], dim=-1)).tanh()" in text
    )


def test_a_cell_whose_class_takes_other_arguments(explained):
    deep = ["odd_cells.py:Deep", "--size", "depth=2"]
    text = explained(*deep, "--size", "scale=0.5")
    assert "Deep is compiled: 3 products" in text
    assert "x [B, 64], hidden [B, 128]" in text
    text = explained(*deep, "--input-size", 4, "--size", "units=3")
    assert "x [B, 4], hidden [B, 3]" in text
    text = explained("odd_cells.py:Settled", "--input-size", 5)
    assert "x [B, 5], hidden [B, 6]" in text


def test_inference_and_source(explained):
    text = explained("rnn")
    assert "The backward pass" in text
    assert "struct call" not in text
    text = explained("rnn", "--inference", "--source")
    assert "The backward pass" not in text
    assert "int forward(const struct call *call)" in text
    assert "int backward(const struct call *call)" not in text


def test_the_graph_after_a_pass(explained):
    text = explained("lstm", "--input-size", 3, "--hidden-size", 5, "--stage", "fuse-bias")
    assert re.search(r"= affine\(%\d+, %\d+, %\d+\) \[B, 20\] float32 before  # lstm\.py:\d+", text)
    assert text.splitlines()[-2].startswith("output: %")
    assert "is compiled" not in text
    text = explained("lstm", "--stage", "schedule")
    assert "plan backward\n  stage 0: for each of [128]: %" in text
    text = explained("rnn", "--inference", "--stage", "prefetch-inputs", "--source")
    assert re.search(r"plan forward\n  ahead: %\d+\n  stage 0: products %\d+\n", text)
    assert "int forward(const struct call *call)" in text


@pytest.mark.parametrize("more", [[], ["--inference"]])
def test_every_pass_can_be_shown(explained, more):
    names = pass_names(training=not more)
    texts = [explained("gru", *more, "--stage", name) for name in names]
    assert all(text.startswith("%0 = ") for text in texts)
    assert len(set(texts)) > len(names) / 2


def test_an_unknown_pass(declined):
    problem, details = declined("lstm", "--stage", "shedule")
    assert problem == "`--stage` is not a known name."
    assert details["fix"] == "did you mean 'schedule'?"
    for name in pass_names(training=True):
        assert repr(name) in details["expected"]
    details = declined("lstm", "--stage", "prefetch-inputs")[1]  # which only inference has
    assert "'prefetch-inputs'" not in details["expected"]


def test_a_graph_is_of_any_number_of_rows(declined):
    problem, details = declined("lstm", "--stage", "save", "--batch-size", 3)
    assert problem.startswith("`--stage` shows a graph")
    assert details["got"] == "--batch-size 3"


def test_the_stage_of_a_cell_that_is_refused_before_it(explained):
    text = explained("odd_cells.py:Sampling", "--input-size", 5, "--stage", "save")
    assert text.startswith("Sampling is not compiled")


def test_a_cell_that_is_not_compiled_is_no_mistake(explained):
    text = explained("odd_cells.py:Sampling", "--input-size", 5)
    assert text.startswith("Sampling is not compiled")
    assert "draws random numbers" in text
    assert "odd_cells.py:31  hidden = hidden + torch.randn_like(hidden)" in text


def test_an_unknown_name(declined):
    problem, details = declined("lsmt")
    assert "`cell` is not a known name" in problem
    assert details["fix"] == "did you mean 'lstm'?"


def test_a_file_or_class_that_is_not_there(declined):
    assert "does not exist" in declined("nothing.py:Cell")[0]
    details = declined("my_cells.py:Leeky")[1]
    assert details["got"] == "Leeky"
    assert "Leaky" in details["expected"]


def test_an_unknown_size(declined):
    problem, details = declined("odd_cells.py:Deep", "--size", "depht=2")
    assert "`--size` is not a known name" in problem
    assert details["fix"] == "did you mean 'depth'?"


@pytest.mark.parametrize("pair", ["depth", "=2", "depth=", "my depth=2"])
def test_a_size_that_is_no_pair(declined, pair):
    problem, details = declined("odd_cells.py:Deep", "--size", pair)
    assert problem == "`--size` is no pair."
    assert details["expected"] == "--size NAME=VALUE"


def test_a_missing_argument_of_the_class(declined):
    problem, details = declined("odd_cells.py:Deep")
    assert "cannot be made" in problem
    assert "depth" in details["got"]


def test_a_size_that_the_class_does_not_take(declined):
    problem, details = declined("odd_cells.py:Settled", "--hidden-size", 5)
    assert "takes no second size" in problem
    assert details["got"] == "--hidden-size 5"


def test_a_cell_that_does_not_tell_its_input(declined):
    problem, details = declined("odd_cells.py:Settled")
    assert "`Settled` takes is not known" in problem
    assert details["fix"] == "--input-size 64"


def test_a_cell_that_fails(declined):
    problem, details = declined("odd_cells.py:Broken", "--input-size", 5)
    assert "fails on its first step" in problem
    assert details["got"] == "ZeroDivisionError: by design"
    assert "odd_cells.py:27" in details["where"]


@pytest.mark.parametrize("option", ["--input-size", "--hidden-size", "--batch-size"])
@pytest.mark.parametrize("size", [0, -1])
def test_sizes_must_be_positive_numbers(declined, option, size):
    problem, _ = declined("lstm", option, size)
    assert option.strip("-").replace("-", "_") in problem


def test_a_cell_over_a_line_says_that_it_runs_in_the_plain_loop(explained):
    text = explained("convlstm", "--input-size", 3, "--hidden-size", 5)
    assert text.startswith("ConvLSTM is not compiled")
    assert "[B, 3, 16]" in text
