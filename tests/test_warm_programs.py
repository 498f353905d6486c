# Programs that are forked are as those that are started: arguments, folder, streams, exit code.
import os

import pytest

SHOW = """
import os, sys, tempfile
print(__name__, sys.argv, os.getcwd(), os.environ["WORD"], tempfile.gettempdir())
print("recurra" in sys.modules, sys.stdin.read(), file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.parametrize("kind", ["code", "file"])
def test_a_program_has_what_it_was_given(kind, warm_programs, tmp_path):
    (tmp_path / "show.py").write_text(SHOW)
    program = ["-c", SHOW] if kind == "code" else [tmp_path / "show.py"]
    environment = os.environ | {"WORD": "a word", "TMPDIR": str(tmp_path)}
    done = warm_programs.run(*program, "x y", 2, folder=tmp_path, environment=environment)
    name = "-c" if kind == "code" else str(tmp_path / "show.py")
    assert done.stdout == f"__main__ {[name, 'x y', '2']} {tmp_path} a word {tmp_path}\n"
    assert (done.returncode, done.stderr) == (3, "False \n")


def test_a_program_leaves_nothing_to_the_next(warm_programs, tmp_path):
    writes = "import os, torch; os.environ['LEFT'] = torch.left = 'something'; import recurra"
    assert warm_programs.run("-c", writes, folder=tmp_path).returncode == 0
    looks = "import os, sys, torch; print(os.environ.get('LEFT'), hasattr(torch, 'left'))"
    done = warm_programs.run("-c", looks + "; print('recurra' in sys.modules)", folder=tmp_path)
    assert done.stdout.split() == ["None", "False", "False"]


def test_a_mistake_ends_in_a_traceback(warm_programs, tmp_path):
    done = warm_programs.run("-c", "1 / 0", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_killed_program_is_told(warm_programs, tmp_path):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert warm_programs.run("-c", code, folder=tmp_path).returncode == -9


@pytest.mark.parametrize("strict", [False, True])
def test_a_warning_is_an_error_where_it_is_asked_for(strict, warm_programs, tmp_path):
    code = "import warnings; warnings.warn('careful')"
    done = warm_programs.run("-c", code, folder=tmp_path, strict=strict)
    assert done.returncode == strict
    assert "careful" in done.stderr
