"""Kernels: C from a plan to a loaded library, and calls of it on tensors."""

from recurra.runtime._kernels.addressable import (
    SignsTurned,
    address,
    as_readable,
    check_circumstances,
    check_memory,
    check_plain,
    check_readable,
    readable,
    supported,
)
from recurra.runtime._kernels.kernel import Tensors, Weights, dtypes_of, in_dtypes
from recurra.runtime._kernels.launch import CallForm, Launch, Operands, three_strides
from recurra.runtime._kernels.library_cache import read_file, write_file
from recurra.runtime._kernels.loops import InferenceLoop, TrainingLoop
from recurra.runtime._kernels.packed_weights import (
    PackedWeightCache,
    digest,
    sample_of,
)
from recurra.runtime._kernels.products import HANDLERS
from recurra.runtime._kernels.row_layout import RowLayout, lay_out_rows

__all__ = [
    "HANDLERS",
    "CallForm",
    "InferenceLoop",
    "Launch",
    "Operands",
    "PackedWeightCache",
    "RowLayout",
    "SignsTurned",
    "Tensors",
    "TrainingLoop",
    "Weights",
    "address",
    "as_readable",
    "check_circumstances",
    "check_memory",
    "check_plain",
    "check_readable",
    "digest",
    "dtypes_of",
    "in_dtypes",
    "lay_out_rows",
    "read_file",
    "readable",
    "sample_of",
    "supported",
    "three_strides",
    "write_file",
]
