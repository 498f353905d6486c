"""Does what a LoopPlan says, step by step, in the memory that it says: the plan's own oracle.

Rows are taken side by side, as they do not see each other. Memory that the plan does not promise to
keep is filled with NaN, so that a value read too early or too late shows.
"""

import torch

from recurra.graph import (
    POINTWISE,
    REDUCTIONS,
    Products,
    evaluate,
    is_same_element,
    row_strides,
    walk,
)


def rows_first(tensor, node, rows):
    """Iteration a value `[.., B, ..]` into `[B, row shape]`."""
    axis = node.rows_axis
    sizes = [*tensor.shape[:axis], rows, -node.shape[axis], *tensor.shape[axis + 1 :]]
    return tensor.reshape(sizes).movedim(axis, 0)


def batch_back(tensor, node, rows):
    """Iteration `[B, row shape]` into the value's own form."""
    axis = node.rows_axis
    sizes = [-size * rows if size < 0 else size for size in node.shape]
    return tensor.movedim(0, axis).reshape(sizes)


class Interpreter:
    """Runs one iteration of a plan on values of its inputs, state, weights and vectors."""

    def __init__(self, plan, known, rows):
        self.plan, self.rows = plan, rows
        self.memory = {}
        for kind, nodes in (("input", plan.inputs), ("state", plan.state)):
            for place, node in enumerate(nodes):
                self.memory[kind, place] = self.compact(known[node].to(plan.dtype), node)
        for place, each in enumerate(plan.ahead):
            self.memory["ahead", place] = self.made_ahead(each, known)
        for kind, nodes in (("output", plan.outputs), ("next_state", plan.next_state)):
            for place, node in enumerate(nodes):
                self.memory[kind, place] = self.empty(node.width)
        for place, width in enumerate(plan.scratch):
            self.memory["scratch", place] = self.empty(width)
        for place, value in enumerate(evaluate(plan.vectors, known, rows)):
            flat = value.to(plan.dtype).reshape(1, -1)
            self.memory["vector", place] = flat.expand(rows, -1).contiguous()
        self.weights = evaluate(plan.weights, known, rows)

    def made_ahead(self, ahead, known):
        (weight,) = evaluate([self.plan.weights[ahead.weight]], known, self.rows)
        value = known[self.plan.inputs[ahead.left]] @ weight
        if ahead.bias is not None:
            value = value + evaluate([self.plan.vectors[ahead.bias]], known, self.rows)[0]
        return value

    def empty(self, width):
        return torch.full((self.rows, width), torch.nan, dtype=self.plan.dtype)

    def compact(self, tensor, node):
        return rows_first(tensor, node, self.rows).reshape(self.rows, -1).clone()

    def run(self):
        """Return outputs and next_state."""
        for stage in self.plan.stages:
            for place, width in enumerate(self.plan.row):
                self.memory["row", place] = self.empty(width)
            if isinstance(stage, Products):
                for item in stage.items:
                    self.product(item)
            else:
                for loop in stage.loops:
                    self.feature_loop(loop)
        return tuple(
            [self.result(self.memory[kind, place], node) for place, node in enumerate(nodes)]
            for kind, nodes in (("output", self.plan.outputs), ("next_state", self.plan.next_state))
        )

    def result(self, block, node):
        return batch_back(block.reshape(self.rows, *node.row_shape), node, self.rows)

    def product(self, item):
        left = self.load(item.node.inputs[0])
        result = left @ self.weights[item.weight]
        self.store(item.node, result, self.plan.locations[item.node])

    def feature_loop(self, loop):
        registers = {}
        for node in loop.nodes:
            operands = [self.operand(each, registers, loop) for each in node.inputs]
            if node.op in REDUCTIONS:
                axes = [axis + 1 for axis in node.arguments[0]]
                value = REDUCTIONS[node.op](operands[0], dim=axes)
            elif node.op in POINTWISE:
                value = POINTWISE[node.op](*operands)
            else:
                assert node.op in ("cast", "copy")
                value = operands[0].to(node.dtype)
            registers[node] = value
            for place in self.plan.destinations.get(node, ()):
                self.store(node, value, place)

    def operand(self, operand, registers, loop):
        base = walk(operand).base
        in_register = base in registers and base.op not in REDUCTIONS
        if in_register and is_same_element(operand, loop.shape):
            return registers[base].reshape(self.rows, *operand.row_shape)
        return self.load(operand)

    def load(self, operand):
        base, strides, offset = walk(operand)
        if base.op == "constant":
            sizes = (self.rows, *operand.row_shape)
            return torch.full(sizes, base.arguments[0], dtype=operand.dtype)
        place = self.plan.locations[base]
        value = self.view(place, operand.row_shape, strides, offset)
        assert not value.isnan().any(), f"{operand} is read where nothing was written"
        return value != 0 if operand.dtype == torch.bool else value.clone()

    def store(self, node, value, place):
        strides = getattr(place, "strides", ()) or row_strides(node.shape)
        target = self.view(place, node.row_shape, strides, 0)
        target.copy_(value.reshape(self.rows, *node.row_shape).to(self.plan.dtype))

    def view(self, place, shape, strides, offset):
        block = self.memory[place.kind, place.index]
        return block.as_strided(
            (self.rows, *shape), (block.shape[1], *strides), place.offset + offset
        )
