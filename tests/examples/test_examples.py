# Each example runs by itself, quickly, in any folder, and reaches the target that it sets itself.
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


IGNORED = ("__pycache__", "torchinductor_")  # Python and PyTorch make them on import


def names_in(folder):
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith(IGNORED))


def run_by_itself(path, folder, environment):
    return subprocess.run(
        [sys.executable, "-W", "error", str(path), "--quick"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_runs_quickly_and_reaches_its_target(path, tmp_path, warm_programs):
    before = names_in(FOLDER)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | ONE_THREAD | {"TMPDIR": str(temporary)}
    if path == EXAMPLES[0]:  # one with all its imports, the others without waiting for PyTorch
        done = run_by_itself(path, tmp_path, environment)
    else:
        done = warm_programs.run(
            path, "--quick", folder=tmp_path, environment=environment, strict=True
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.strip()
    assert names_in(FOLDER) == before, "it writes beside itself"
    assert names_in(tmp_path) == ["temporary"], "it leaves files where it runs"
    assert not names_in(temporary), "it leaves files in the temporary folder"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_is_in_the_index_and_holds_itself_to_a_target(path):
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert index.count(f"[`{path.name}`]({path.name})") == 1
    source = path.read_text(encoding="utf-8")
    assert "TARGET" in source
    assert '"the target was missed"' in source
