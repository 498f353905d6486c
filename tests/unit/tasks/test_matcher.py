"""The matcher of records: its numbers, its laws, and what it refuses."""

import pytest
import torch

from recurra.base import ArgumentError, DataError, ShapeError, UnknownName
from recurra.data import MARKS, BadRecords, Record
from recurra.tasks import (
    AnswerOptions,
    DataSettings,
    Matcher,
    MatcherConfig,
    default_training,
    load_task,
)
from recurra.tasks.framework import start_job, train_job
from recurra.tasks.matching.losses import batch_negatives_loss, hardest_others, known_same
from recurra.tasks.matching.measures import agreement, decisions, retrieval, sums_of_scores
from recurra.tasks.matching.threshold import best_threshold, counts_at, score_counts
from recurra.tasks.matching.typing_noise import mistype

SMALL = {"hidden_size": 6, "embedding_size": 5, "vector_size": 4}
PLAIN = {"copies": 0.0, "typing_errors": 0.0, "part_dropout": 0.0, "dropout": 0.0}
CITIES = ("Oslo", "Bergen", "Rome", "Lagos", "Quito")
WORDS = ("bakery", "tailor", "florist", "cinema", "library", "garage", "museum", "school")


def pairs(count=40, told="label"):
    """Make pairs of a name and a city; some have no city."""
    records = []
    for i in range(count):
        left = {"name": f"{WORDS[i % 8]} {i}", "city": CITIES[i % 5] if i % 7 else ""}
        other = i if i % 3 == 0 else i + 3
        right = {"name": f"{i} {WORDS[other % 8].upper()}", "city": CITIES[other % 5]}
        target = str(int(other == i)) if told == "label" else 1 + 3.5 * (other == i) + i % 2 / 4
        records.append(Record({"left": left, "right": right, told: target}, f"pairs:{i + 1}"))
    return records


def small(records=None, **choices):
    torch.manual_seed(3)
    return Matcher.from_records(records or pairs(), MatcherConfig(**{**SMALL, **choices})).eval()


def batch_of(task, records, **options):
    return task.collate([task.example(record, **options) for record in records])


def test_scores_do_not_depend_on_sides_nor_on_the_batch():
    task, records = small(), pairs()
    swapped = [
        Record({**each.fields, "left": each.fields["right"], "right": each.fields["left"]}, "")
        for each in records
    ]
    scores = task(*_inputs(batch_of(task, records))).scores
    assert scores.std() > 1e-3
    assert torch.allclose(task(*_inputs(batch_of(task, swapped))).scores, scores, atol=1e-5)
    alone = torch.cat([task(*_inputs(batch_of(task, [each]))).scores for each in records])
    assert torch.allclose(alone, scores, atol=1e-5)


def _inputs(batch):
    return batch.inputs, batch.lengths


def test_vectors_are_units_made_of_weighted_parts():
    task = small()
    with torch.no_grad():
        task.network.weights.copy_(torch.tensor([0.3, -1.1]))
    batch = batch_of(task, pairs()[:9])
    vectors = task.network(batch.inputs.texts(batch.lengths), batch.inputs.records)
    assert torch.allclose(vectors.whole.norm(dim=1), torch.ones(len(vectors.whole)))
    assert not vectors.present.all()
    weights = torch.tensor([0.3, -1.1]).softmax(0)
    both = vectors.present.all(dim=1).nonzero().flatten()
    one, other = vectors.of(both[:1]), vectors.of(both[1:2])
    cosines = (one.parts * other.parts).sum(dim=2)[0]
    expected = (weights * cosines).sum()
    assert torch.allclose((one.whole * other.whole).sum(), expected, atol=1e-6)
    again = task.network.split(vectors.whole)
    assert torch.equal(again.present, vectors.present)
    assert torch.allclose(again.parts, vectors.parts, atol=1e-6)


def test_a_record_that_comes_twice_is_read_once():
    task = small()
    record = pairs()[0]
    twice = batch_of(task, [record, record, pairs()[1]])
    assert twice.inputs.left.tolist() == [0, 0, 1]
    assert twice.inputs.right.tolist() == [2, 2, 3]
    assert twice.inputs.records == 4


@pytest.mark.parametrize("head", ["comparison", "distance"])
@pytest.mark.parametrize("loss", ["cosine", "contrastive"])
@pytest.mark.parametrize("negatives", [0, 1])
def test_each_choice_has_finite_gradients(head, loss, negatives):
    task = small(head=head, loss=loss, batch_negatives=negatives, typing_errors=0.2).train()
    task.outcome(batch_of(task, pairs()), None).loss.backward()
    gradients = [each.grad for each in task.network.parameters()]
    assert all(bool(each.isfinite().all()) for each in gradients)
    assert sum(float(each.abs().sum()) for each in gradients) > 0


def test_training_is_drawn_from_the_generator_alone():
    task = small(typing_errors=0.3, part_dropout=0.3).train()
    batch = batch_of(task, pairs())
    losses = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        losses.append(task.outcome(batch, None).loss.item())
    assert losses[0] == losses[1] != losses[2]


def test_pairs_are_learnt_and_a_threshold_is_chosen(tmp_path):
    data = [dict(each.fields) for each in pairs(60)]
    job = start_job(
        Matcher, data, tmp_path / "run", data=DataSettings(validation=data),
        settings=MatcherConfig(**{**SMALL, **PLAIN, "vector_size": 8}),
        training=default_training(Matcher, epochs=8, learning_rate=0.02), rows=6,
    )  # fmt: skip
    result = train_job(job)
    assert result.best > 0.75  # all pairs called matches: 0.5
    task = load_task(tmp_path / "run")
    assert float(task.threshold) != 0
    assert task.evaluate(data).metrics["f1"] == pytest.approx(result.best)
    answer = next(task.predict(data[:1])).answer
    assert set(answer) == {"label", "score"}
    assert answer["label"] in ("0", "1")
    least = float(task.threshold.sigmoid())
    said = {"threshold": f"'1' from a score of {least:.4g} on"}
    assert Matcher.calibrated(task.config(), task.state_dict()) == said


def test_scores_are_learnt(tmp_path):
    data = [dict(each.fields) for each in pairs(60, "score")]
    task = Matcher.fit(
        data, out=tmp_path / "run", settings=MatcherConfig(**SMALL, **PLAIN),
        data=DataSettings(validation=data),
        training=default_training(Matcher, epochs=8, learning_rate=0.02), rows=6,
    )  # fmt: skip
    assert task.monitor == "pearson"
    assert Matcher.monitor == "f1"
    assert load_task(tmp_path / "run").target.most == 4.75
    assert task.evaluate(data).metrics["pearson"] > 0.4
    assert 1 <= next(task.predict(data)).answer["score"] <= 4.75
    assert Matcher.calibrated(task.config(), task.state_dict()) == {}


@pytest.mark.parametrize("told", ["label", "score"])
def test_labels_are_marked_as_right_or_wrong_and_scores_are_not(told):
    records = pairs(told=told)
    task = small(records)
    batch = batch_of(task, records)
    shown = task.shown(records, batch, AnswerOptions())
    answers = task.answers(batch, AnswerOptions())
    if told == "score":
        assert {each.right for each in shown} == {None}
        return
    rights = [answer["label"] == each.fields["label"]
              for answer, each in zip(answers, records, strict=True)]  # fmt: skip
    assert [each.right for each in shown] == rights
    assert [each.score for each in shown] == [each["score"] for each in answers]
    assert {each.confidence for each in shown} == {None}
    sure = [task.mistake(*each) for each in zip(records, answers, strict=True)]
    assert [each is None for each in sure] == rights
    assert 0 <= max(each or 0 for each in sure) < 1


def test_columns_of_their_own_names_belong_together_by_their_order():
    data = [
        {"a": f"one {i}", "b": f"two {i + i % 2}", "score": 1.5 + i % 2} for i in range(8)
    ]  # fmt: skip
    records = [Record({"left": {"a": d["a"]}, "right": {"b": d["b"]}, "score": d["score"]}, "")
               for d in data]  # fmt: skip
    task = small(records)
    assert (task.parts.left, task.parts.right) == (("a",), ("b",))
    again = Matcher.from_config(task.config())
    assert again.config() == task.config()
    assert task.answers(batch_of(task, records), AnswerOptions())[0]["score"] > 1.5


def test_scores_beyond_those_learnt_from_are_measured_as_they_are():
    task = small(pairs(told="score"))
    assert (task.target.least, task.target.most) == (1.0, 4.75)
    records = [
        Record({**each.fields, "score": score}, each.where)
        for each, score in zip(pairs(told="score"), (-3.0, 9.0, 2.0), strict=False)
    ]
    batch = batch_of(task, records)
    measured = task.measured(batch)
    assert measured.measures["y"].tolist() == pytest.approx([-3.0, 9.0, 2.0], abs=1e-5)
    clipped = batch._replace(targets=batch.targets.clamp(0, 1))
    assert torch.equal(measured.loss, task.measured(clipped).loss)
    answers = task.answers(batch, AnswerOptions())
    found = torch.tensor([each["score"] for each in answers], dtype=torch.float64)
    true = torch.tensor([-3.0, 9.0, 2.0], dtype=torch.float64)
    metrics = task.metrics({name: float(each.sum()) for name, each in measured.measures.items()})
    assert metrics["mean_squared_error"] == pytest.approx(
        float((found - true).square().mean()), rel=1e-3
    )


def test_mirrored_pairs_are_of_one_group():
    def group(left, right):
        return Matcher.group(Record({"left": left, "right": right}, ""))

    one, other = {"name": "a", "city": "b"}, {"city": "d", "name": "c"}
    assert group(one, other) == group(other, one)
    assert group(one, other) != group(one, one)
    assert group(one, other) != group(one, {"name": "d", "city": "c"})
    assert group(one, {"name": "a", "city": ""}) == group({"name": "a"}, one)
    assert group({"left": "x"}, {"right": "y"}) == group({"left": "y"}, {"right": "x"})
    assert group({"a": "x", "b": "y"}, {"c": "z", "d": "u"}) != group(
        {"a": "y", "b": "x"}, {"c": "z", "d": "u"}
    )


def test_mirrored_pairs_are_not_split(tmp_path):
    data = [dict(each.fields) for each in pairs(30)]
    data += [{**each, "left": each["right"], "right": each["left"]} for each in data]
    job = start_job(Matcher, data, tmp_path / "run", settings=MatcherConfig(**SMALL))
    learnt = {
        str(sorted(map(str, (r.fields["left"], r.fields["right"]))))
        for r in job.data.records.training
    }
    for record in job.data.records.validation:
        sides = (record.fields["left"], record.fields["right"])
        assert str(sorted(map(str, sides))) not in learnt


@pytest.mark.parametrize(
    "labels",
    [
        ("no", "yes"), ("True", "False"), ("match", "different"), ("0.0", "1.0"), ("-1.0", "1.00"),
    ],
)  # fmt: skip
def test_names_of_labels(labels):
    records = [
        Record({**each.fields, "label": labels[i % 2]}, each.where)
        for i, each in enumerate(pairs())
    ]
    target = small(records).target
    assert target.names[1] in ("yes", "True", "match", "1.0", "1.00")
    if labels[0] == "0.0":  # the same numbers written otherwise
        shares = [target.share(Record({"label": label}, "")) for label in ("0", "1", "1.0")]
        assert shares == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("labels", "words", "where"),
    [
        (("1", "2", "3"), "other than two", "pairs:3"),
        (("red", "blue"), "cannot be told", "pairs:1"),
        (("1",), "other", "pairs:1"),
    ],
)
def test_labels_that_say_nothing_are_refused(labels, words, where):
    records = [
        Record({**each.fields, "label": labels[i % len(labels)]}, each.where)
        for i, each in enumerate(pairs())
    ]
    with pytest.raises(DataError, match=words) as caught:
        small(records)
    assert caught.value.details["where"] == where


def test_the_label_for_yes_can_be_told():
    words = ("否", "是")
    records = [
        Record({**each.fields, "label": words[i % 2]}, each.where) for i, each in enumerate(pairs())
    ]
    with pytest.raises(DataError, match="cannot be told") as caught:
        small(records)
    assert caught.value.details["fix"] == "--yes '是' or --yes '否'"
    assert small(records, yes="是").target.names == ("否", "是")
    assert small(records, yes="否").target.names == ("是", "否")
    with pytest.raises(DataError, match="No pair has the label"):
        small(records, yes="ja")
    odd = [*records, Record({**records[0].fields, "label": "?"}, "pairs:41")]
    bad = BadRecords(1)
    assert len(Matcher.learnable(odd, MatcherConfig(**SMALL, yes="是"), bad)) == len(records)
    assert bad.errors[0].details["where"] == "pairs:41"


def test_a_label_that_says_neither_yes_nor_no_is_one_bad_record():
    def relabelled(places, label="maybe"):
        return [
            Record({**each.fields, "label": label}, each.where) if i in places else each
            for i, each in enumerate(pairs())
        ]

    def kept(records, limit, **choices):
        bad = BadRecords(limit)
        return Matcher.learnable(records, MatcherConfig(**choices), bad), bad

    found, bad = kept(relabelled({7, 9}), 2)
    assert (len(found), bad.count) == (38, 2)
    assert [error.details["where"] for error in bad.errors] == ["pairs:8", "pairs:10"]
    with pytest.raises(DataError, match="other than two kinds") as caught:
        kept(relabelled({7, 9}), 1)
    assert caught.value.details["where"] == "pairs:10"
    for records in (pairs(), pairs(told="score"), relabelled({7}, "yes")):
        assert kept(records, 0)[0] is records
    numbers = relabelled({3}, "2")
    with pytest.raises(DataError, match="other than two kinds") as caught:
        kept(numbers, 0)
    assert caught.value.details["fix"].startswith("--score COLUMN")


def test_both_targets_or_none_are_refused():
    with_both = [Record({**each.fields, "score": 2.0}, each.where) for each in pairs()]
    with pytest.raises(DataError, match="only one can be learnt"):
        small(with_both)
    assert small(with_both, target="label").target.kind == "label"
    without = [Record({k: each.fields[k] for k in ("left", "right")}, "x:1") for each in pairs()]
    with pytest.raises(DataError, match="what is to be learnt"):
        small(without)
    with pytest.raises(DataError, match="what is to be learnt"):
        small(pairs(), target="score")
    with pytest.raises(DataError, match="All scores are equal"):
        small([Record({**each.fields, "score": 2.0}, "") for each in without])
    with pytest.raises(ArgumentError, match="contrastive loss"):
        small(pairs(told="score"), loss="contrastive")


def test_records_that_cannot_be_read_are_refused():
    task, record = small(), pairs()[1]
    odd = Record({**record.fields, "left": {"street": "Main"}}, "f:3")
    with pytest.raises(DataError, match="not among those learnt from"):
        task.example(odd)
    with pytest.raises(DataError, match="no symbol"):
        task.example(Record({**record.fields, "right": {"name": ""}}, "f:4"))
    with pytest.raises(DataError, match="label that was not"):
        task.example(Record({**record.fields, "label": "perhaps"}, "f:5"))
    lone = [Record({"left": {"a": "x", "c": "y"}, "right": {"b": "z"}, "label": "1"}, "f:6")]
    with pytest.raises(DataError, match="do not belong together"):
        small([*lone, Record({**lone[0].fields, "label": "0"}, "f:7")])


@pytest.mark.parametrize(
    ("choice", "error"),
    [({"head": "x"}, UnknownName), ({"loss": "x"}, UnknownName), ({"target": "x"}, UnknownName),
     ({"copies": 2.0}, ArgumentError), ({"batch_negatives": -1}, ArgumentError),
     ({"vector_size": 0}, ShapeError)],
)  # fmt: skip
def test_odd_settings_are_refused(choice, error):
    with pytest.raises(error):
        MatcherConfig(**choice)


def test_mistyping_keeps_what_it_should():
    numbers = torch.randint(3, 20, (30, 200))
    lengths = torch.randint(1, 31, (200,))
    same, unchanged = mistype(numbers, lengths, 0.0, len(MARKS), 20)
    inside = torch.arange(30).unsqueeze(1) < lengths
    assert torch.equal(same[inside], numbers[inside])
    assert torch.equal(unchanged, lengths)
    torch.manual_seed(1)
    changed, shorter = mistype(numbers, lengths, 0.3, len(MARKS), 20)
    assert ((shorter >= 1) & (shorter <= lengths)).all()
    lost = float((lengths - shorter).sum() / lengths.sum())
    assert 0.07 < lost < 0.13  # a third of 0.3
    kept = torch.arange(30).unsqueeze(1) < shorter
    assert changed[kept].min() >= 3
    only_swaps = torch.tensor([[3], [4], [5], [6]])
    seen = {tuple(mistype(only_swaps, torch.tensor([4]), 1.0, 3, 7)[0][:1, 0].tolist())
            for _ in range(50)}  # fmt: skip
    assert len(seen) > 1


def test_threshold_and_measures_by_hand():
    scores = torch.tensor([-3.0, -1.0, 0.5, 2.0, 4.0, 20.0])
    matches = torch.tensor([False, True, False, True, True, True])
    counts = score_counts(scores[:3], matches[:3]) + score_counts(scores[3:], matches[3:])
    assert counts.sum(dim=1).tolist() == [2, 4]
    threshold = best_threshold(counts)
    assert -3 < threshold <= -1  # F1 8/9 with one false alarm; above 0.5 it is 6/7
    assert counts_at(counts, threshold) == {"hits": 4, "false_alarms": 1, "misses": 0}
    totals = {name: float(each.sum()) for name, each in
              decisions(scores >= threshold, matches).items()}  # fmt: skip
    assert retrieval(totals)["f1"] == pytest.approx(8 / 9)
    found, true = torch.tensor([1.0, 2.5, 4.0]).double(), torch.tensor([1.5, 2.0, 5.0]).double()
    sums = {name: float(each.sum()) for name, each in sums_of_scores(found, true).items()}
    expected = torch.corrcoef(torch.stack([found, true]))[0, 1]
    assert agreement(sums)["pearson"] == pytest.approx(float(expected))
    assert agreement(sums)["mean_squared_error"] == pytest.approx(0.5)
    flat = {name: float(each.sum()) for name, each in sums_of_scores(found * 0, true).items()}
    assert agreement(flat)["pearson"] == 0


def test_batch_negatives_by_hand():
    whole = torch.eye(4)
    first, second = torch.tensor([0]), torch.tensor([1])
    same = known_same(torch.tensor([0, 1]), torch.tensor([1, 2]), 4)
    assert same[0].tolist() == [True, True, True, False]
    loss = batch_negatives_loss(whole, first, second, torch.tensor(5.0))
    assert float(loss) == pytest.approx(float(torch.tensor(3.0).log()))  # 1, 2, 3 look alike to 0
    none = torch.zeros(0, dtype=torch.long)
    assert float(batch_negatives_loss(whole, none, none, torch.tensor(5.0))) == 0
    near = torch.tensor([[1.0, 0], [1.0, 0], [0.9, 0.44], [0, 1.0]])
    assert hardest_others(near, first, second, torch.tensor([0, 3])).tolist() == [2, 2]


def test_the_demo_can_be_learnt_from():
    demo = Matcher.demo()
    records = [Record(each, "demo") for each in demo.training[:40]]
    task = small(records)
    assert len(task.parts) == 4
    batch = batch_of(task, records)
    metrics = task.metrics(task.outcome(batch, None).totals)
    assert set(metrics) == {"f1", "precision", "recall", "cross_entropy"}
    shown = task.shown(records, batch, AnswerOptions())
    assert len(shown) == 40
