"""Any bytes are records or one of our errors, in every format of lines."""

import contextlib
import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.base import RecurraError
from recurra.data import FORMATS, BadRecords, ReadOptions, read_records

LINES = [
    name for name, format in FORMATS.items() if "encoding" in format.options and name != "parallel"
]

WHOLE = {
    "text": "하나\r\n둘\n\n",
    "csv": 'text,label\n"one, ""two""\nthree",1\n한글,2\n',
    "tsv": 'text\tlabel\n"one\t1\n한글\t2\n',
    "jsonl": '{"text": "one", "left": {"a": [1, null]}}\n{"text": "둘"}\n',
    "ndjson": '{"text": 1e5}\n{}\n',
    "json": '[{"text": "on\\"e"},\n {"text":\n "둘"}]',
    "conllu": "# c\n1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\ta\tX\tY\t_\t2\tz\t_\t_\n"
    "2\t둘\tb\tX\tY\t_\t0\troot\t_\t_\n\n",
    "columns": "-DOCSTART- O\n\n하나 X O\nb Y O\n\nc Z O\n",
}
PIECES = [b'"', b"\n", b"\r", b"\t", b"{", b"}", b"[", b"]", b",", b"\0", b"\xff", b"\xef\xbb\xbf",
          b"\xff\xfe", b"\\", b"1", b" ", b"\xed\xa0\x80"]  # fmt: skip

anything = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


def try_to_read(path, **options):
    """Read with the bad left out, and without; both may end in an error of ours."""
    for limit in (0, 1000):
        with contextlib.suppress(RecurraError):
            for record in read_records(path, ReadOptions(**options), BadRecords(limit)):
                assert record.where.startswith(str(path))


@pytest.mark.parametrize("format", LINES)
@given(raw=anything)
def test_any_bytes(folder, format, raw):
    path = folder / "any.bin"
    path.write_bytes(raw)
    try_to_read(path, format=format, longest_line=50)


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-32", "iso2022_kr", "utf-7", "hz"])
@given(raw=anything)
def test_any_bytes_in_other_encodings(folder, encoding, raw):
    path = folder / "any.txt"
    path.write_bytes(raw)
    try_to_read(path, encoding=encoding)


@pytest.mark.parametrize("format", LINES)
def test_altered_files(folder, format):
    assert WHOLE.keys() == set(LINES)
    whole, draw = WHOLE[format].encode(), random.Random(7)
    path = folder / "altered.bin"
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(raw) + 1)
            raw[place : place + draw.randint(0, 4)] = draw.choice(PIECES) * draw.randint(0, 2)
        path.write_bytes(raw)
        try_to_read(path, format=format)


def test_altered_gzip(folder):
    whole, draw = gzip.compress(WHOLE["text"].encode() * 5, mtime=0), random.Random(8)
    path = folder / "altered.txt.gz"
    for _ in range(150):
        raw = bytearray(whole)
        raw[draw.randrange(len(raw))] = draw.randrange(256)
        path.write_bytes(raw[: draw.randint(1, 2 * len(raw))])
        try_to_read(path)


def test_altered_tables(folder):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    table = pyarrow.table({"text": ["하나", None, "셋"], "label": [1, 2, 3]})
    parquet.write_table(table, folder / "a.parquet")
    feather.write_feather(table, folder / "a.feather", compression="uncompressed")
    draw = random.Random(9)
    for name in ("a.parquet", "a.feather"):
        whole = (folder / name).read_bytes()
        for i in range(60):
            path = folder / f"altered-{i}-{name}"  # a new one: pyarrow maps the old into memory
            path.write_bytes(whole[: draw.randrange(1, len(whole))])
            try_to_read(path)
