"""What every task is made of, and the way of its records from a file to a trained run and back."""

from recurra.base import set_module as _set_module
from recurra.tasks.framework.cell_makers import (
    CELLS,
    MAX_LAYERS,
    CellMaker,
    cell_maker,
    errors_of_user_code,
    load_cell_maker,
)
from recurra.tasks.framework.columns import records_of
from recurra.tasks.framework.config_checks import check_config, check_weights
from recurra.tasks.framework.data_summary import DataSummary, Lengths
from recurra.tasks.framework.evaluate import evaluate_source, measure_records
from recurra.tasks.framework.examples import check_long
from recurra.tasks.framework.fit import conclude, fit_records, train_job
from recurra.tasks.framework.job import Job
from recurra.tasks.framework.loadable import Loadable, describe_task, save_task
from recurra.tasks.framework.outputs import Answer, AnswerOptions, Evaluation, Measured, Prediction
from recurra.tasks.framework.predict import predict_records, predict_source
from recurra.tasks.framework.protocols import Errs, Generates, Replies
from recurra.tasks.framework.record_model import Advice, RecordModel, evaluating
from recurra.tasks.framework.record_task import RecordTask
from recurra.tasks.framework.report import versions_of
from recurra.tasks.framework.resume_job import take_up
from recurra.tasks.framework.run_data import DEMO
from recurra.tasks.framework.run_files import check_plain, recorded_files
from recurra.tasks.framework.start_job import advised_training, begin
from recurra.tasks.framework.task_choice import choose_task
from recurra.tasks.framework.task_data import DataSettings, TaskData, read_task_data
from recurra.tasks.framework.task_registry import TaskRegistry
from recurra.tasks.framework.weights import check_fits, load_weights

__all__ = [
    "CELLS",
    "DEMO",
    "MAX_LAYERS",
    "Advice",
    "Answer",
    "AnswerOptions",
    "CellMaker",
    "DataSettings",
    "DataSummary",
    "Errs",
    "Evaluation",
    "Generates",
    "Job",
    "Lengths",
    "Loadable",
    "Measured",
    "Prediction",
    "RecordModel",
    "RecordTask",
    "Replies",
    "TaskData",
    "TaskRegistry",
    "advised_training",
    "begin",
    "cell_maker",
    "check_config",
    "check_fits",
    "check_long",
    "check_plain",
    "check_weights",
    "choose_task",
    "conclude",
    "describe_task",
    "errors_of_user_code",
    "evaluate_source",
    "evaluating",
    "fit_records",
    "load_cell_maker",
    "load_weights",
    "measure_records",
    "predict_records",
    "predict_source",
    "read_task_data",
    "recorded_files",
    "records_of",
    "save_task",
    "take_up",
    "train_job",
    "versions_of",
]

_set_module(__name__, globals())
