"""Training: the loop, exact resume, evaluation. Knows the Task protocol, not the tasks."""

from recurra.base import set_module as _set_module
from recurra.train._evaluate import evaluate
from recurra.train._events import Listener, Progress
from recurra.train._fit import FitResult, fit, newest_state, read_state, require_extras
from recurra.train._optimizers import OPTIMIZERS, OptimizerMaker, optimizer_maker
from recurra.train._picture import draw_learning_curve
from recurra.train._schedules import SCHEDULES, LearningRateSchedule, find_schedule, warm_up
from recurra.train._settings import Kept, TrainingSettings, with_what_was_fixed
from recurra.train._state import TrainingState

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "FitResult",
    "Kept",
    "LearningRateSchedule",
    "Listener",
    "OptimizerMaker",
    "Progress",
    "TrainingSettings",
    "TrainingState",
    "draw_learning_curve",
    "evaluate",
    "find_schedule",
    "fit",
    "newest_state",
    "optimizer_maker",
    "read_state",
    "require_extras",
    "warm_up",
    "with_what_was_fixed",
]

_set_module(__name__, globals())
