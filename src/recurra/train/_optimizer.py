"""The optimizer of a training; unless asked for another, Muon for the matrices of cells and AdamW.

After two epochs of Tiny Shakespeare this is at 2.18 bits per character where AdamW alone is at 2.26
(docs/results.md). The step of Muon is scaled so that one learning rate serves both.
"""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim import AdamW, Optimizer

from recurra.layers import Recurrent
from recurra.train._muon import Muon
from recurra.train._optimizers import MUON, optimizer_maker
from recurra.train._schedules import find_schedule, one_cycle, warm_up
from recurra.train._settings import TrainingSettings

VECTORS = "weight_peephole"
"""A parameter of two axes that is no matrix: vectors side by side, each multiplied by element."""


class MuonAdamW(Optimizer):
    """Two optimizers that step together, each on its own parameters.

    Args:
        matrices: parameters for Muon, each `[rows, columns]`; may be empty.
        others: parameters for AdamW; may be empty.
        learning_rate: largest step size of both.
        weight_decay: part of a weight that a step of size 1 takes away. Default: 0.
    """

    def __init__(
        self,
        matrices: list[nn.Parameter],
        others: list[nn.Parameter],
        learning_rate: float,
        weight_decay: float = 0.0,
    ) -> None:
        self.parts: list[Optimizer] = []
        if matrices:
            self.parts.append(
                Muon(
                    matrices,
                    lr=learning_rate,
                    weight_decay=weight_decay,
                    adjust_lr_fn="match_rms_adamw",
                )
            )
        if others:
            self.parts.append(
                AdamW(others, lr=learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay)
            )
        super().__init__([{"params": matrices + others}], {"lr": learning_rate})
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Run the closure, which computes gradients, then step both."""
        loss = None if closure is None else closure()
        for part in self.parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Give the states of both."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the states of both."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def make_optimizer(task: nn.Module, settings: TrainingSettings) -> Optimizer:
    """Make the optimizer of a task over all parameters that learn."""
    parameters = [parameter for parameter in task.parameters() if parameter.requires_grad]
    if settings.optimizer != MUON:
        optimizer = optimizer_maker(settings.optimizer)(parameters, settings.learning_rate)
        if settings.weight_decay is not None:
            for group in optimizer.param_groups:
                group["weight_decay"] = settings.weight_decay
        return optimizer
    inside = _matrices_of_cells(task)
    matrices = [parameter for parameter in parameters if parameter in inside]
    others = [parameter for parameter in parameters if parameter not in inside]
    return MuonAdamW(matrices, others, settings.learning_rate, settings.weight_decay or 0.0)


def _matrices_of_cells(task: nn.Module) -> set[nn.Parameter]:
    return {
        parameter
        for module in task.modules()
        if isinstance(module, Recurrent)
        for name, parameter in module.named_parameters()
        if parameter.dim() == 2 and VECTORS not in name
    }


def set_learning_rate(
    optimizer: Optimizer, settings: TrainingSettings, step: int, steps: int
) -> None:
    """Set the step size of a step: up along a line while warming up, and as the schedule has it.

    "one-cycle" warms up by itself.
    """
    schedule = find_schedule(settings.schedule)
    warmup = 0 if schedule is one_cycle else min(settings.warmup, steps // 10)
    rate = settings.learning_rate * warm_up(step, warmup)
    rate *= schedule(step, steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
