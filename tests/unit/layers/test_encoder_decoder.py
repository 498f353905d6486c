"""Encoder and decoder: whole sequences and single steps agree, and padding never matters."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from recurra import GRU, LSTM
from recurra.base import ArgumentError, ShapeError, UnknownName, map_state, state_tensors
from recurra.cells import LSTMState
from recurra.decode import beam_search, greedy_search
from recurra.layers import ATTENTIONS, Decoder, Encoder, TiedEmbedding


class Leaky(torch.nn.Module):
    """A cell as users write them, that says nothing of its sizes."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.affine = torch.nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size):
        return self.affine.weight.new_zeros(batch_size, self.affine.out_features)

    def forward(self, x, hidden):
        drive = self.affine(torch.cat([x, hidden], dim=-1)).tanh()
        hidden = 0.8 * hidden + 0.2 * drive
        return hidden, hidden


V, E, H, B, S, T = 11, 6, 5, 4, 7, 6
READ = torch.tensor([7, 2, 5, 1])
WRITTEN = torch.tensor([4, 6, 0, 3])
ANY = pytest.mark.parametrize("attention", ATTENTIONS)


def made(attention="luong", make=LSTM, *, layers=1, dropout=0.0, seed=0):
    torch.manual_seed(seed)
    embed = TiedEmbedding(V, E)
    encoder = Encoder(embed, E, make, H, layers=layers, dropout=dropout)
    options = {"attention": attention, "layers": layers, "dropout": dropout}
    return encoder.double(), Decoder(embed, make, 4, encoder, **options).double()


def drawn(seed=1):
    torch.manual_seed(seed)
    return torch.randint(V, (S, B)), torch.randint(V, (T, B))


def run(encoder, decoder, source, symbols, read=READ, written=WRITTEN):
    found = decoder(symbols, decoder.start(encoder(source, read)), written)
    return found, decoder.scores(found.features)


def chosen(rows, new, old):
    return torch.where(rows.reshape(-1, *[1] * (new.dim() - 1)), new, old)


@ANY
@pytest.mark.parametrize(("make", "layers"), [(GRU, 1), (LSTM, 2), (Leaky, 2)])
def test_a_sequence_is_its_steps(attention, make, layers):
    encoder, decoder = made(attention, make, layers=layers)
    source, symbols = drawn()
    found, scores = run(encoder, decoder, source, symbols)
    state = decoder.start(encoder(source, READ))
    for t in range(T):
        step, following = decoder.step(symbols[t], state)
        goes_on = t < WRITTEN
        torch.testing.assert_close(scores[t][goes_on], step[goes_on])
        torch.testing.assert_close(found.weights[t][goes_on], following.weights[goes_on])
        state = map_state(partial(chosen, goes_on), following, state)
    for mine, stepped in zip(state_tensors(found.state), state_tensors(state), strict=True):
        torch.testing.assert_close(mine, stepped)


@ANY
def test_padding_never_matters(attention):
    encoder, decoder = made(attention, layers=2)
    source, symbols = drawn()
    parameters = [*encoder.parameters(), *decoder.parameters()]
    valid = torch.arange(T)[:, None] < WRITTEN
    results = []
    for filling in (0, 9):
        filled = source.masked_fill(torch.arange(S)[:, None] >= READ, filling)
        found, scores = run(encoder, decoder, filled, symbols.masked_fill(~valid, filling))
        gradients = torch.autograd.grad(
            scores[valid].square().sum(), parameters, allow_unused=True, materialize_grads=True
        )
        results.append([scores[valid], *state_tensors(found.state), *gradients])
    assert all(map(torch.equal, *results))


@ANY
def test_a_memory_beyond_its_rows_may_be_anything(attention):
    encoder, decoder = made(attention)
    source, symbols = drawn()
    read = encoder(source, READ)
    memory = read.memory.detach()
    beyond = (torch.arange(S)[:, None] >= READ).unsqueeze(2)
    spoilt = memory.masked_fill(beyond, float("nan")).requires_grad_()
    found = decoder(symbols, decoder.start(read._replace(memory=spoilt)), WRITTEN)
    expected = decoder(symbols, decoder.start(read), WRITTEN)
    assert torch.equal(found.features, expected.features)
    if attention != "none":
        (gradient,) = torch.autograd.grad(found.features.square().sum(), spoilt)
        assert gradient.isfinite().all()
        assert not gradient.masked_select(beyond).any()


@ANY
def test_rows_do_not_see_each_other(attention):
    encoder, decoder = made(attention)
    source, symbols = drawn()
    order = torch.tensor([2, 0, 3, 1])
    _, scores = run(encoder, decoder, source, symbols)
    _, moved = run(
        encoder, decoder, source[:, order], symbols[:, order], READ[order], WRITTEN[order]
    )
    torch.testing.assert_close(scores[:, order], moved)
    _, alone = run(encoder, decoder, source[:5, 2:3], symbols[:, 1:2], READ[2:3], WRITTEN[1:2])
    _, beside = run(encoder, decoder, source, symbols[:, [1, 1, 1, 1]], READ, WRITTEN[[1, 1, 1, 1]])
    torch.testing.assert_close(alone[:, 0], beside[:, 2])


@pytest.mark.parametrize("attention", ["luong", "bahdanau"])
def test_weights_are_over_the_places_of_a_row(attention):
    encoder, decoder = made(attention)
    found, _ = run(encoder, decoder, *drawn())
    places = torch.arange(found.weights.shape[2]) < READ[:, None]
    valid = torch.arange(T)[:, None] < WRITTEN
    assert not found.weights.masked_select(~places).any()
    torch.testing.assert_close(found.weights.sum(2), valid.double())
    assert found.state.weights.shape == (B, 8)
    torch.testing.assert_close(found.state.weights[1], found.weights[5, 1])
    assert not found.state.weights[2].any()  # wrote nothing, and has not looked


@pytest.mark.parametrize(("places", "size"), [(1, 8), (8, 8), (9, 16), (17, 24)])
def test_memories_of_all_lengths_share_the_weights(places, size):
    encoder, decoder = made()
    source = torch.randint(V, (places, 2))
    start = decoder.start(encoder(source))
    assert start.weights.shape == (2, size)
    found = decoder(torch.randint(V, (3, 2)), start)
    found.features.square().sum().backward()
    assert all(each.grad is not None for each in decoder.top.parameters())
    assert copy.deepcopy(decoder).state_dict().keys() == decoder.state_dict().keys()


def test_luongs_equations():
    encoder, decoder = made(make=LSTM)
    source, symbols = drawn()
    found, scores = run(encoder, decoder, source, symbols)
    read = encoder(source, READ)
    top, bridge = decoder.top.cell, decoder.bridges[0].linear
    first = read.summary @ bridge.weight.T + bridge.bias
    for row, (S_row, T_row) in enumerate(zip(READ, WRITTEN, strict=True)):
        memory = read.memory[:S_row, row]  # [S, D]
        state = LSTMState(first[row : row + 1, :4].tanh(), first[row : row + 1, 4:])
        fed = memory.new_zeros(1, E)
        for t in range(int(T_row)):
            x = decoder.embed.weight[symbols[t, row]].unsqueeze(0)
            query, state = top.cell(torch.cat([x, fed], dim=1), state)
            weights = (memory @ top.score.weight @ query[0]).softmax(0)
            fed = torch.cat([weights @ memory, query[0]]) @ top.join.weight.T
            fed = fed.tanh().unsqueeze(0)
            expected = (fed @ decoder.embed.weight.T + decoder.embed.bias)[0]
            torch.testing.assert_close(scores[t, row], expected)
            torch.testing.assert_close(found.weights[t, row, :S_row], weights)


def test_bahdanaus_equations():
    encoder, decoder = made("bahdanau", GRU)
    source, symbols = drawn()
    found, _ = run(encoder, decoder, source, symbols)
    read = encoder(source, READ)
    top, score = decoder.top.cell, decoder.top.cell.score
    hidden = decoder.bridges[0].linear(read.summary).tanh()[:1]
    memory = read.memory[:, 0]  # [S, D], all places
    for t in range(int(WRITTEN[0])):
        drive = score.weight_query @ hidden[0] + memory @ score.weight_memory.T
        weights = (drive.tanh() @ score.weight_score).softmax(0)
        context = (weights @ memory).unsqueeze(0)
        x = decoder.embed.weight[symbols[t, 0]].unsqueeze(0)
        output, hidden = top.cell(torch.cat([x, context], dim=1), hidden)
        expected = decoder.readout(torch.cat([output, context], dim=1))[0]
        torch.testing.assert_close(found.features[t, 0], expected)
        torch.testing.assert_close(found.weights[t, 0, :S], weights)


def test_the_summary_is_of_all_layers_and_directions():
    encoder, _ = made(make=LSTM, layers=2)
    source, _ = drawn()
    read = encoder(source, READ)
    assert read.summary.shape == (B, encoder.summary_size) == (B, 2 * 2 * 2 * H)
    last = read.memory[READ - 1, torch.arange(B), :H]
    assert torch.equal(read.summary[:, 4 * H : 5 * H], last)  # forwards h of the top layer
    assert torch.equal(read.summary[:, 6 * H : 7 * H], read.memory[0, :, H:])  # and backwards


def test_dropout_is_for_training():
    encoder, decoder = made(dropout=0.5)
    source, symbols = drawn()
    first, second = (run(encoder, decoder, source, symbols)[1] for _ in range(2))
    assert not torch.equal(first, second)
    encoder.eval(), decoder.eval()
    first, second = (run(encoder, decoder, source, symbols)[1] for _ in range(2))
    assert torch.equal(first, second)


def test_it_learns_to_reverse():
    torch.manual_seed(3)
    begin, end = 1, 0
    lengths = torch.randint(2, 7, (20,))
    texts = [torch.randint(2, V, (int(length),)) for length in lengths]
    source = torch.nn.utils.rnn.pad_sequence(texts)
    turned = [text.flip(0) for text in texts]
    before = [torch.cat([torch.tensor([begin]), text]) for text in turned]
    targets = [torch.cat([text, torch.tensor([end])]) for text in turned]
    symbols = torch.nn.utils.rnn.pad_sequence(before)
    targets = torch.nn.utils.rnn.pad_sequence(targets, padding_value=-1)
    embed = TiedEmbedding(V, 16)
    encoder = Encoder(embed, 16, LSTM, 24)
    decoder = Decoder(embed, LSTM, 32, encoder)
    parameters = {*encoder.parameters(), *decoder.parameters()}
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(100):
        found = decoder(symbols, decoder.start(encoder(source, lengths)), lengths + 1)
        loss = F.cross_entropy(
            decoder.scores(found.features).flatten(0, 1), targets.flatten(), ignore_index=-1
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    with torch.no_grad():
        start = decoder.start(encoder(source, lengths))
        scores, state = decoder.step(torch.full((20,), begin), start)
        options = {"end": end, "longest": lengths + 3, "watch": lambda state: state.weights}
        found = greedy_search(decoder.step, scores, state, **options)
        best = beam_search(decoder.step, scores, state, width=3, **options)
    for text, mine, (wide,) in zip(turned, found, best, strict=True):
        assert mine.symbols.tolist() == wide.symbols.tolist() == text.tolist()
        assert mine.watched.shape == (len(text) + 1, 8)
        torch.testing.assert_close(mine.watched.sum(1), torch.ones(len(text) + 1))


def test_what_cannot_be_made():
    embed = TiedEmbedding(V, E)
    for sizes in ((0, H), (E, 0)):
        with pytest.raises(ShapeError, match="not a possible number"):
            Encoder(embed, sizes[0], GRU, sizes[1])
    with pytest.raises(ShapeError, match="`layers` is not a possible number"):
        Encoder(embed, E, GRU, H, layers=0)
    with pytest.raises(ArgumentError, match="`dropout` is outside its range"):
        Encoder(embed, E, GRU, H, dropout=1.5)
    encoder = Encoder(embed, E, GRU, H)
    with pytest.raises(UnknownName, match="attention"):
        Decoder(embed, GRU, H, encoder, attention="lung")
    with pytest.raises(ShapeError, match="`hidden_size` is not a possible number"):
        Decoder(embed, GRU, 0, encoder)
    with pytest.raises(ShapeError, match="`layers` is not a possible number"):
        Decoder(embed, GRU, H, encoder, layers=0)
    with pytest.raises(ArgumentError, match="`dropout` is outside its range"):
        Decoder(embed, GRU, H, encoder, dropout=-0.1)
