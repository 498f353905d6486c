"""Training: the loop, exact resume, evaluation. Knows the Task protocol, not the tasks."""

from recurra.train._evaluate import evaluate
from recurra.train._events import Listener, Progress
from recurra.train._fit import FitResult, fit, newest_state, require_extras
from recurra.train._picture import draw_learning_curve
from recurra.train._settings import TrainingSettings
from recurra.train._state import TrainingState

__all__ = [
    "FitResult",
    "Listener",
    "Progress",
    "TrainingSettings",
    "TrainingState",
    "draw_learning_curve",
    "evaluate",
    "fit",
    "newest_state",
    "require_extras",
]
