"""Lines: where in the user's files a traced operation comes from."""

import re
from pathlib import Path

import torch

LINE = "recurra_line"
"""Where a traced operation carries the user's line, if an earlier trace has found it."""

_FRAME = r'File "(?P<file>[^"]+)", line (?P<line>\d+), in .*\n\s*(?P<code>.*)'


def users_line(trace: str | None) -> str | None:
    """Return `file:line  code` of the innermost frame that is not PyTorch's own."""
    frames = re.findall(_FRAME, trace or "")
    torch_home = str(Path(torch.__file__).parent)
    mine = str(Path(__file__).parent)
    for file, line, code in reversed(frames):
        if not file.startswith((torch_home, mine)):
            return f"{file}:{line}  {code.strip()}"
    return None
