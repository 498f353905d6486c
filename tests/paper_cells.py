"""Recurrent cells from the literature that the collection does not have, as users write them."""

from dataclasses import dataclass

import torch
from torch import nn

import paper_dynamics as dynamics
import paper_gated as gated
import paper_lstms as lstms
import paper_memories as memories
from zoo import Specimen


@dataclass(frozen=True)
class PaperCell(Specimen):
    """A cell that keeps the weights that its author draws, all of them shaken."""

    def cell(self) -> nn.Module:
        """Make the cell, float64; noise, because equal weights hide a wrong index."""
        module = self.make().double()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        return module


def _entry(make: type[nn.Module], input_size: int = 3) -> PaperCell:
    return PaperCell(make.__name__, make, input_size)


PAPER_CELLS = (
    _entry(lstms.LSTMWithReadout, 5),
    _entry(lstms.ResidualLSTM, 5),
    _entry(lstms.PhasedLSTM),
    _entry(gated.DeepGRU),
    _entry(gated.RecurrentHighway),
    _entry(gated.BistableCell),
    _entry(gated.Hawk, 5),
    _entry(dynamics.EchoState),
    _entry(dynamics.LegendreMemory),
    _entry(dynamics.ClockworkRNN),
    _entry(dynamics.ExpRNN),
    _entry(dynamics.WeightNormRNN, 5),
    _entry(dynamics.UnitaryPhases),
    _entry(memories.AttentiveHistory),
    _entry(memories.FastWeights, 5),
    _entry(memories.DecayingFastWeights),
    _entry(memories.MaxoutRNN, 5),
    _entry(memories.StackRNN),
    _entry(memories.EntityNetwork),
    _entry(memories.RelationalMemory),
    _entry(memories.StructurallyConstrained),
    _entry(memories.MultiplicativeIntegration),
    _entry(memories.SecondOrder),
    _entry(memories.DeepTransition, 5),
)
