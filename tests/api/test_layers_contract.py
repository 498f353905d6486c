# Packages import downwards only; the contract itself stands in pyproject.toml.
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def find_tool():
    beside = Path(sys.executable).with_name("lint-imports")
    return str(beside) if beside.is_file() else shutil.which("lint-imports")


@pytest.mark.skipif(find_tool() is None, reason="import-linter is a dependency of development only")
def test_rooms_import_downwards_only():
    done = subprocess.run(
        [find_tool(), "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
