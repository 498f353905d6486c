"""Texts for a label."""

import math

import pytest
import torch
import torch.nn.functional as F

from recurra.base import DataError, ShapeError
from recurra.data import NO_TARGET, Record
from recurra.tasks import (
    AnswerOptions,
    Writer,
    WriterConfig,
    WritingOptions,
    default_training,
    load_task,
)

TEXTS = ["moo", "mooo", "meow", "meeow", "moooo", "meeeow"]
LABELS = ["cow", "cow", "cat", "cat", "cow", "cat"]
RECORDS = [
    Record({"text": text, "label": label}, f"calls.tsv:{i}")
    for i, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True), start=2)
]
SIZES = {"cell": "gru", "hidden_size": 7, "embedding_size": 5, "label_size": 3, "dropout": 0.0}


def writer(**choices):
    settings = WriterConfig(units="characters", **{**SIZES, **choices})
    return Writer.from_records(RECORDS, settings)


def batch_of(task, records=RECORDS):
    return task.collate([task.example(record) for record in records])


def test_each_symbol_is_predicted_from_those_before_it_and_the_label():
    task = writer().eval()
    with torch.no_grad():
        measured = task.measured(batch_of(task))
    for i, record in enumerate(RECORDS):
        numbers = task.encoder.encode(record.fields["text"])
        label = torch.tensor([task.labels.number(record.fields["label"])])
        state, nats = None, 0.0
        for before, after in zip([1, *numbers], [*numbers, 2], strict=True):
            with torch.no_grad():
                scores, state = task.network.step(torch.tensor([before]), label, state)
            nats += float(F.cross_entropy(scores, torch.tensor([after])))
        assert float(measured.measures["nats"][i]) == pytest.approx(nats, rel=1e-4)
    assert measured.measures["symbols"].tolist() == [len(text) + 1 for text in TEXTS]
    total = float(measured.measures["nats"].sum() / measured.measures["symbols"].sum())
    assert float(measured.loss) == pytest.approx(total)
    metrics = task.metrics({"nats": 6.0, "symbols": 3.0})
    assert metrics == {"perplexity": pytest.approx(math.exp(2)), "nats_per_symbol": 2.0}


def test_padding_is_no_target():
    task = writer()
    batch = batch_of(task)
    assert batch.targets[-1].tolist() == [NO_TARGET] * 5 + [2]
    assert batch.lengths.tolist() == [4, 5, 5, 6, 6, 7]


def test_labels_are_dropped_in_training_alone():
    task = writer(label_dropout=1.0)
    batch = batch_of(task)
    told = float(task.eval().measured(batch).loss.detach())
    torch.manual_seed(0)
    alone = float(task.train().measured(batch).loss.detach())
    assert told != pytest.approx(alone, rel=1e-6)
    dropped = task.network.without_some(torch.tensor([0, 1]))
    assert dropped.tolist() == [2, 2]
    assert writer(label_dropout=0.0).network.without_some(torch.tensor([0, 1])).tolist() == [0, 1]


def test_writing_is_told_by_its_seed_and_its_label():
    task = writer()
    options = WritingOptions(longest=12, temperature=1.0, seed=3)
    first = task.write("cow", count=4, options=options)
    assert first == task.write("cow", count=4, options=options)
    assert len(first) == 4
    assert len(set(first)) > 1
    assert max(map(len, first)) <= 12
    assert first != task.write("cat", count=4, options=options)
    assert all("<" not in text for text in first)  # neither marks nor "<unk>"
    wild = task.write("cow", count=4, options=WritingOptions(longest=12, seed=4))
    assert wild != first


def test_guidance_presses_for_the_label():
    task = writer().eval()
    with torch.no_grad():  # a label that adds to one symbol what no label does not
        task.network.embed_label.weight.zero_()
        task.network.embed_label.weight[0] = 2.0
    both = torch.tensor([0, len(task.labels)])
    scores, _ = task.network.step(torch.tensor([1, 1]), both, None)
    told, alone = scores
    pressed = (told + 50 * (told - alone))[3:].argmax()
    symbol = task.encoder.vocabulary.tokens[3 + int(pressed)]
    options = WritingOptions(temperature=0, guidance=50, longest=1)
    assert task.write(task.labels.tokens[0], options=options) in ([symbol], [""])


def test_it_learns_and_is_found_again(tmp_path):
    calls = [{"text": "m" + "o" * n, "label": "cow"} for n in range(2, 20)]
    calls += [{"text": "me" + "o" * n + "w", "label": "cat"} for n in range(2, 20)]
    settings = WriterConfig(units="characters", cell="gru", hidden_size=32, embedding_size=16)
    training = default_training(Writer, epochs=30, patience=0, learning_rate=0.02)
    task = Writer.fit(calls, out=tmp_path / "run", settings=settings, training=training)
    again = load_task(tmp_path / "run")
    assert isinstance(again, Writer)
    options = WritingOptions(longest=30)
    written = task.write("cat", count=8, options=options)
    assert again.write("cat", count=8, options=options) == written
    assert sum(text.startswith("me") for text in written) >= 6
    assert sum(text.startswith("mo") for text in task.write("cow", count=8, options=options)) >= 6
    answers = [each.answer["text"] for each in again.predict([{"label": "cow"}, {"label": "cat"}])]
    assert len(answers) == 2
    assert (tmp_path / "run" / "report.html").is_file()


def test_what_cannot_be_written_is_refused():
    task = writer()
    with pytest.raises(DataError, match="not among those learnt"):
        task.write("dog")
    with pytest.raises(ShapeError, match="count"):
        task.write("cow", count=0)
    with pytest.raises(DataError, match="no symbol to read"):
        writer().example(Record({"text": "", "label": "cow"}, "calls.tsv:9"))
    assert task.answers(task.collate([task.example(RECORDS[0], targets=False)]), AnswerOptions())


def test_batches_of_the_same_labels_are_answered_with_other_texts():
    task = writer().eval()
    records = [Record({"label": "cat"}, f"row {i}") for i in range(8)]
    batch = task.collate([task.example(record, targets=False) for record in records])
    options = AnswerOptions(longest=12)
    with torch.no_grad():
        first, second = task.answers(batch, options), task.answers(batch, options)
    assert first != second
    again = writer().eval()
    again.load_state_dict(task.state_dict())
    with torch.no_grad():
        assert again.answers(batch, options) == first
