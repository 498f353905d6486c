"""A text for a text."""

import math

import pytest
import torch
import torch.nn.functional as F
from small_pairs import PAIRS, RECORDS, SIZES, batch_of, translator

from recurra.base import ArgumentError, DataError, ShapeError, UnknownName
from recurra.data import NO_TARGET, Record
from recurra.decode import greedy_search
from recurra.layers import ATTENTIONS
from recurra.report import AttentionMap, Example
from recurra.tasks import (
    AnswerOptions,
    DataSettings,
    Translator,
    TranslatorConfig,
    default_training,
    load_task,
    save_task,
)
from recurra.tasks.framework import load_cell_maker, start_job, train_job
from recurra.tasks.registry import resume_job
from recurra.tasks.seq2seq.translation_network import BEGIN_NUMBER, END_NUMBER, UNKNOWN_NUMBER
from user_cell import USER_CELL

ANY = pytest.mark.parametrize("attention", ATTENTIONS)
GIVEN = [{"source": source} for source, _ in PAIRS]
MANY = [
    {"source": "ab"[: 1 + n % 2] * (1 + n % 3), "target": "xy" * (1 + n % 2)} for n in range(24)
]


def options(**choices):
    return AnswerOptions(**{"beam": 3, "longest": 9, **choices})


@ANY
def test_the_loss_is_the_mean_of_the_nats_of_steps(attention):
    task = translator(attention=attention).eval()
    with torch.no_grad():
        measured = task.measured(batch_of(task, RECORDS))
        for i, record in enumerate(RECORDS):
            numbers = task.encoder.encode(record.fields["target"])
            state = task.network.start(task.collate([task.example(record)]).inputs)
            nats = 0.0
            for before, after in zip([BEGIN_NUMBER, *numbers], [*numbers, END_NUMBER], strict=True):
                scores, state = task.network.decoder.step(torch.tensor([before]), state)
                nats += float(F.cross_entropy(scores, torch.tensor([after])))
            assert float(measured.measures["nats"][i]) == pytest.approx(nats, rel=1e-4)
    assert measured.measures["symbols"].tolist() == [4, 2, 6, 3]
    total = float(measured.measures["nats"].sum()) / (4 + 2 + 6 + 3)
    assert float(measured.loss) == pytest.approx(total)
    metrics = task.metrics({"nats": 6.0, "symbols": 3.0})
    assert metrics == {"perplexity": pytest.approx(math.exp(2)), "nats_per_symbol": 2.0}


def test_labels_are_smoothed_in_training_alone():
    task, plain = translator(label_smoothing=0.3), translator()
    batch = batch_of(task, RECORDS)
    kept = batch.targets.numbers != NO_TARGET
    with torch.no_grad():
        scores = task.network.decoder.scores(task.network(batch.inputs, batch.lengths).features)
        loss = task.train().measured(batch).loss
    expected = F.cross_entropy(scores[kept], batch.targets.numbers[kept], label_smoothing=0.3)
    torch.testing.assert_close(loss, expected)
    with torch.no_grad():
        assert torch.equal(task.eval().measured(batch).loss, plain.eval().measured(batch).loss)
        smoothed = task.train().measured(batch).measures["nats"]
        assert torch.equal(smoothed, plain.measured(batch).measures["nats"])


@ANY
def test_padding_and_company_do_not_matter(attention):
    task = translator(attention=attention).eval()
    with torch.no_grad():
        together = task.measured(batch_of(task, RECORDS)).measures["nats"]
        alone = [task.measured(batch_of(task, [each])).measures["nats"] for each in RECORDS]
        torch.testing.assert_close(together, torch.cat(alone))
        batch = batch_of(task, RECORDS)
        pair = batch.inputs
        beyond = torch.arange(len(pair.source))[:, None] >= pair.lengths
        after = torch.arange(len(pair.before))[:, None] >= batch.lengths
        filled = pair._replace(
            source=pair.source.masked_fill(beyond, 4), before=pair.before.masked_fill(after, 5)
        )
        assert torch.equal(task.measured(batch._replace(inputs=filled)).measures["nats"], together)


def test_batches_have_beginnings_ends_and_no_targets_after_them():
    task = translator()
    batch = batch_of(task, RECORDS[:2])
    x, y = task.encoder.encode("xy")
    assert batch.inputs.before.T.tolist() == [[1, x, y, x], [1, y, 0, 0]]
    assert batch.targets.numbers.T.tolist() == [[x, y, x, 2], [y, 2, NO_TARGET, NO_TARGET]]
    assert batch.inputs.source[2, 0] == END_NUMBER
    assert batch.inputs.lengths.tolist() == [3, 6]
    assert [task.size(task.example(record)) for record in RECORDS] == [4, 6, 6, 5]
    without = task.collate([task.example(RECORDS[0], targets=False)])
    assert without.targets is None
    assert without.inputs.before is None


def test_a_beam_of_one_is_greedy():
    task = translator().eval()
    batch = batch_of(task, RECORDS)
    with torch.no_grad():
        first = torch.full((len(RECORDS),), BEGIN_NUMBER)
        scores, state = task.network._step(first, task.network.start(batch.inputs))
        found = greedy_search(task.network._step, scores, state, end=END_NUMBER, longest=9)
    expected = [task.encoder.decode(each.symbols.tolist()) for each in found]
    answers = list(task.predict(GIVEN, options(beam=1)))
    assert [each.answer["text"] for each in answers] == expected
    for each, answer in zip(found, answers, strict=True):
        score = each.log_probability / (len(each.symbols) + each.ended)
        assert answer.answer["score"] == pytest.approx(score, abs=1e-4)


def test_marks_are_never_written():
    task = translator()
    with torch.no_grad():
        task.network.embed.bias[[UNKNOWN_NUMBER, BEGIN_NUMBER]] = 50.0
    for each in task.predict(GIVEN, options()):
        assert "<" not in each.answer["text"]


def test_alternatives_are_ranked_and_the_first_is_the_answer():
    task = translator()
    for each in task.predict(GIVEN, options(top=4)):
        ranked = each.answer["top"]
        assert len(ranked) == 4
        assert each.answer["text"] == ranked[0]["text"]
        assert each.answer["score"] == ranked[0]["score"]
    plain = next(task.predict(GIVEN, options())).answer
    assert sorted(plain) == ["score", "text"]


def test_no_text_is_much_longer_than_those_learnt():
    task = translator()
    with torch.no_grad():
        task.network.embed.bias[END_NUMBER] = -50.0  # never ends by itself
    assert task.longest_learnt == 5
    assert len(next(task.predict(GIVEN)).answer["text"]) == 15
    assert len(next(task.predict(GIVEN, options(longest=4))).answer["text"]) == 4


@ANY
def test_what_is_shown_has_maps_of_attention_whose_rows_add_up_to_one(attention):
    task = translator(attention=attention).eval()
    with torch.no_grad():
        parts = task.shown(RECORDS, batch_of(task, RECORDS), options())
    examples = [part for part in parts if isinstance(part, Example)]
    assert [part.given for part in examples] == [source for source, _ in PAIRS]
    assert [part.truth for part in examples] == [target for _, target in PAIRS]
    assert {part.right for part in examples} == {None}  # another translation may be as good
    maps = [part for part in parts if isinstance(part, AttentionMap)]
    assert len(maps) == (0 if attention == "none" else len(RECORDS))
    for part, (source, _) in zip(maps, PAIRS, strict=False):
        assert list(part.source) == [*source, "<eos>"]
        assert len(part.weights) == len(part.target)
        assert [sum(row) for row in part.weights] == pytest.approx([1.0] * len(part.target))


def test_final_measures_are_bleu_besides():
    task = translator()
    found = task.evaluate([record.fields for record in RECORDS], options())
    assert sorted(found.metrics) == ["bleu", "nats_per_symbol", "perplexity"]
    assert found.records == 4
    low, high = found.intervals["perplexity"]
    assert low <= found.metrics["perplexity"] <= high


@ANY
def test_it_is_the_same_after_saving_and_from_its_configuration(attention, tmp_path):
    task = translator(attention=attention, layers=2)
    save_task(task, tmp_path / "task")
    again = load_task(tmp_path / "task")
    assert isinstance(again, Translator)
    assert again.config() == task.config()
    answers = [each.answer for each in task.predict(GIVEN, options())]
    assert [each.answer for each in again.predict(GIVEN, options())] == answers
    built = Translator.from_config(task.config())
    built.load_state_dict(task.state_dict())
    assert [each.answer for each in built.predict(GIVEN, options())] == answers


def test_it_learns_and_leaves_a_report(tmp_path):
    settings = TranslatorConfig(**{**SIZES, "hidden_size": 12, "embedding_size": 8})
    training = default_training(Translator, epochs=6, patience=0, learning_rate=0.03)
    data = DataSettings(validation=MANY[:6])
    run = tmp_path / "run"
    task = Translator.fit(MANY * 8, out=run, settings=settings, training=training, data=data)
    right = [each.answer["text"] for each in task.predict(MANY, options())]
    assert right == [each["target"] for each in MANY]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "bleu" in page
    assert "of 100" in page


def test_a_training_goes_on_in_the_same_bits(tmp_path):
    import threading

    path = tmp_path / "pairs.tsv"
    lines = ["source\ttarget", *(f"{each['source']}\t{each['target']}" for each in MANY)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    small = TranslatorConfig(units="characters", cell="gru", hidden_size=6, embedding_size=5)
    data = DataSettings(validation=[path])
    kept = {"settings": small, "data": data, "training": default_training(Translator, epochs=2)}
    whole = start_job(Translator, path, tmp_path / "whole", **kept)
    train_job(whole)
    stop = threading.Event()
    stop.set()
    part = start_job(Translator, path, tmp_path / "part", **kept)
    train_job(part, stop=stop)
    again = resume_job(tmp_path / "part")
    train_job(again)
    for mine, other in zip(whole.task.parameters(), again.task.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_a_cell_of_the_users(tmp_path):
    path = tmp_path / "my_cells.py"
    path.write_text(USER_CELL, encoding="utf-8")
    task = translator(cell=load_cell_maker(f"{path}:Leaky"))
    assert isinstance(next(task.predict(GIVEN, options())).answer["text"], str)
    task.measured(batch_of(task, RECORDS)).loss.backward()
    assert all(each.grad is not None for each in task.parameters())


@pytest.mark.parametrize("role", ["source", "target"])
def test_empty_texts_are_refused(role):
    fields = {**RECORDS[0].fields, role: " "}
    with pytest.raises(DataError, match=f"The {role} of a record has no symbol") as caught:
        translator(units="words").example(Record(fields, "pairs.tsv:9"))
    assert caught.value.details["where"] == "pairs.tsv:9"


def test_a_missing_column_is_refused(tmp_path):
    with pytest.raises(DataError, match="target"):
        Translator.fit([{"source": "a", "other": "b"}] * 9, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_impossible_settings():
    with pytest.raises(UnknownName, match="attention"):
        TranslatorConfig(attention="hard")
    with pytest.raises(ShapeError, match="hidden_size"):
        TranslatorConfig(hidden_size=0)
    with pytest.raises(ArgumentError, match="label_smoothing"):
        TranslatorConfig(label_smoothing=1.5)
    with pytest.raises(ArgumentError, match="dropout"):
        TranslatorConfig(dropout=-0.1)


def test_a_role_called_source_is_told_by_its_name(tmp_path):
    pairs = [{"en": "ab" * n, "de": "ba" * n} for n in range(1, 12)]
    sizes = TranslatorConfig(units="characters", cell="gru", hidden_size=6, embedding_size=6)
    training = default_training(Translator, epochs=1)
    told = {"source": "en", "target": "de"}
    task = Translator.fit(pairs, out=tmp_path / "run", settings=sizes, training=training, **told)
    assert task.columns == {"source": ("en",), "target": ("de",)}
    assert len(list(task.predict([{"text": "abab"}], source="text"))) == 1
    assert task.evaluate(pairs[:3], source="en", target="de").records == 3
