"""Whether a training can go on from a state that was read from a file.

The checksum of a checkpoint says that its bytes are those that were written, not what they are.
Everything in it is held to what this very training would have made: the weights to those of the
task, the optimizer to one that has made a step, the recurrent state to that after a batch.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from recurra.base import (
    Batches,
    DamagedFile,
    Outcome,
    RecurraError,
    Task,
    describe_state,
    is_state,
    shorten_repr,
    state_tensors,
)
from recurra.train._optimizer import make_optimizer
from recurra.train._settings import TrainingSettings
from recurra.train._state import TrainingState

NOT_NEGATIVE = ("step", "exp_avg_sq", "max_exp_avg_sq", "square_avg", "sum")
"""What optimizers keep that counts, or sums up squares."""


def check_state(
    state: TrainingState, task: Task, settings: TrainingSettings, batches: Batches
) -> None:
    """Hold a state that was read from a file to a task and its data.

    The weights of the task are changed; those of the state are to be loaded afterwards.

    Args:
        state: what was read.
        task: the task that is trained.
        settings: how it is trained.
        batches: its data.

    Raises:
        DamagedFile: something of the state is of another type, form or range.
    """
    _check_weights(state.weights, task)
    with _trying(task):
        outcome = _first_outcome(task, batches)
    _check_totals(state.totals, outcome.totals)
    if state.recurrent is not None:
        _check_recurrent(state.recurrent, outcome.state)
    state.optimizer = _checked_optimizer(state.optimizer, task, settings, state.step)


def _check_weights(weights: Mapping[str, torch.Tensor], task: Task) -> None:
    """Check types and values of weights; names and shapes are looked at when they are loaded."""
    own = task.state_dict()
    parameters = dict(task.named_parameters(remove_duplicate=False))
    for name, weight in weights.items():
        if name in own and weight.dtype != own[name].dtype:
            raise _wrong(f"weight {name!r}", _dtype(weight), _dtype(own[name]))
        if name in parameters and not bool(weight.isfinite().all()):
            raise _wrong(f"weight {name!r}", "numbers that are not finite", "finite numbers")


@contextmanager
def _trying(task: Task) -> Iterator[None]:
    """Let a task try something, as in training, without a trace but in its weights."""
    was_training = task.training
    task.train()
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            yield
    finally:
        task.train(was_training)


def _first_outcome(task: Task, batches: Batches) -> Outcome:
    return task.outcome(batches[0], None)


def _check_totals(totals: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if totals and totals.keys() != expected.keys():
        raise _wrong("the totals", ", ".join(totals), ", ".join(expected))
    for name, total in totals.items():
        table = expected[name]
        if isinstance(table, torch.Tensor) != isinstance(total, torch.Tensor) or (
            isinstance(table, torch.Tensor) and table.shape != total.shape
        ):
            raise _wrong(f"the total {name!r}", describe_state(total), describe_state(table))


def _check_recurrent(state: Any, expected: Any) -> None:
    if expected is None or not is_state(state) or _form(state) != _form(expected):
        raise _wrong("the recurrent state", describe_state(state), describe_state(expected))
    if any(bool(each.isnan().any()) for each in state_tensors(state) if each.is_floating_point()):
        raise _wrong("the recurrent state", "NaN", "numbers")


def _form(state: Any) -> Any:
    if isinstance(state, torch.Tensor):
        return state.shape, state.dtype
    return [_form(each) for each in state]


def _checked_optimizer(found: Any, task: Task, settings: TrainingSettings, step: int) -> Any:
    """Hold the state of an optimizer to one that has made a step, without gradients."""
    optimizer = make_optimizer(task, settings)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    expected = optimizer.state_dict()
    if "parts" not in expected:
        return _checked_part(found, expected, step)
    parts = found.get("parts") if isinstance(found, dict) else None
    if not isinstance(parts, list) or len(parts) != len(expected["parts"]):
        raise _wrong("the optimizer", shorten_repr(type(found).__name__), "that of the settings")
    pairs = zip(parts, expected["parts"], strict=True)
    return {"parts": [_checked_part(part, own, step) for part, own in pairs]}


def _checked_part(found: Any, expected: Mapping[str, Any], step: int) -> dict[str, Any]:
    match found:
        case {"state": dict(state), "param_groups": [*groups]} if len(groups) == len(
            expected["param_groups"]
        ):
            pairs = zip(groups, expected["param_groups"], strict=True)
            groups = [_checked_group(group, own) for group, own in pairs]
            _check_entries(state, expected["state"], step)
            return {"state": state, "param_groups": groups}
    raise _wrong("the optimizer", shorten_repr(type(found).__name__), "that of the settings")


def _checked_group(group: Any, expected: dict[str, Any]) -> dict[str, Any]:
    """Take the settings of an optimizer, which the training has: those of the file are the same."""
    if not isinstance(group, dict):
        raise _wrong("a setting of the optimizer", shorten_repr(group, 60), "settings by name")
    for name in group.keys() & expected.keys() - {"lr"}:  # set anew at each step
        if type(group[name]) is not type(expected[name]) or group[name] != expected[name]:
            found, own = (shorten_repr(each[name], 200) for each in (group, expected))
            raise _wrong(f"the optimizer's {name!r}", found, own)
    return dict(expected)


def _check_entries(state: Mapping[Any, Any], expected: Mapping[Any, Any], step: int) -> None:
    for key, entry in state.items():
        own = expected.get(key)
        if not isinstance(entry, dict) or own is None or entry.keys() != own.keys():
            names = "nothing" if own is None else ", ".join(own)
            raise _wrong(f"the optimizer's state of {shorten_repr(key, 60)}", "others", names)
        for name, value in entry.items():
            _check_entry(f"the optimizer's {name!r} of parameter {key}", name, value, own[name])
            if name == "step" and float(value) > step:
                raise _wrong("the optimizer's step", float(value), f"at most {step}")


def _check_entry(what: str, name: str, value: Any, expected: Any) -> None:
    if not isinstance(expected, torch.Tensor):
        if type(value) is not type(expected):
            raise _wrong(what, shorten_repr(value, 60), type(expected).__name__)
        return
    if not isinstance(value, torch.Tensor) or _form(value) != _form(expected):
        raise _wrong(what, describe_state(value), describe_state(expected))
    if not bool(value.isfinite().all()):
        raise _wrong(what, "numbers that are not finite", "finite numbers")
    if name in NOT_NEGATIVE and bool((value < 0).any()):
        raise _wrong(what, "numbers below 0", "numbers >= 0")


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _wrong(what: str, got: object, expected: object) -> RecurraError:
    return DamagedFile(
        f"A checkpoint is not one of this training: {what} is of another kind.",
        got=got,
        expected=expected,
    )
