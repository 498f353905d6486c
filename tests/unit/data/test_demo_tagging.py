"""Tags of Python source: each name by its part in the syntax."""

import pytest

from recurra.data import demo_tagging
from recurra.data.demos.source_tags import tagged_lines

TAGS = {
    "keyword", "operator", "number", "string", "function", "class", "parameter", "argument",
    "call", "method", "attribute", "builtin", "imported", "variable",
}  # fmt: skip


def tags_of(source):
    """Give the tags of the last logical line as `token/tag`, operators left out."""
    form, label = list(tagged_lines(source))[-1]
    assert len(form) == len(label)
    pairs = zip(form, label, strict=True)
    return " ".join(f"{token}/{tag}" for token, tag in pairs if tag != "operator")


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("x = y\n", "x/variable y/variable"),
        ("x = f(y, key=1)\n", "x/variable f/call y/variable key/argument 1/number"),
        ("a.b.c(d.e)\n", "a/variable b/attribute c/method d/variable e/attribute"),
        ("(a\n .b) = len\n", "a/variable b/attribute len/builtin"),
        ("def f(a, *b, c=d): pass\n",
         "def/keyword f/function a/parameter b/parameter c/parameter d/variable pass/keyword"),
        ("lambda a: a\n", "lambda/keyword a/parameter a/variable"),
        ("class C(B, m=D): pass\n",
         "class/keyword C/class B/variable m/argument D/variable pass/keyword"),
        ("import a.b as c\n", "import/keyword a/imported b/imported as/keyword c/imported"),
        ("from a import b\n", "from/keyword a/imported import/keyword b/imported"),
        ("return_ = None is True\n", "return_/variable None/keyword is/keyword True/keyword"),
        ("match = type(case)\n", "match/variable type/builtin case/variable"),
        ("match x:\n    case 1: y\n", "case/keyword 1/number y/variable"),
        ("f = 'a' 'b'  # said\n", "f/variable 'a'/string 'b'/string"),
        ("é = ü.x(ö=1)\n", "é/variable ü/variable x/method ö/argument 1/number"),
        ("global g\n", "global/keyword g/variable"),
    ],
)  # fmt: skip
def test_a_line_in_full(source, tags):
    assert tags_of(source) == tags


@pytest.mark.parametrize(
    "source",
    ["x = f'{a.b} {c(d=1)!r:>{e}}' + g(h)\n", "x = f'''{a}\n {'q'}''' + g(h)\n"],
)
def test_a_formatted_string_is_one_token_in_all_versions(source):
    string = source[4:].rpartition(" + ")[0]
    assert tags_of(source) == f"x/variable {string}/string g/call h/variable"


def test_lines_are_logical_and_layout_is_no_token():
    source = "# first\nif a:\n\n    b = [1,\n         2]\n"
    assert [form for form, _ in tagged_lines(source)] == [
        ["if", "a", ":"],
        ["b", "=", "[", "1", ",", "2", "]"],
    ]


def test_all_tags_occur_and_no_other():
    data = demo_tagging()
    for part in (data.training, data.test):
        assert {tag for record in part for tag in record["label"]} == TAGS


def test_tokens_can_be_written_to_a_line():
    for record in demo_tagging().training:
        assert len(record["form"]) == len(record["label"])
        assert 3 <= len(record["form"]) <= 40
        assert all(token and token.isprintable() for token in record["form"])


def test_the_same_name_has_different_tags():
    seen = {}
    for record in demo_tagging().training:
        for token, tag in zip(record["form"], record["label"], strict=True):
            seen.setdefault(token, set()).add(tag)
    assert sum(len(tags) > 1 for tags in seen.values()) > 100
    assert len(seen["self"]) > 1
