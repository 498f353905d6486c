"""Attention row by row and place by place: a row sees a list of its own places and no more."""

import torch


def dot(score, query, place):
    """e = q . m"""
    del score  # which holds nothing
    return query @ place


def general(score, query, place):
    """e = q^T W^T m"""
    return query @ score.weight.T @ place


def additive(score, query, place):
    """e = v . tanh(W q + U m)"""
    drive = score.weight_query @ query + score.weight_memory @ place
    return score.weight_score @ drive.tanh()


def concat(score, query, place):
    """e = v . tanh([W, U] [q, m])"""
    joined = torch.cat([score.weight_query, score.weight_memory], dim=1)
    return score.weight_score @ (joined @ torch.cat([query, place])).tanh()


def look(e, score, query, places, width):
    """Return context and weights of one row; no places give zeros."""
    weights = query.new_zeros(width)
    context = query.new_zeros(score.memory_size)
    if len(places) == 0:
        return context, weights
    scores = torch.stack([e(score, query, place) for place in places]).exp()
    for number, place in enumerate(places):
        weight = scores[number] / scores.sum()
        weights = torch.cat([weights[:number], weight[None], weights[number + 1 :]])
        context = context + weight * place
    return context, weights


def bahdanau(cell, e, x, places):
    """Run x `[T, I]` of one row: outputs `[T, O]` and weights `[T, S]`."""
    state, outputs, looks = cell.cell.initial_state(1), [], []
    for x_t in x:
        hidden = state if isinstance(state, torch.Tensor) else state[0]
        context, weights = look(e, cell.score, hidden[0], places, cell.places)
        y, state = cell.cell(torch.cat([x_t, context])[None], state)
        outputs.append(y[0])
        looks.append(weights)
    return torch.stack(outputs), torch.stack(looks)


def luong(cell, e, x, places):
    """Run x `[T, I]` of one row, with input feeding."""
    state, outputs, looks = cell.cell.initial_state(1), [], []
    attended = x.new_zeros(cell.output_size)
    for x_t in x:
        query, state = cell.cell(torch.cat([x_t, attended])[None], state)
        context, weights = look(e, cell.score, query[0], places, cell.places)
        attended = (cell.join.weight @ torch.cat([context, query[0]])).tanh()
        outputs.append(attended)
        looks.append(weights)
    return torch.stack(outputs), torch.stack(looks)
