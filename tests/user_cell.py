"""A file as users write them: a cell whose state is a NamedTuple with names that it uses."""

USER_CELL = """
import torch
from typing import NamedTuple
from torch import nn

class LeakyState(NamedTuple):
    hidden: torch.Tensor

class Leaky(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.affine = nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size):
        return LeakyState(self.affine.weight.new_zeros(batch_size, self.affine.out_features))

    def forward(self, x, state):
        drive = self.affine(torch.cat([x, state.hidden], dim=-1)).tanh()
        hidden = 0.8 * state.hidden + 0.2 * drive
        return hidden, LeakyState(hidden)

VALUE = 3
"""
