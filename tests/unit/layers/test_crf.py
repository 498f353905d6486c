"""CRF: against the sum over all sequences of tags, one by one."""

import copy
import itertools
import math

import pytest
import torch

from recurra.base import ArgumentError, DtypeError, ShapeError, UnknownName
from recurra.layers import CRF, _crf_paths
from recurra.layers._crf_paths import Paths, WidePaths, _is_exact
from recurra.runtime import unroll
from refusals import refused

BACKENDS = ["reference", "c"]
K, T, B = 3, 5, 4
LENGTHS = torch.tensor([5, 1, 3, 2])
FOLLOW = torch.tensor([[True, True, False], [True, False, True], [False, True, True]])
FIRST = torch.tensor([True, False, True])
LAST = torch.tensor([True, True, False])


def crf_with_random_scores(**options):
    crf = CRF(K, dtype=torch.float64, **options)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.normal_()
    return crf


def random_scores(scale=1.0):
    return scale * torch.randn(T, B, K, dtype=torch.float64)


def score_of(crf, x, path):
    """Add up the scores of one sequence of tags [T] over x [T, K], number by number."""
    total = crf.start[path[0]].item() + crf.end[path[-1]].item()
    total += sum(x[t, tag].item() for t, tag in enumerate(path))
    return total + sum(crf.transitions[i, j].item() for i, j in itertools.pairwise(path))


def is_allowed(path, follow, first, last):
    steps = all(follow[i, j] for i, j in itertools.pairwise(path))
    return bool(steps and first[path[0]] and last[path[-1]])


def all_paths(crf, x, length, allowed=None):
    """Every sequence of tags of one row with its score."""
    paths = itertools.product(range(K), repeat=length)
    kept = [path for path in paths if allowed is None or is_allowed(path, *allowed)]
    return {path: score_of(crf, x, path) for path in kept}


def log_sum(scores):
    largest = max(scores)
    return largest + math.log(math.fsum(math.exp(score - largest) for score in scores))


def lengths_of(lengths):
    return [T] * B if lengths is None else lengths.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("scale", [1.0, 30.0, 3000.0])
def test_the_partition_is_the_sum_over_all_paths(backend, lengths, scale):
    crf, x = crf_with_random_scores(backend=backend), random_scores(scale)
    every = [all_paths(crf, x[:, b], n) for b, n in enumerate(lengths_of(lengths))]
    expected = torch.tensor([log_sum(paths.values()) for paths in every], dtype=torch.float64)
    torch.testing.assert_close(crf.log_partition(x, lengths=lengths), expected)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_the_loss_is_minus_the_logarithm_of_the_probability(lengths):
    crf, x, tags = crf_with_random_scores(), random_scores(), torch.randint(K, (T, B))
    nats = crf(x, tags, lengths=lengths)
    for b, n in enumerate(lengths_of(lengths)):
        paths = all_paths(crf, x[:, b], n)
        expected = log_sum(paths.values()) - paths[tuple(tags[:n, b].tolist())]
        assert nats[b].item() == pytest.approx(expected)


def test_the_probabilities_of_all_paths_add_up_to_one():
    crf, x = crf_with_random_scores(), random_scores()
    paths = torch.tensor(list(itertools.product(range(K), repeat=T))).T  # [T, K^T]
    nats = crf(x[:, :1].expand(T, K**T, K), paths)
    assert (-nats).exp().sum().item() == pytest.approx(1.0)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_decoding_finds_the_best_of_all_paths(lengths):
    crf, x = crf_with_random_scores(), random_scores()
    tags, score = crf.decode(x, lengths=lengths)
    for b, n in enumerate(lengths_of(lengths)):
        paths = all_paths(crf, x[:, b], n)
        assert tuple(tags[:n, b].tolist()) == max(paths, key=paths.get)
        assert score[b].item() == pytest.approx(max(paths.values()))
        assert (tags[n:, b] == -100).all()
    torch.testing.assert_close(crf.score(x, tags, lengths=lengths), score)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_marginals_are_sums_over_the_paths_through_a_tag(lengths):
    crf, x = crf_with_random_scores(), random_scores()
    with torch.no_grad():
        marginals = crf.marginals(x, lengths=lengths)
    for b, n in enumerate(lengths_of(lengths)):
        paths = all_paths(crf, x[:, b], n)
        total = log_sum(paths.values())
        for t, tag in itertools.product(range(T), range(K)):
            through = [math.exp(s - total) for path, s in paths.items() if t < n and path[t] == tag]
            assert marginals[t, b, tag].item() == pytest.approx(math.fsum(through))
    assert not marginals.requires_grad


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_only_what_is_allowed_counts(lengths):
    allowed = {"allowed": FOLLOW, "allowed_first": FIRST, "allowed_last": LAST}
    crf, x = crf_with_random_scores(**allowed), random_scores()
    partition = crf.log_partition(x, lengths=lengths)
    best, score = crf.decode(x, lengths=lengths)
    for b, n in enumerate(lengths_of(lengths)):
        paths = all_paths(crf, x[:, b], n, (FOLLOW, FIRST, LAST))
        assert partition[b].item() == pytest.approx(log_sum(paths.values()))
        assert tuple(best[:n, b].tolist()) == max(paths, key=paths.get)
        assert score[b].item() == pytest.approx(max(paths.values()))
    nats = crf(x, best, lengths=lengths)
    torch.testing.assert_close(nats, partition - score)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scale", [1.0, 2000.0], ids=["product", "wide"])
@pytest.mark.parametrize("allowed", [None, FOLLOW], ids=["all", "allowed"])
def test_gradients(backend, scale, allowed):
    crf = crf_with_random_scores(backend=backend, allowed=allowed)
    x = random_scores(scale).requires_grad_()
    tags, _ = crf_with_random_scores(allowed=allowed).decode(x.detach(), lengths=LENGTHS)
    parameters = [x, *crf.parameters()]

    def nats(*_):
        return crf(x, tags, lengths=LENGTHS)

    assert torch.autograd.gradcheck(nats, parameters, eps=1e-5, atol=1e-4)


def test_gradients_of_gradients():
    crf, x = crf_with_random_scores(backend="reference"), random_scores().requires_grad_()
    tags = torch.randint(K, (T, B))
    assert torch.autograd.gradgradcheck(
        lambda *_: crf(x, tags, lengths=LENGTHS).sum(), [x, *crf.parameters()]
    )


def test_copies_and_other_dtypes():
    crf, x = crf_with_random_scores(allowed=FOLLOW), random_scores()
    expected = crf.log_partition(x)
    assert torch.equal(copy.deepcopy(crf).log_partition(x), expected)
    single = copy.deepcopy(crf).float().log_partition(x.float())
    torch.testing.assert_close(single.double(), expected, rtol=1e-5, atol=1e-5)


WIDE = torch.tensor([[[0.0, -200.0]], [[0.0, 0.0]], [[-500.0, 0.0]]])  # [3, 1, 2]


def crf_for_wide_scores(backend):
    crf = CRF(2, backend=backend)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.zero_()
        crf.transitions[0, 1] = -300.0  # tag 1 is reached from tag 1 alone, which is unlikely
    return crf


@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
def test_wide_scores_are_noticed_and_their_sums_exact(backend):
    """In float32, exp(-100) is no normal number: the product would lose the second row."""
    crf, x = crf_for_wide_scores(backend), WIDE.clone().requires_grad_()
    torch.testing.assert_close(crf.log_partition(x), torch.tensor([-200.0]))
    marginals = crf.marginals(x)
    torch.testing.assert_close(marginals[:, 0], torch.tensor([[0.0, 1.0]] * 3))


def test_the_border_between_the_two_forms():
    """Sums down to the limit are exact; the product must not be trusted below."""
    scores = torch.zeros(2, 2)
    first = torch.tensor([[0.0, 0.0]])
    limit = math.log(2 * torch.finfo(torch.float32).tiny / torch.finfo(torch.float32).eps)
    x = torch.zeros(1, 1, 2)
    for distance, exact in ((0.01, True), (-0.01, False)):
        every = torch.full((1, 1, 2), limit + distance)
        assert _is_exact(every, scores, first, x, None) == exact
    assert not _is_exact(torch.full((1, 1, 2), float("nan")), scores, first, x, None)
    assert _is_exact(torch.full((1, 1, 2), -1e9), scores, first, x, torch.tensor([0]))


def test_the_product_is_used_where_it_is_exact(monkeypatch):
    monkeypatch.setattr(WidePaths, "forward", None)
    crf = CRF(K, allowed=FOLLOW, backend="c")
    crf(torch.randn(T, B, K), crf.decode(torch.randn(T, B, K))[0]).sum().backward()


def test_float32_is_as_exact_as_a_sum_of_logarithms():
    crf = CRF(9)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.normal_(std=3)
    x, tags = 10 * torch.randn(200, 8, 9), torch.randint(9, (200, 8))
    exact = CRF(9, dtype=torch.float64)
    exact.load_state_dict(crf.state_dict())
    torch.testing.assert_close(crf(x, tags).double(), exact(x.double(), tags), rtol=1e-5, atol=1e-3)


def test_padding_is_never_looked_at():
    crf, x, tags = crf_with_random_scores(), random_scores(), torch.randint(K, (T, B))
    expected = crf(x, tags, lengths=LENGTHS)
    for b, n in enumerate(LENGTHS.tolist()):
        x[n:, b], tags[n:, b] = float("nan"), -100
    x.requires_grad_()
    nats = crf(x, tags, lengths=LENGTHS)
    assert torch.equal(nats, expected)
    nats.sum().backward()
    for tensor in (x, *crf.parameters()):
        assert tensor.grad.isfinite().all()
    best, _ = crf.decode(x.detach(), lengths=LENGTHS)
    assert (best[0] >= 0).all()


def test_rows_do_not_see_each_other():
    crf, x = crf_with_random_scores(), random_scores()
    whole, tags = crf.log_partition(x, lengths=LENGTHS), crf.decode(x, lengths=LENGTHS)[0]
    for b in range(B):
        alone = x[:, b : b + 1], LENGTHS[b : b + 1]
        torch.testing.assert_close(crf.log_partition(alone[0], lengths=alone[1]), whole[b : b + 1])
        found = crf.decode(alone[0], lengths=alone[1])[0]
        assert torch.equal(found, tags[:, b : b + 1])


def test_it_learns_which_tag_follows_which():
    """The scores say nothing; tags that go round in a circle can be told from transitions only."""
    crf = CRF(K)
    tags = (torch.arange(12).unsqueeze(1) + torch.arange(6)) % K  # [T, B]
    x = torch.zeros(12, 6, K)
    x[0] = 5 * torch.nn.functional.one_hot(tags[0], K)
    optimizer = torch.optim.Adam(crf.parameters(), lr=0.2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = crf(x, tags).mean()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    assert torch.equal(crf.decode(x)[0], tags)
    assert crf.transitions.argmax(dim=1).tolist() == [1, 2, 0]


def test_what_is_saved_and_shown():
    crf = CRF(K, allowed=FOLLOW)
    learnt = {"paths.transitions", "start", "end"}
    fixed = {"paths.penalty", "penalty_first", "penalty_last"}
    assert set(crf.state_dict()) == learnt | fixed
    assert sum(parameter.numel() for parameter in crf.parameters()) == K * (K + 2)
    assert repr(crf).startswith("CRF(\n  3")


def test_impossible_arguments():
    with pytest.raises(ShapeError, match="tags"):
        CRF(0)
    with pytest.raises(UnknownName, match="backend"):
        CRF(3, backend="cuda")


@pytest.mark.parametrize("name", ["allowed", "allowed_first", "allowed_last"])
def test_what_is_allowed_must_be_said_of_each_tag(name):
    shape = (3, 3) if name == "allowed" else (3,)
    with refused(
        ShapeError,
        f"`{name}` does not say of each tag",
        got="(2, 3) bool on cpu",
        expected=f"{shape} bool",
    ):
        CRF(3, **{name: torch.ones(2, 3, dtype=torch.bool)})
    with refused(DtypeError, "is not bool", got=f"{shape} float32 on cpu", expected="bool"):
        CRF(3, **{name: torch.ones(shape)})
    with refused(
        ArgumentError, "allows nothing", got="False everywhere", expected="True somewhere"
    ):
        CRF(3, **{name: torch.zeros(shape, dtype=torch.bool)})


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 2), (0, 4, 3)])
@pytest.mark.parametrize("use", ["log_partition", "marginals", "decode"])
def test_other_scores_are_refused(use, shape):
    with refused(
        ShapeError,
        "not scores of the tags",
        got=f"{shape} float32 on cpu",
        expected="(T, B, 3), T >= 1",
    ):
        getattr(CRF(3), use)(torch.ones(shape))


def test_scores_of_another_dtype_are_refused():
    with refused(DtypeError, "dtype", got="(5, 4, 3) float64 on cpu", expected="float32"):
        CRF(3).decode(random_scores())


def test_impossible_tags_are_refused():
    crf, x = CRF(K), random_scores().float()
    with refused(
        ShapeError, "one for each step", got="(4, 5) int64 on cpu", expected="(5, 4) integer"
    ):
        crf(x, torch.zeros(4, 5, dtype=torch.long))
    for tags in (torch.zeros(T, B), torch.zeros(T, B, dtype=torch.bool)):
        name = str(tags.dtype).removeprefix("torch.")
        with refused(DtypeError, "no integers", got=f"(5, 4) {name} on cpu", fix="tags.long()"):
            crf(x, tags)
    tags = torch.zeros(T, B, dtype=torch.long)
    for wrong, span in ((3, "0 .. 3"), (-1, "-1 .. 0")):
        tags[2, 2] = wrong
        with refused(ShapeError, "one that this `CRF` does not have", got=span, expected="0 .. 2"):
            crf(x, tags)


def test_impossible_lengths_are_refused():
    crf, x = CRF(K), random_scores().float()
    with refused(
        ShapeError, "not one for each row", got="(3,) int64 on cpu", expected="(4,) integer"
    ):
        crf.decode(x, lengths=LENGTHS[:3])
    with refused(DtypeError, "no integers", got="(4,) float32 on cpu", fix="lengths.long()"):
        crf.decode(x, lengths=LENGTHS.float())
    for wrong, span in ((0, "0 .. 3"), (6, "1 .. 6")):
        lengths = torch.tensor([1, wrong, 3, 2])
        with refused(ShapeError, "no possible length", got=span, expected="1 .. 5"):
            crf.log_partition(x, lengths=lengths)


def test_tags_that_are_not_allowed_are_refused():
    crf = CRF(K, allowed=FOLLOW, allowed_first=FIRST, allowed_last=LAST)
    x = random_scores().float()
    right = torch.tensor([[0], [1], [0], [0], [1]]).repeat(1, B)
    crf(x, right)
    for t, tag in ((0, 1), (2, 1), (4, 2)):
        tags = right.clone()
        tags[t, 2] = tag
        with refused(
            ArgumentError,
            "takes a way that this `CRF` does not allow",
            got=f"row 2: {tags[:, 2].tolist()}",
            expected="ways that `allowed`, `allowed_first` and `allowed_last` leave open",
        ):
            crf(x, tags)


def test_where_no_way_is_allowed_nothing_is_decoded():
    crf = CRF(
        2, allowed_first=torch.tensor([True, False]), allowed_last=torch.tensor([False, True])
    )
    crf.decode(torch.zeros(2, 1, 2))
    with refused(
        ArgumentError,
        "one that this `CRF` does not allow",
        got="row 1",
        expected="an allowed way of its length, and scores that differ by less than 10000",
    ):
        crf.decode(torch.zeros(2, 2, 2), lengths=torch.tensor([2, 1]))


def test_what_is_allowed_is_saved_and_loaded():
    crf = crf_with_random_scores(allowed=FOLLOW, allowed_first=FIRST, allowed_last=LAST)
    other, x = crf_with_random_scores(), random_scores()
    other.load_state_dict(crf.state_dict())
    assert torch.equal(other.log_partition(x), crf.log_partition(x))
    assert torch.equal(other.decode(x)[0], crf.decode(x)[0])


def test_what_is_no_tensor_is_refused():
    crf, x = CRF(K), torch.zeros(T, B, K)
    for use in (crf.log_partition, crf.marginals, crf.decode, lambda x: crf(x, None)):
        with refused(
            ShapeError,
            "not scores of the tags",
            got="None (NoneType)",
            expected="(T, B, 3), T >= 1",
        ):
            use(None)
    with refused(
        ShapeError, "not one for each row", got="[5, 1, 3, 2] (list)", expected="(4,) integer"
    ):
        crf.decode(x, lengths=LENGTHS.tolist())
    with refused(
        ShapeError, "not one for each step", got="[[0]] (list)", expected="(5, 4) integer"
    ):
        crf(x, [[0]])


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_scores_of_an_autocast_layer_are_taken(half):
    crf, tags = CRF(K, allowed=FOLLOW), torch.tensor([[0], [1], [0], [0], [1]]).repeat(1, B)
    scores = torch.randn(T, B, K).to(half)
    exact = scores.float()
    with torch.autocast("cpu", torch.bfloat16):
        got = (crf(scores, tags, lengths=LENGTHS), crf.marginals(scores), *crf.decode(scores))
    expected = (crf(exact, tags, lengths=LENGTHS), crf.marginals(exact), *crf.decode(exact))
    for one, other in zip(got, expected, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(DtypeError):  # where nothing says that halves are meant
        crf.decode(scores)


def test_a_tagger_learns_under_autocast():
    head, crf = torch.nn.Linear(4, K), CRF(K)
    with torch.autocast("cpu", torch.bfloat16):
        scores = head(torch.randn(T, B, 4))
        assert scores.dtype == torch.bfloat16
        crf(scores, torch.randint(K, (T, B)), lengths=LENGTHS).mean().backward()
    assert head.weight.grad.any()
    assert crf.transitions.grad.any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_marginals_in_inference_mode(backend):
    crf, x = crf_with_random_scores(backend=backend, allowed=FOLLOW), random_scores()
    expected = crf.marginals(x, lengths=LENGTHS)
    with torch.inference_mode():
        inside = crf.marginals(x * 1, lengths=LENGTHS * 1)
    assert torch.equal(inside, expected)


@pytest.mark.parametrize(
    ("asked", "taken"), [("auto", "reference"), ("c", "c"), ("reference", "reference")]
)
def test_wide_scores_take_the_backend_that_was_asked_for(monkeypatch, asked, taken):
    calls = []

    def noting(cell, *arguments, backend, **options):
        calls.append((type(cell), backend))
        return unroll(cell, *arguments, backend=backend, **options)

    monkeypatch.setattr(_crf_paths, "unroll", noting)
    crf_for_wide_scores(asked).log_partition(WIDE)
    assert calls == [(Paths, asked), (WidePaths, taken)]


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_ways_that_are_not_allowed_are_never_summed(lengths):
    """Where `decode` would have to take one, so would the sum and the marginals."""
    crf = crf_with_random_scores(allowed=FOLLOW)
    x = random_scores()
    x[1, 0, 2] = 15_000.0  # from 0 to 2 is not allowed,
    x[0, 0, 0] = 15_000.0  # and both are worth more than the penalty
    for use in (crf.decode, crf.log_partition, crf.marginals):
        with refused(
            ArgumentError,
            "one that this `CRF` does not allow",
            got="row 0",
            expected="an allowed way of its length, and scores that differ by less than 10000",
        ):
            use(x, lengths=lengths)
    x[0, 0, 0], x[0, 0, 1] = 0.0, 15_000.0  # from 1 to 2 is
    paths = all_paths(crf, x[:, 0], T, (FOLLOW, FIRST | True, LAST | True))
    assert crf.log_partition(x)[0].item() == pytest.approx(log_sum(paths.values()))


def test_where_no_way_is_allowed_nothing_is_summed():
    first, last = torch.tensor([True, False]), torch.tensor([False, True])
    crf = CRF(2, allowed_first=first, allowed_last=last)
    crf.log_partition(torch.zeros(2, 1, 2))
    for use in (crf.log_partition, crf.marginals):
        with pytest.raises(ArgumentError, match="does not allow") as caught:
            use(torch.zeros(2, 2, 2), lengths=torch.tensor([2, 1]))
        assert caught.value.details["got"] == "row 1"


def test_common_scores_are_summed_without_looking_for_the_best(monkeypatch):
    """Looking for it would take as long again."""
    monkeypatch.setattr(CRF, "decode", None)
    crf = CRF(K, allowed=FOLLOW)
    crf.log_partition(5 * torch.randn(100, B, K))
    CRF(K).log_partition(1e5 * torch.randn(T, B, K))
