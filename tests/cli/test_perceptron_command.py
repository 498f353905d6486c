"""recurra perceptron: from one layer to two."""

import pytest


@pytest.fixture
def printed(recurra):
    answer = recurra("perceptron")
    assert answer.code == 0
    assert answer.err == ""
    return answer.out


def section(printed, number):
    lines = printed.splitlines()
    borders = [i for i, line in enumerate(lines) if line.startswith("─")] + [len(lines)]
    start = next(i for i in borders if f"─ {number}  " in lines[i])
    return lines[start + 1 : borders[borders.index(start) + 1]]


def test_the_truth_tables(printed):
    rows = [line.split() for line in section(printed, 1)[1:5]]
    assert rows == [list("00000"), list("01011"), list("10011"), list("11110")]


@pytest.mark.parametrize(("number", "decided"), [(2, list("0001")), (3, list("0111"))])
def test_one_layer_learns_and_and_or_pass_after_pass(printed, number, decided):
    lines = section(printed, number)
    passes = [line.split() for line in lines[1:] if line.split()[:1] and line.split()[0].isdigit()]
    assert [each[0] for each in passes] == [str(i) for i in range(1, len(passes) + 1)]
    assert passes[-1][1] == "0"
    assert passes[-1][-4:] == decided
    assert f"All rows are decided rightly after {len(passes)} passes." in "\n".join(lines)


def test_one_layer_fails_at_xor_and_says_why(printed):
    lines = " ".join(" ".join(section(printed, 4)).split())
    assert "the rule would go round for ever" in lines
    assert "There is no such line" in lines


@pytest.mark.parametrize("seed", [0, 1, 6])
def test_two_layers_learn_it(recurra, seed):
    printed = recurra("perceptron", "--seed", seed).out
    rows = [line.split() for line in section(printed, 6) if line.rstrip().endswith("✓")]
    assert [row[-2] for row in rows] == list("0110")
    assert "All rows are decided rightly" in " ".join(" ".join(section(printed, 6)).split())
    assert printed.count("stuck") == (0, 1, 3)[(0, 1, 6).index(seed)]


def test_it_fits_80_columns_without_wrapping(recurra, printed, monkeypatch):
    import rich

    lines = [line.rstrip() for line in printed.splitlines() if not line.startswith("─")]
    assert max(map(len, lines)) <= 80
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(rich, "_console", None)
    wide = [line.rstrip() for line in recurra("perceptron").out.splitlines()]
    assert [line for line in wide if not line.startswith("─")] == lines


def test_the_same_seed_shows_the_same(recurra, printed):
    assert recurra("perceptron").out == printed
    assert recurra("perceptron", "--seed", 3).out != printed


def test_the_name_of_before_runs_and_says_so(recurra):
    answer = recurra("gates", "--seed", 3)
    assert answer.out == recurra("perceptron", "--seed", 3).out
    assert "deprecated" in answer.err.lower()
