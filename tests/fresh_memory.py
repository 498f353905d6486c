import functools
import sys

import torch


def filled_for_recurra(make):
    @functools.wraps(make)
    def make_filled(*args, **options):
        tensor = make(*args, **options)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.split(".")[0] == "recurra" and tensor.is_floating_point():
            with torch.no_grad():
                tensor.fill_(float("nan"))
        return tensor

    return make_filled
