"""From a LoopPlan to the source of a kernel. Nothing is run here, no compiler is needed."""

from recurra.base import set_module as _set_module
from recurra.codegen._kernel import Source, emit_c
from recurra.codegen._support import support

__all__ = ["Source", "emit_c", "support"]

_set_module(__name__, globals())
