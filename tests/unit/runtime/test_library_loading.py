# A library is loaded once, checked just before, and shares PyTorch's threads.
import os
import subprocess
import sys
import threading

import pytest
from compiler_scripts import ANSWER, needs_gcc

from recurra.base import BuildError
from recurra.runtime._kernels.compiler import _packaged
from recurra.runtime._kernels.libraries import build, load

pytestmark = [needs_gcc, pytest.mark.usefixtures("cache")]

PARALLEL = """
extern void GOMP_parallel(void (*)(void *), void *, unsigned, unsigned);
extern int omp_get_thread_num(void);

static void work(void *marks) { ((int *)marks)[omp_get_thread_num()] = 1; }

int count_threads(int threads)
{
    int marks[64] = {0}, count = 0;
    GOMP_parallel(work, marks, threads, 0);
    for (int i = 0; i < 64; ++i) count += marks[i];
    return count;
}
"""


@pytest.fixture(params=["system", "packaged"])
def either_compiler(request, monkeypatch):
    if request.param == "packaged":
        if _packaged() is None:
            pytest.skip("the package `ziglang` is not installed")
        monkeypatch.setenv("CC", " ".join(_packaged()))


def test_a_library_is_loaded_once(tmp_path):
    path = build(ANSWER + "/* once */", name="answer")
    libraries = []
    threads = [threading.Thread(target=lambda: libraries.append(load(path))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(libraries) == 8
    assert len({id(library) for library in libraries}) == 1
    path.rename(tmp_path / "gone")
    assert load(path) is libraries[0]


def test_two_libraries_do_not_mix():
    one = load(build("int answer(void) { return 1; }", name="answer"))
    two = load(build("int answer(void) { return 2; }", name="answer"))
    assert (one.answer(), two.answer()) == (1, 2)


def test_a_library_altered_after_it_was_built_is_not_loaded():
    path = build(ANSWER + "/* altered */", name="answer")
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(BuildError, match="altered or deleted") as caught:
        load(path)
    assert str(path) in caught.value.details["got"]
    assert load(build(ANSWER + "/* altered */", name="answer")).answer() == 42


def test_a_deleted_library_is_not_loaded():
    path = build(ANSWER + "/* deleted */", name="answer")
    os.unlink(path)
    with pytest.raises(BuildError, match="altered or deleted"):
        load(path)


def test_an_unknown_function_is_an_error_when_loading_and_not_a_crash_when_called():
    path = build("extern int nowhere(void); int call(void) { return nowhere(); }", name="unknown")
    with pytest.raises(BuildError, match="does not load") as caught:
        load(path)
    assert "nowhere" in caught.value.details["got"]


POOLS = """
import sys
from recurra.runtime._kernels.libraries import build, load

library = load(build(sys.argv[1], name="parallel"))
assert [library.count_threads(n) for n in (1, 2, 3)] == [1, 2, 3]
with open("/proc/self/maps") as maps:
    pools = {line.split()[-1] for line in maps if "libgomp" in line or "libiomp" in line}
print(*pools)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PyTorch brings libgomp on Linux")
@pytest.mark.usefixtures("either_compiler")
def test_threads_are_those_of_pytorch():
    # in a process of its own: other tests import packages that bring their own OpenMP
    done = subprocess.run([sys.executable, "-c", POOLS, PARALLEL], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (pool,) = done.stdout.split()
    assert "torch" in pool
