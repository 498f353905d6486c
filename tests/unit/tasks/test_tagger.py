"""Taggers: words as they are spelt and as they stand, a CRF on top, spans."""

import random

import pytest
import torch

from recurra.base import ArgumentError, DataError, UnknownName
from recurra.data import BadRecords, Record
from recurra.report import Confusion, Marked
from recurra.tasks import AnswerOptions, DataSettings, Tagger, TaggerConfig, load_task
from recurra.tasks.framework import evaluating, finish_job, start_job, train_job
from recurra.tasks.registry import resume_job
from recurra.tasks.tagging.label_scheme import first_against, parts_of, rules_of, spans_of
from recurra.tasks.tagging.network import put_side_by_side
from recurra.tasks.tagging.word_encoder import WordEncoder, WordSettings
from recurra.train import TrainingSettings

SENTENCES = [
    ("the old man", "DET ADJ NOUN"),
    ("they man the boats", "PRON VERB DET NOUN"),
    ("the man", "DET NOUN"),
    ("old boats", "ADJ NOUN"),
    ("they old the man now", "PRON VERB DET NOUN ADV"),
]
NAMES = [
    ("Ada Lovelace wrote", "B-PER I-PER O"),
    ("in London", "O B-LOC"),
    ("Turing met Ada Lovelace in New York", "B-PER O B-PER I-PER O B-LOC I-LOC"),
]
SMALL = {
    "hidden_size": 12, "layers": 1, "embedding_size": 8, "letter_size": 6,
    "letter_hidden_size": 5, "affix_size": 4, "affixes": 2, "least_count": 1,
}  # fmt: skip


def records(pairs):
    return [
        Record({"form": words.split(), "label": labels.split()}, f"words.txt:{n}")
        for n, (words, labels) in enumerate(pairs, 1)
    ]


def make(pairs=SENTENCES, **choices):
    torch.manual_seed(1)
    return Tagger.from_records(records(pairs), TaggerConfig(**{**SMALL, **choices})).eval()


def batch_of(task, pairs=SENTENCES):
    return task.collate([task.example(record) for record in records(pairs)])


def scores_of(task, pairs):
    batch = batch_of(task, pairs)
    with torch.no_grad():
        return task(batch.inputs.sentences, batch.lengths)


def learn(task, steps=60, rate=0.02):
    torch.manual_seed(2)
    optimizer = torch.optim.Adam(task.parameters(), rate)
    batch = batch_of(task)
    task.train()
    for _ in range(steps):
        optimizer.zero_grad()
        task.measured(batch).loss.backward()
        optimizer.step()
    return task.eval()


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_a_few_sentences_are_learnt_by_heart(decoder):
    task = learn(make(decoder=decoder, dropout=0.1))
    with evaluating(task):
        measured = task.measured(batch_of(task))
        answers = task.answers(batch_of(task), AnswerOptions())
    assert measured.loss < 0.2
    for (words, labels), answer in zip(SENTENCES, answers, strict=True):
        assert answer["form"] == words.split()
        assert answer["labels"] == labels.split()
        assert min(answer["confidence"]) > 0.5


def test_the_loss_is_a_mean_over_words_of_the_negative_log_likelihood():
    task = make(decoder="softmax")
    batch = batch_of(task)
    scores = scores_of(task, SENTENCES).double()
    with evaluating(task):
        measured = task.measured(batch)
    nats, words = 0.0, 0
    for b, (text, labels) in enumerate(SENTENCES):
        for t, label in enumerate(labels.split()):
            nats -= float(scores[t, b].log_softmax(0)[task.labels.number(label)])
            words += 1
        assert measured.measures["words"][b] == len(text.split())
    assert float(measured.loss) == pytest.approx(nats / words, rel=1e-5)
    assert float(measured.measures["nats"].sum()) == pytest.approx(nats, rel=1e-5)


def test_a_crf_scores_whole_sentences_and_its_confidence_is_a_marginal():
    task = make([("a b", "X Y"), ("b a b", "Y X X")])
    with torch.no_grad():
        task.crf.transitions.copy_(torch.tensor([[0.3, -1.0], [2.0, 0.5]]))
    pair = [("a b", "X Y")]
    scores = scores_of(task, pair)[:, 0].double()  # [2, K]
    crf = task.crf
    total = torch.stack([
        scores[0, i] + scores[1, j] + crf.start[i] + crf.transitions[i, j] + crf.end[j]
        for i in range(2) for j in range(2)
    ]).view(2, 2)  # fmt: skip
    share = total.detach().flatten().softmax(0).view(2, 2)
    with evaluating(task):
        loss = task.measured(batch_of(task, pair)).loss
        [answer] = task.answers(batch_of(task, pair), AnswerOptions(top=2))
    assert float(loss) == pytest.approx(-float(share[0, 1].log()) / 2, rel=1e-5)
    best = divmod(int(share.argmax()), 2)
    assert answer["labels"] == task.labels.decode(best)
    first = float(share.sum(dim=1)[best[0]])
    assert answer["confidence"][0] == pytest.approx(first, abs=2e-6)
    assert [sum(each["confidence"] for each in top) for top in answer["top"]] == pytest.approx(
        [1, 1], abs=2e-6
    )


def test_a_sentence_is_scored_alike_alone_and_beside_others():
    task = make(layers=2)
    together = scores_of(task, SENTENCES)
    for b, (words, labels) in enumerate(SENTENCES):
        alone = scores_of(task, [(words, labels)])[:, 0]
        assert torch.allclose(together[: len(alone), b], alone, atol=1e-6)


def test_the_order_of_sentences_changes_nothing():
    task = make()
    order = [3, 0, 4, 2, 1]
    there = scores_of(task, SENTENCES)
    back = scores_of(task, [SENTENCES[i] for i in order])
    for place, i in enumerate(order):
        T = len(SENTENCES[i][0].split())
        assert torch.allclose(back[:T, place], there[:T, i], atol=1e-6)


def test_letters_are_read_alike_whatever_words_are_beside():
    task = make()
    spell, encoder = task.network.spell, task.encoder

    def vectors(words):
        sentences, _ = put_side_by_side([[encoder(word) for word in words]])
        with torch.no_grad():
            return spell(sentences.letters, sentences.letter_counts)

    together = vectors(["they", "a", "boats", "man"])
    for i, word in enumerate(["they", "a", "boats", "man"]):
        assert torch.allclose(together[i], vectors([word])[0], atol=1e-6)
    assert not torch.allclose(vectors(["man"]), vectors(["nam"]), atol=1e-3)


def test_each_distinct_word_is_spelt_once():
    encoder = WordEncoder.of(["to", "be", "or", "not"], WordSettings(least_count=1))
    rows = [[encoder(word) for word in text.split()] for text in ("to be or", "not to be to")]
    sentences, lengths = put_side_by_side(rows)
    assert lengths.tolist() == [3, 4]
    assert sentences.letters.shape == (3, 4)
    assert sentences.letter_counts.tolist() == [2, 2, 2, 3]
    assert sentences.places[:, 1].tolist() == [3, 0, 1, 0]
    assert sentences.places[:3, 0].tolist() == [0, 1, 2]


def test_words_by_number_by_letters_and_by_ends():
    settings = WordSettings(least_count=2, affixes=2)
    forms = ["Going", "going", "doing", "king", "wing", "a"]
    encoder = WordEncoder.of(forms, settings)
    assert encoder.words.tokens == ("<unk>", "going")
    assert set(encoder.affixes.tokens) == {"<unk>", "-g", "-ng"}
    spelling = encoder("Going")
    assert spelling.word == 1
    assert encoder.letters.decode(spelling.letters) == list("Going")
    assert encoder.affixes.decode(spelling.affixes) == ["<unk>", "<unk>", "-g", "-ng"]
    assert encoder("ng").affixes[3] == 0  # as long as the word
    assert encoder("\u2603").letters == (0,)
    again = WordEncoder.from_config(encoder.config(), settings)
    assert again("kings") == encoder("kings")


def test_hangul_is_read_by_its_letters():
    encoder = WordEncoder.of(["집을", "밥을", "말을"], WordSettings(spelling="jamo", affixes=3))
    assert len(encoder("집을").letters) == 6
    assert encoder.affixes.decode(encoder("물을").affixes)[5] == "-\u110b\u1173\u11af"  # 을


def test_of_a_very_long_word_both_ends_are_read():
    encoder = WordEncoder.of(["a" + "b" * 200 + "c"], WordSettings())
    letters = encoder.letters.decode(encoder("a" + "b" * 200 + "c").letters)
    assert "".join(letters) == "a" + "b" * 46 + "c"


def test_features_are_dropped_at_all_steps_alike():
    task = make(dropout=0.5).train()
    dropped = task.network._drop(torch.ones(7, 3, 40))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert bool((dropped == dropped[:1]).all())
    assert not bool((dropped[0, 0] == dropped[0, 1]).all())
    assert bool((task.eval().network._drop(torch.ones(7, 3, 40)) == 1).all())


def test_words_are_read_as_unknown_now_and_then_in_training():
    task = make(word_dropout=1.0, dropout=0.0)
    sentences = batch_of(task).inputs.sentences
    known = task.network.read(sentences)[..., :8]
    unknown = task.train().network.read(sentences)[..., :8]
    assert torch.equal(unknown, task.network.embed.weight[0].expand_as(unknown))
    assert not torch.allclose(known, unknown)


@pytest.mark.parametrize("choice", [{"letter_hidden_size": 0}, {"affixes": 0}, {"cell": "gru"}])
def test_parts_of_the_network_can_be_left_out_or_changed(choice):
    task = make(**choice)
    assert scores_of(task, SENTENCES).shape == (5, 5, len(task.labels))


# Labels that mark spans.


def plain_spans(labels):
    """Find the spans of IOB2 and IOBES by the words of the CoNLL evaluation: begin, then extend."""
    spans = []
    for t, label in enumerate(labels):
        mark, _, kind = label.partition("-")
        before, _, kind_before = labels[t - 1].partition("-") if t else ("O", "", "")
        if mark == "O":
            continue
        continues = mark in "IE" and before in ("B", "I") and kind == kind_before
        if continues:
            spans[-1][2] = t + 1
        else:
            spans.append([kind, t, t + 1])
    return {tuple(span) for span in spans}


@pytest.mark.parametrize("marks", ["BI", "BIES"])
def test_spans_are_those_of_a_plain_implementation_whatever_the_labels(marks):
    draw = random.Random(4)
    names = ["O"] + [f"{mark}-{kind}" for mark in marks for kind in ("PER", "LOC")]
    for _ in range(500):
        labels = draw.choices(names, k=draw.randint(1, 9))
        parts = [part for name in labels for part in parts_of([name, "B-x"])[:1]]
        assert spans_of(parts) == plain_spans(labels), labels


def test_which_labels_are_a_scheme():
    assert parts_of(["DET", "NOUN"]) is None
    assert parts_of(["O", "I-PER"]) is None  # nothing begins
    assert parts_of(["B", "I"]) == [("B", ""), ("I", "")]
    assert parts_of(["B-x", "O", "ADJ"]) is None


def test_the_rules_of_bio_and_of_iobes():
    names = ["B-x", "I-x", "B-y", "I-y", "O"]
    rules = rules_of(parts_of(names))
    assert rules.first.tolist() == [True, False, True, False, True]
    assert rules.last.all()
    assert rules.following[:, 1].tolist() == [True, True, False, False, False]
    assert rules.following[:, [0, 2, 4]].all()
    assert first_against(rules, [4, 0, 1, 3]) == 3
    assert first_against(rules, [1, 1]) == 0
    assert first_against(rules, [0, 1, 2]) is None
    names = ["B-x", "E-x", "I-x", "O", "S-x"]
    rules = rules_of(parts_of(names))
    assert rules.last.tolist() == [False, True, False, True, True]
    assert rules.following[0].tolist() == [False, True, True, False, False]
    assert rules.following[1].tolist() == [True, False, False, True, True]
    assert first_against(rules, [3, 0]) == 1


def test_what_bio_forbids_is_never_answered():
    task = make(NAMES)
    with torch.no_grad():
        task.network.head.bias.zero_()[task.labels.number("I-PER")] = 50.0
    with evaluating(task):
        answers = task.answers(batch_of(task, NAMES), AnswerOptions())
    for answer in answers:
        assert answer["labels"] == ["B-PER"] + ["I-PER"] * (len(answer["labels"]) - 1)
    free = make(NAMES, transitions="any")
    assert free.rules is None
    assert not free.crf.penalty_first.any()


def test_labels_that_do_not_obey_make_no_rules():
    task = make([*NAMES, ("Ada", "I-PER")])
    assert task.rules is None
    assert task.parts is not None


def test_span_f1_is_that_of_the_spans():
    task = make(NAMES)
    batch = batch_of(task, NAMES)
    with evaluating(task):
        measures = task.final_measures(batch, AnswerOptions())
        answers = task.answers(batch, AnswerOptions())
    there = [plain_spans(labels.split()) for _, labels in NAMES]
    told = [plain_spans(answer["labels"]) for answer in answers]
    right = [len(a & b) for a, b in zip(there, told, strict=True)]
    assert measures["spans"].tolist() == [1, 1, 3]
    assert measures["spans_found"].tolist() == list(map(len, told))
    assert measures["spans_right"].tolist() == right
    totals = {name: float(value.sum()) for name, value in measures.items() if value.dim() == 1}
    metrics = task.final_metrics({**totals, "spans_found": 4.0, "spans_right": 3.0})
    assert metrics["span_precision"] == 3 / 4
    assert metrics["span_recall"] == 3 / 5
    assert metrics["span_f1"] == pytest.approx(6 / 9)


# Measures.


def test_accuracies_and_the_confusion_matrix():
    task = learn(make(), steps=25)
    batch = batch_of(task)
    with evaluating(task):
        answers = task.answers(batch, AnswerOptions())
        measures = task.final_measures(batch, AnswerOptions())
    pairs = [
        (truth, label)
        for (_, labels), answer in zip(SENTENCES, answers, strict=True)
        for truth, label in zip(labels.split(), answer["labels"], strict=True)
    ]
    totals = {
        name: value.double().sum(0) if value.dim() > 1 else float(value.double().sum())
        for name, value in measures.items()
    }
    metrics = task.final_metrics(totals)
    assert metrics["accuracy"] == sum(a == b for a, b in pairs) / len(pairs)
    whole = [
        answer["labels"] == labels.split()
        for (_, labels), answer in zip(SENTENCES, answers, strict=True)
    ]
    assert metrics["sentence_accuracy"] == sum(whole) / len(whole)
    assert "unknown_word_accuracy" not in metrics  # there is none
    [confusion] = task.shown_totals(totals)
    assert isinstance(confusion, Confusion)
    names = confusion.classes
    for i, truth in enumerate(names):
        for j, label in enumerate(names):
            assert confusion.counts[i][j] == pairs.count((truth, label))


def test_unknown_words_are_counted_apart():
    task = make()
    pair = [("the zebra", "DET NOUN")]
    with evaluating(task):
        measures = task.measured(batch_of(task, pair)).measures
    assert measures["unknown"].tolist() == [1]
    assert 0 <= int(measures["unknown_right"]) <= 1


def test_of_many_labels_there_is_no_confusion_matrix():
    pairs = [(f"w{n}", f"L{n}") for n in range(70)]
    task = make(pairs)
    with evaluating(task):
        assert "confusion" not in task.final_measures(batch_of(task, pairs), AnswerOptions())
    assert task.shown_totals({"words": 1.0}) == []


def test_sentences_are_shown_with_their_labels():
    task = make()
    batch = batch_of(task)
    with evaluating(task):
        shown = task.shown(records(SENTENCES), batch, AnswerOptions())
    assert all(isinstance(each, Marked) for each in shown)
    assert shown[1].tokens == ["they", "man", "the", "boats"]
    assert shown[1].truth == ["PRON", "VERB", "DET", "NOUN"]


# Records.


def test_characters_have_labels_too():
    spaces = [
        Record({"form": ["안녕하세요"], "label": ["BIIII"]}, "row 1"),
        Record({"form": ["나는학교에"], "label": ["B", "I", "B", "I", "I"]}, "row 2"),
    ]
    task = Tagger.from_records(spaces, TaggerConfig(**SMALL, units="characters", spelling="jamo"))
    assert task.labels.tokens == ("B", "I")
    example = task.example(spaces[0])
    assert example.forms == list("안녕하세요")
    assert example.labels == [0, 1, 1, 1, 1]
    assert [len(word.letters) for word in example.words] == [3, 3, 2, 2, 2]
    [prediction] = task.predict(["학교"])
    assert prediction.answer["form"] == ["학", "교"]
    assert prediction.answer["labels"][0] == "B"


def test_plain_texts_are_split_at_blanks_and_words_may_be_unknown():
    task = make()
    [one, two] = task.predict(["the  zebra man", "\u2603"])
    assert one.answer["form"] == ["the", "zebra", "man"]
    assert len(one.answer["labels"]) == len(one.answer["confidence"]) == 3
    assert two.answer["form"] == ["\u2603"]


def refusal(call, *words):
    with pytest.raises(DataError) as caught:
        call()
    text = str(caught.value)
    for word in words:
        assert word in text
    return text


def test_refusals_name_place_and_word():
    task = make()
    odd = Record({"form": ["the", "man"], "label": ["DET", "NUON"]}, "dev.conllu:7")
    refusal(lambda: task.example(odd), "'NUON' of word 2, 'man'", "dev.conllu:7", "'NOUN'")
    short = Record({"form": ["the", "man"], "label": ["DET"]}, "dev.conllu:9")
    refusal(lambda: task.example(short), "2 words and 1 labels", "dev.conllu:9", "the man")
    alike = records([("a b", "X X"), ("b", "X")])
    refusal(lambda: Tagger.from_records(alike, TaggerConfig(**SMALL)), "'X'", "two or more")


def test_a_sentence_against_the_rules_is_refused():
    task = make(NAMES)
    wrong = Record({"form": ["in", "York"], "label": ["O", "I-LOC"]}, "dev.txt:3")
    refusal(
        lambda: task.example(wrong), "'I-LOC' of word 2, 'York', after 'O'", "dev.txt:3",
        "--transitions any",
    )  # fmt: skip
    first = Record({"form": ["York"], "label": ["I-LOC"]}, "dev.txt:5")
    refusal(lambda: task.example(first), "after 'the beginning'", "dev.txt:5")
    make(NAMES, transitions="any").example(wrong)
    make(NAMES, decoder="softmax").example(wrong)


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ({"decoder": "viterbi"}, UnknownName),
        ({"units": "lines"}, UnknownName),
        ({"spelling": "phones"}, UnknownName),
        ({"transitions": "some"}, UnknownName),
        ({"dropout": 1.5}, ArgumentError),
        ({"layers": 0}, ArgumentError),
        ({"letter_hidden_size": -1}, ArgumentError),
        ({"affixes": 21}, ArgumentError),
        ({"least_count": 0}, ArgumentError),
    ],
)
def test_settings_outside_their_range_are_refused(choice, kind):
    with pytest.raises(kind, match=next(iter(choice))):
        TaggerConfig(**choice)


# Runs.


def words_file(folder):
    lines = [
        "\n".join(f"{w} {label}" for w, label in zip(text.split(), labels.split(), strict=True))
        for text, labels in SENTENCES * 4
    ]
    path = folder / "words.conll"
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return path


def begun(path, folder):
    return start_job(
        Tagger, path, folder,
        data=DataSettings(validation=path, test=path),
        settings=TaggerConfig(**SMALL),
        training=TrainingSettings(epochs=4, optimizer="adamw", learning_rate=0.02, warmup=0),
        rows=4,
    )  # fmt: skip


def test_a_run_is_trained_resumed_saved_loaded_and_reported(tmp_path):
    path = words_file(tmp_path)
    whole = begun(path, tmp_path / "whole")
    train_job(whole)

    class Stop:
        def __init__(self):
            self.asked = 0

        def is_set(self):
            self.asked += 1
            return self.asked == 7

    first = begun(path, tmp_path / "parts")
    assert not train_job(first, stop=Stop()).finished
    second = resume_job(tmp_path / "parts")
    assert train_job(second).finished
    for ours, theirs in zip(whole.task.parameters(), second.task.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    evaluations = finish_job(second)
    assert set(evaluations) == {"validation", "test"}
    loaded = load_task(tmp_path / "parts")
    assert isinstance(loaded, Tagger)
    texts = [text for text, _ in SENTENCES]
    assert [each.answer for each in loaded.predict(texts)] == [
        each.answer for each in second.task.predict(texts)
    ]
    measured = loaded.evaluate(path)
    assert measured.metrics == pytest.approx(evaluations["test"].metrics)
    low, high = measured.intervals["accuracy"]
    assert low <= measured.metrics["accuracy"] <= high
    page = (tmp_path / "parts" / "report.html").read_text(encoding="utf-8")
    assert "Confusion" in page
    assert "boats" in page


def test_a_run_of_names_is_loaded_with_its_rules():
    task = make(NAMES)
    again = Tagger.from_config(task.config())
    again.load_state_dict(task.state_dict())
    assert again.rules is not None
    assert torch.equal(scores_of(again.eval(), NAMES), scores_of(task, NAMES))


def test_bad_records_are_left_out_and_counted():
    task = make()
    bad = BadRecords(1)
    rows = [
        {"form": ["the", "man"], "label": ["DET", "NOUN"]},
        {"form": ["the"], "label": ["DET", "NOUN"]},
    ]
    assert task.evaluate(rows, bad=bad).records == 1
    assert bad.count == 1
