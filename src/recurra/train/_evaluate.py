"""Measuring a task on data, without training."""

from typing import Any

import torch

from recurra.base import Batches, State, Task


def evaluate(task: Task, batches: Batches) -> dict[str, float]:
    """Measure a task on batches that continue each other.

    Args:
        task: the task; it is in evaluation mode meanwhile.
        batches: the data, in order.

    Returns:
        metrics: the task's metrics over all batches together.
    """
    return task.metrics(sum_up(task, batches))


@torch.no_grad()
def sum_up(task: Task, batches: Batches) -> dict[str, Any]:
    """Add up the totals of a task over batches that continue each other, in evaluation mode."""
    was_training = task.training
    task.eval()
    state: State | None = None
    totals: dict[str, Any] = {}
    try:
        for i in range(len(batches)):
            outcome = task.outcome(batches[i], state)
            add_totals(totals, outcome.totals)
            state = outcome.state
    finally:
        task.train(was_training)
    return totals


def add_totals(totals: dict[str, Any], more: dict[str, Any]) -> None:
    """Add the sums of one more batch."""
    for name, value in more.items():
        totals[name] = totals.get(name, 0) + value
