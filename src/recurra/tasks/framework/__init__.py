"""What every task is made of, and the way of its records from a file to a trained run and back."""

from recurra.base import set_module as _set_module
from recurra.tasks.framework.cell_makers import (
    CELLS,
    MAX_LAYERS,
    CellMaker,
    cell_maker,
    errors_of_user_code,
    load_cell_maker,
    load_user_class,
)
from recurra.tasks.framework.columns import records_of
from recurra.tasks.framework.config_checks import check_config, check_weights
from recurra.tasks.framework.data_source import Dataset, DataSource, TrainingData
from recurra.tasks.framework.data_summary import DataSummary, Lengths
from recurra.tasks.framework.evaluate import measure_records
from recurra.tasks.framework.examples import check_long
from recurra.tasks.framework.fit import finish_job, fit_task, train_job
from recurra.tasks.framework.job import Job, resume_job, start_job
from recurra.tasks.framework.loadable import Loadable, describe_task, save_task
from recurra.tasks.framework.outputs import Answer, AnswerOptions, Evaluation, Measured, Prediction
from recurra.tasks.framework.predict import predict_records
from recurra.tasks.framework.protocols import Continues, Errs, Generates, Replies
from recurra.tasks.framework.record_data import RecordData
from recurra.tasks.framework.record_model import RecordModel, evaluating
from recurra.tasks.framework.record_source import RecordSource
from recurra.tasks.framework.record_task import RecordTask
from recurra.tasks.framework.run_data import DEMO
from recurra.tasks.framework.run_files import check_plain, recorded_files
from recurra.tasks.framework.task_choice import choose_task
from recurra.tasks.framework.task_data import DataSettings, TaskData, read_task_data
from recurra.tasks.framework.task_registry import TaskRegistry
from recurra.tasks.framework.trainable_task import Defaults, TrainableTask, default_training
from recurra.tasks.framework.weights import check_fits, load_weights

__all__ = [
    "CELLS",
    "DEMO",
    "MAX_LAYERS",
    "Answer",
    "AnswerOptions",
    "CellMaker",
    "Continues",
    "DataSettings",
    "DataSource",
    "DataSummary",
    "Dataset",
    "Defaults",
    "Errs",
    "Evaluation",
    "Generates",
    "Job",
    "Lengths",
    "Loadable",
    "Measured",
    "Prediction",
    "RecordData",
    "RecordModel",
    "RecordSource",
    "RecordTask",
    "Replies",
    "TaskData",
    "TaskRegistry",
    "TrainableTask",
    "TrainingData",
    "cell_maker",
    "check_config",
    "check_fits",
    "check_long",
    "check_plain",
    "check_weights",
    "choose_task",
    "default_training",
    "describe_task",
    "errors_of_user_code",
    "evaluating",
    "finish_job",
    "fit_task",
    "load_cell_maker",
    "load_user_class",
    "load_weights",
    "measure_records",
    "predict_records",
    "read_task_data",
    "recorded_files",
    "records_of",
    "resume_job",
    "save_task",
    "start_job",
    "train_job",
]

_set_module(__name__, globals())
