"""Equations of docstrings as MathML: each is drawn right, or refused."""

import re
import xml.etree.ElementTree as ET

import pytest
from equation_mathml import formula, sides
from equation_reader import EquationError

from recurra.cells import COLLECTION


def plain(mathml):
    """Write MathML back as text that shows its structure."""
    return _plain(ET.fromstring(mathml))


def _plain(element):
    parts = [_plain(each) for each in element]
    match element.tag:
        case "msub" | "munder":
            return f"{parts[0]}_[{parts[1]}]"
        case "msup":
            return f"{parts[0]}^[{parts[1]}]"
        case "msubsup":
            return f"{parts[0]}_[{parts[1]}]^[{parts[2]}]"
        case "mover":
            return f"{parts[1]}[{parts[0]}]"
        case "mfrac":
            return f"[{parts[0]}/{parts[1]}]"
        case "msqrt":
            return f"√[{''.join(parts)}]"
        case "mspace":
            return " "
        case _:
            return (element.text or "") + "".join(parts)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("f_t = sigmoid(W_xf x_t + b_f)", "f_[t]=sigmoid(W_[xf] x_[t]+b_[f])"),
        ("c_t = f_t * c_{t-1}", "c_[t]=f_[t]⊙c_[t−1]"),
        ("W - W^T", "W−W^[⊤]"),
        ("k_t^T q_t", "k_[t]^[⊤] q_[t]"),
        ("lambda_t = exp(-alpha Delta_t)", "λ_[t]=exp(−α Δ_[t])"),
        ("1/2", "[1/2]"),
        ("(C_t q_t) / max(|n_t|, 1)", "[C_[t] q_[t]/max(|n_[t]|,1)]"),
        ("A b / c d", "[A b/c d]"),
        ("a * b / c", "a⊙[b/c]"),
        ("1/sqrt(1 - |lambda|^2)", "[1/√[1−|λ|^[2]]]"),
        ("||x||^2", "‖x‖^[2]"),
        ("|a| |b|", "|a| |b|"),
        ("sum_j a_{tj} m_j", "∑_[j] a_[tj] m_[j]"),
        ("x_hat_t + ~h_t + v'", "^[x]_[t]+~[h]_[t]+v^[′]"),
        ("[x_t; h_{t-1}]", "[x_[t];h_[t−1]]"),
        ("h_{t,k} @ W1", "h_[t,k]·W_[1]"),
        ("W_in x", "W_[in] x"),
        ("W_xi x_t + xi", "W_[xi] x_[t]+ξ"),  # and not W of the Greek letter
        ("a_tau + a_{pi}", "a_[τ]+a_[pi]"),
        ("a^{-1} + b^-1", "a^[−1]+b^[−1]"),
        ("H // 2", "⌊[H/2]⌋"),
        ("m ~ Bernoulli(p)", "m∼Bernoulli(p)"),
        ("h_t if t mod T_k = 0", "h_[t]\xa0if\xa0tmodT_[k]=0"),
        ("1 where x is a number", "1\xa0where\xa0x\xa0is\xa0\xa0a\xa0\xa0number\xa0"),
        ("2^(1/T)", "2^[[1/T]]"),
        ("tau dh/dt = noise", "[τ dh/dt]=noise"),
        ("a <= b != c", "a≤b≠c"),
        ("y_1, ..., y_n", "y_[1],…,y_[n]"),
    ],
)
def test_what_is_drawn(text, drawn):
    assert plain(formula(text)) == drawn


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("h_t = foo", "unknown word 'foo'"),
        ('z_t, reset="after"', "unknown word 'reset'"),
        ("h_t = (a", r"'\)' is missing"),
        ("h_t = |a", r"'\|' is missing"),
        ("h_t = a)", r"'\)' has no place"),
        ("h_t = a $ b", r"cannot read '\$'"),
        ("h_t = a +", "missing at the end"),
        ("h_t =", "missing at the end"),
        ("h_{t", "'}' is missing"),
        ("= a", "'=' has no place"),
        ("", "nothing"),
    ],
)
def test_what_cannot_be_drawn_is_refused(text, what):
    with pytest.raises(EquationError, match=what):
        formula(text)


def test_an_equation_has_two_sides():
    left, right = sides("c_t = a_t = b_t")
    assert (plain(left), plain(right)) == ("c_[t]", "=a_[t]=b_[t]")
    left, right = sides("r_t, z_t = sigmoid(u_t)")
    assert (plain(left), plain(right)) == ("r_[t],z_[t]", "=sigmoid(u_[t])")
    with pytest.raises(EquationError, match="no equation"):
        sides("c_t + 1")


def test_what_is_read_aloud_is_what_was_written():
    assert ET.fromstring(formula("a_t < b")).get("alttext") == "a_t < b"


@pytest.mark.parametrize("entry", COLLECTION.values(), ids=COLLECTION)
def test_every_equation_of_every_card_is_drawn_whole(entry):
    for equation in entry.card.equations:
        left, right = sides(equation.text)
        drawn = plain(left) + plain(right)
        # every letter of a variable is in what is drawn: nothing is lost
        letters = re.findall(r"\b[A-Za-z](?=_|\b)", equation.text)
        indices = re.findall(r"_([a-z]{1,2})\b", equation.text)
        assert all(each in drawn for each in letters if each != "T")
        assert all(f"[{each}]" in drawn for each in indices)
        assert drawn.count("=") == equation.text.count("=")
    assert plain(formula(entry.card.size.partition(",")[0]))


def test_prose_is_parted_into_words_code_and_formulas():
    pytest.importorskip("sphinx")
    from cell_cards import _pieces

    text = 'a gate: W - W^T turns h_{t-1}, 2^(1/T) wide, by `reset="after"`, so e-mail stays.'
    kept = [piece for piece in _pieces(text) if piece[0] != "text"]
    assert kept == [
        ("math", "W - W^T"),
        ("math", "h_{t-1}"),
        ("math", "2^(1/T)"),
        ("code", 'reset="after"'),
    ]
    assert "".join(each for _, each in _pieces(text)) == text.replace("`", "")
