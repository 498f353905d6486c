"""The compiler's middle: one step of a cell as a graph, its parts, its gradients, its plans.

It may not know any cell by name, nor any language or machine.
"""

from recurra.base import set_module as _set_module
from recurra.graph._access import is_same_element, walk
from recurra.graph._evaluate import CompiledEvaluator, evaluate
from recurra.graph._graph import Graph
from recurra.graph._listing import Listable, listing
from recurra.graph._node import Node, Shape, ancestors, describe_shape, row_strides
from recurra.graph._ops import OPERATIONS, POINTWISE, REDUCTIONS, Operation
from recurra.graph._partition import Partition
from recurra.graph._pipeline import partition, pass_names, plan_inference, plan_training
from recurra.graph._plan import (
    FeatureLoop,
    Location,
    LoopPlan,
    PrefetchedProduct,
    Product,
    Products,
    Rows,
    Stage,
)
from recurra.graph._plans import InferencePlan, TrainingPlan
from recurra.graph._scan import ScanPlan, ScanStage, plan_scan
from recurra.graph._self_check import trace_step
from recurra.graph._serialization import CannotSerialize, deserialize, serialize
from recurra.graph._sharing import is_shared
from recurra.graph._torch_internals import internal
from recurra.graph._trace import Step
from recurra.graph._untraceable import has_own_gradient
from recurra.graph._watched import Watched

__all__ = [
    "OPERATIONS",
    "POINTWISE",
    "REDUCTIONS",
    "CannotSerialize",
    "CompiledEvaluator",
    "FeatureLoop",
    "Graph",
    "InferencePlan",
    "Listable",
    "Location",
    "LoopPlan",
    "Node",
    "Operation",
    "Partition",
    "PrefetchedProduct",
    "Product",
    "Products",
    "Rows",
    "ScanPlan",
    "ScanStage",
    "Shape",
    "Stage",
    "Step",
    "TrainingPlan",
    "Watched",
    "ancestors",
    "describe_shape",
    "deserialize",
    "evaluate",
    "has_own_gradient",
    "internal",
    "is_same_element",
    "is_shared",
    "listing",
    "partition",
    "pass_names",
    "plan_inference",
    "plan_scan",
    "plan_training",
    "row_strides",
    "serialize",
    "trace_step",
    "walk",
]

_set_module(__name__, globals())
