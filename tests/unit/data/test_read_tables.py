"""Parquet, Arrow, pandas, and whatever else is in memory."""

import sys

import pytest

from recurra.base import ArgumentError, DataError, MissingExtra, TextError
from recurra.data import BadRecords, ReadOptions, Record, read_records

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")

ROWS = [
    {"text": "좋다", "label": 1, "left": {"name": "가"}, "words": ["a", "b"]},
    {"text": None, "label": 0, "left": {"name": "나"}, "words": []},
    {"text": "", "label": 2, "left": {"name": None}, "words": ["c"]},
]


@pytest.fixture
def table():
    return pyarrow.Table.from_pylist(ROWS)


def save_parquet(table, path):
    from pyarrow import parquet

    parquet.write_table(table, path, row_group_size=2)


def save_arrow(table, path):
    with pyarrow.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def save_stream(table, path):
    with pyarrow.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def save_feather(table, path):
    from pyarrow import feather

    feather.write_feather(table, path)


SAVED = [
    (save_parquet, "a.parquet"), (save_arrow, "a.arrow"), (save_stream, "b.arrow"),
    (save_feather, "a.feather"), (save_arrow, "a.ipc"),
]  # fmt: skip


@pytest.mark.parametrize(("save", "name"), SAVED)
def test_files(table, tmp_path, save, name):
    path = tmp_path / name
    save(table, str(path))
    records = list(read_records(path))
    assert [record.fields for record in records] == ROWS
    assert [record.where for record in records] == [f"{path}, row {i}" for i in (1, 2, 3)]


@pytest.mark.parametrize(("save", "name"), SAVED)
def test_broken_files(table, tmp_path, save, name):
    path = tmp_path / name
    save(table, str(path))
    raw = path.read_bytes()
    for broken in (raw[: len(raw) // 2], b"text\n", b""):
        path.write_bytes(broken)
        with pytest.raises(DataError) as caught:
            list(read_records(path))
        assert str(path) in caught.value.text()


def test_a_missing_file(tmp_path):
    with pytest.raises(TextError, match="cannot be read"):
        read_records(tmp_path / "a.parquet")


def test_standard_input_is_no_table():
    with pytest.raises(ArgumentError, match="standard input"):
        list(read_records("-", ReadOptions(format="parquet")))


def test_a_file_with_equal_names(tmp_path):
    path = tmp_path / "a.arrow"
    save_arrow(pyarrow.Table.from_arrays([pyarrow.array([1])] * 2, ["a", "a"]), str(path))
    with pytest.raises(DataError, match="names a column twice"):
        list(read_records(path))


def test_without_pyarrow(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="pyarrow"):
        list(read_records(path))


def test_tables_in_memory(table):
    records = list(read_records(table))
    assert [record.fields for record in records] == ROWS
    assert [record.where for record in records] == ["row 1", "row 2", "row 3"]
    (batch,) = table.to_batches()
    assert [record.fields for record in read_records(batch)] == ROWS


def test_data_frames():
    frame = pandas.DataFrame(
        {"text": ["좋다", None], "score": [2.5, 3.0], 7: pandas.array([1, None], dtype="Int64")},
        index=[5, 9],
    )
    first, second = read_records(frame)
    assert first == Record({"text": "좋다", "score": 2.5, "7": 1}, "row 1")
    assert (second.fields["7"], second.where) == (None, "row 2")


def test_a_data_frame_with_equal_names():
    frame = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(DataError, match="names a column twice"):
        list(read_records(frame))


def test_iterables():
    given = [{"a": 1}, {"a": 2}]
    assert [record.fields for record in read_records(given)] == given
    assert [record.fields for record in read_records(iter(given))] == given
    assert [record.where for record in read_records(each for each in given)] == ["row 1", "row 2"]


def test_texts():
    expected = [Record({"text": "I loved it."}, "row 1"), Record({"text": "별로"}, "row 2")]
    assert list(read_records(["I loved it.", "별로"])) == expected
    assert list(read_records(each for each in ("I loved it.", "별로"))) == expected
    (record,) = read_records(["별로"], ReadOptions(columns=("document",)))
    assert record.fields == {"document": "별로"}


def test_records_stay_as_they_are():
    records = [Record({"a": 1}, "there:7")]
    assert list(read_records(records)) == records


def test_tuples_need_names():
    options = ReadOptions(columns=("text", "label"))
    assert next(read_records([("fine", 1)], options)).fields == {"text": "fine", "label": 1}
    with pytest.raises(ArgumentError, match="have no names"):
        list(read_records([("fine", 1)]))
    with pytest.raises(DataError, match="another number of columns") as caught:
        list(read_records([("fine", 1), ("fine",)], options))
    assert caught.value.details["where"] == "row 2"


def test_items_of_another_kind():
    bad = BadRecords(1)
    assert len(list(read_records([{"a": 1}, 3, {"a": 2}], bad=bad))) == 2
    assert bad.errors[0].details["got"] == "int: 3"


@pytest.mark.parametrize("source", [{"text": ["a"]}, b"text", 3, None, []])
def test_other_sources(source):
    with pytest.raises(ArgumentError, match="`source`"):
        read_records(source)
