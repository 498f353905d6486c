"""However large a file is, little of it is in memory at a time."""

import gzip
import tracemalloc

import pytest

from recurra.data import BadRecords, ReadOptions, fingerprint, read_records

MEGABYTE = 1 << 20

TEXT = b"a text of some forty characters, or more " * 10

ROWS = {
    "a.txt": TEXT + b"\n",
    "a.csv": b'"' + TEXT + b'""quoted"", that\ngoes on",label\n',
    "a.tsv": TEXT + b"\tlabel\n",
    "a.jsonl": b'{"text": "' + TEXT + b'", "label": 1}\n',
    "a.conllu": b"1\t" + TEXT + b"\tword\tNOUN\tNN\t_\t0\troot\t_\t_\n\n",
    "a.conll": TEXT.replace(b" ", b"-") + b" NN O\n\n",
    "a.txt.gz": TEXT + b"\n",
}


OBJECT = b'{"text": "' + TEXT + b'",\n"label": 1},\n'


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def write(path, row, size):
    content = row * (size // len(row))
    if path.suffix == ".json":
        content = b"[" + content.removesuffix(b",\n") + b"]"
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


def count(path, options=None, bad=None):
    assert sum(1 for _ in read_records(path, options, bad)) > 5_000


@pytest.mark.parametrize("name", ROWS)
def test_records(tmp_path, name):
    path = write(tmp_path / name, ROWS[name], 4 * MEGABYTE)
    options = ReadOptions(columns=("text", "label") if name in ("a.csv", "a.tsv") else ())
    assert peak(lambda: count(path, options)) < 2 * MEGABYTE


def test_a_json_list(tmp_path):
    path = write(tmp_path / "a.json", OBJECT, 8 * MEGABYTE)
    assert peak(lambda: count(path)) < 2 * MEGABYTE


def test_parallel_files(tmp_path):
    paths = [write(tmp_path / name, TEXT + b"\n", 4 * MEGABYTE) for name in ("a", "b")]
    assert peak(lambda: count(paths, ReadOptions(format="parallel"))) < 3 * MEGABYTE


def test_a_line_that_is_too_long_is_not_loaded(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * (32 * MEGABYTE) + b"\none\n")
    options = ReadOptions(longest_line=MEGABYTE // 4)
    assert peak(lambda: list(read_records(path, options, BadRecords(1)))) < 3 * MEGABYTE


def test_fingerprints(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(32 * MEGABYTE))
    assert peak(lambda: fingerprint([path])) < 4 * MEGABYTE
