"""What is made of weights is kept between calls, and never after they changed, whoever wrote."""

import threading

import pytest
import torch

from recurra import GRU, LSTM, Recurrent, unroll
from recurra.runtime._kernels import packed_weights
from recurra.runtime._kernels.launch import CallForm
from recurra.runtime._kernels.packed_weights import digest, sample_of


@pytest.fixture
def packings(monkeypatch):
    """Count how often weights are packed to be kept."""
    counted = []
    packed = CallForm.packed
    monkeypatch.setattr(CallForm, "packed", lambda *a: counted.append(1) or packed(*a))
    return counted


def assert_is_reference(cell, x):
    with torch.no_grad():
        y, _ = unroll(cell, x, backend="c")
        expected, _ = unroll(cell, x, backend="reference")
    torch.testing.assert_close(y, expected)


def negate(cell):
    cell.weight_hidden.data.neg_()


def swap_rows(cell):
    cell.weight_input.data[[0, 1]] = cell.weight_input.data[[1, 0]]


def by_data(cell):
    cell.bias.data[3] += 0.5


def by_numpy(cell):
    cell.weight_hidden.detach().numpy()[2, 1] = 0.25


def by_other_data(cell):
    cell.weight_input.data = torch.randn_like(cell.weight_input)


def by_training(cell):
    optimizer = torch.optim.SGD(cell.parameters(), lr=0.1)
    unroll(cell, torch.randn(3, 2, 5))[0].square().sum().backward()
    optimizer.step()


def by_loading(cell):
    cell.load_state_dict(LSTM(5, 20).state_dict())


WRITERS = [negate, swap_rows, by_data, by_numpy, by_other_data, by_training, by_loading]


@pytest.mark.parametrize("write", WRITERS)
def test_a_change_is_seen_whoever_writes(write, packings):
    cell, x = LSTM(5, 20), torch.randn(4, 2, 5)
    for _ in range(3):
        assert_is_reference(cell, x)
    assert len(packings) == 1
    write(cell)
    assert_is_reference(cell, x)
    assert len(packings) == 2


def test_equal_cells_with_other_weights_share_a_program_and_no_weights(packings):
    cells, x = [GRU(5, 20), GRU(5, 20)], torch.randn(4, 2, 5)
    for cell in (*cells, *cells):
        assert_is_reference(cell, x)
    assert len(packings) == 2


def test_long_batches_keep_nothing(packings):
    cell = LSTM(5, 20)
    assert_is_reference(cell, torch.randn(40, 20, 5))
    assert not packings


def test_calls_in_and_out_of_inference_mode_share_weights(packings):
    cell, x = LSTM(5, 20), torch.randn(4, 2, 5)
    with torch.inference_mode():
        first, _ = unroll(cell, x, backend="c")
    assert_is_reference(cell, x)
    with torch.inference_mode():
        assert torch.equal(unroll(cell, x, backend="c")[0], first)
    assert len(packings) == 1


def test_a_cell_made_in_inference_mode():
    with torch.inference_mode():
        cell = GRU(5, 20)
    assert_is_reference(cell, torch.randn(4, 2, 5))
    assert_is_reference(cell, torch.randn(4, 2, 5))


def test_weights_that_do_not_lie_in_a_piece_are_not_kept(packings):
    cell, x = LSTM(5, 20), torch.randn(4, 2, 5)
    cell.weight_hidden.data = cell.weight_hidden.data.t().contiguous().t()
    assert digest([cell.weight_hidden]) is None
    assert_is_reference(cell, x)
    assert_is_reference(cell, x)
    assert len(packings) == 2


def test_what_is_written_while_it_is_made_is_not_kept():
    cache, weight = packed_weights.PackedWeightCache(), torch.zeros(4)

    def make():
        weight.add_(1)
        return weight.clone()

    assert cache.get([weight], make)[0] == 1
    assert cache.get([weight], make)[0] == 2


def test_threads_share_a_cell():
    layer, x = Recurrent(LSTM(5, 20)), torch.randn(4, 2, 5)
    with torch.no_grad():
        expected, _ = layer(x)
    wrong = []

    def work():
        with torch.no_grad():
            wrong.extend(1 for _ in range(50) if not torch.equal(layer(x)[0], expected))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.parametrize("size", [0, 1, 7, 512, 513, 4099, 2**20, 2**20 + 5, 3 * 2**20 - 1])
def test_every_place_counts(size):
    memory = torch.randint(0, 256, (size,), dtype=torch.uint8)
    whole = digest([memory])
    assert digest([memory.clone()]) == whole
    for place in {0, size // 3, size - 1, max(size - 200, 0)} if size else ():
        for bit in (1, 128):
            memory[place] ^= bit
            assert digest([memory]) != whole
            memory[place] ^= bit
    assert digest([memory]) == whole


def test_signs_and_order_count():
    weight, some = torch.randn(64, 64), torch.ones(64)
    some[1::2] = -1  # the highest bit of every word
    changed = (weight, -weight, weight * some, weight.flip(0), weight.roll(8, 1))
    found = [digest([each]) for each in changed]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 10**6])
def test_a_sample_sees_writing_to_all_numbers(size):
    tensors = [torch.randn(3), torch.randn(size, dtype=torch.float64), torch.randn(2, 500).t()]
    sampled = lambda: sample_of(tensors).digest  # noqa: E731
    before = sampled()
    assert sampled() == before
    for number, tensor in enumerate(tensors):
        kept = tensor.clone()
        for write in (lambda each: each.mul_(-1), lambda each: each.add_(1), torch.Tensor.zero_):
            write(tensor)
            assert (sampled() != before) == (tensor.numel() > 0), number
            tensor.copy_(kept)
            assert sampled() == before


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_sample_of_a_small_tensor_is_all_of_it(dtype):
    tensor = torch.randn(512 // dtype.itemsize, dtype=dtype)
    sampled = lambda: sample_of([tensor]).digest  # noqa: E731
    before = sampled()
    for place in range(len(tensor)):
        tensor[place] += 1
        assert sampled() != before
        tensor[place] -= 1
        tensor.copy_(tensor.clone())
        before = sampled()


def test_a_sample_stays_within_the_tensor():
    memory = torch.zeros(3000, dtype=torch.float64)
    tensor = memory[1000:1990][:, None].expand(990, 2)[:, 0]
    sampled = lambda: sample_of([tensor, memory[1990:2000]]).digest  # noqa: E731
    before = sampled()
    memory[:1000] += 1
    memory[2000:] += 1
    assert sampled() == before


def test_the_number_of_threads_does_not_count():
    weight, before = torch.randn(3, 2**20), torch.get_num_threads()
    found = set()
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        found.add(digest([weight]))
    torch.set_num_threads(before)
    assert len(found) == 1
