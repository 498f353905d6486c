"""The C compiler of this machine: which one, with which flags, and running it safely."""

import contextlib
import importlib.util
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recurra.base import BackendUnavailable, BuildError, temporary_folder

TIMEOUT = 120.0  # seconds; the largest kernels take one or two

_NAMES = ("gcc", "clang", "cc")

_FLAGS = (
    "-O3",
    # Not c11, which in gcc also switches off contraction to FMA instructions.
    "-std=gnu11",
    "-shared",
    "-fPIC",
    # Takes back what $CC may ask for: -ffast-math breaks rounding tricks, and in gcc makes loading
    # the library flush denormal numbers to zero in the whole process. Before the next two flags,
    # because it resets them.
    "-fno-fast-math",
    "-fno-unsafe-math-optimizations",
    # errno and floating-point exceptions are read by nobody, and hinder vectorisation of square
    # roots and of choices. Results do not change.
    "-fno-math-errno",
    "-fno-trapping-math",
)
# For AMD's Zen, gcc else splits chains of fused multiply-adds, but only some: a row would round
# otherwise alone than among others. Clang fuses all, and does not know the word.
_GCC_FLAGS = ("--param=avoid-fma-max-bits=0",)
# The packaged compiler needs nothing of the system this way, and does not build a C library first.
_ZIG_FLAGS = ("-ffreestanding", "-nostdlib", "-Wl,--allow-shlib-undefined")
_DARWIN_FLAGS = ("-Wl,-undefined,dynamic_lookup",)

_MARCH_MACHINES = {"x86_64", "amd64", "i386", "i686", "s390x"}
_MCPU_MACHINES = {"aarch64", "arm64", "ppc64le"}

COMMON_FLAGS = _FLAGS
"""What every compiler is given, whichever it is."""

_SHOWN_LINES = 20


@dataclass(frozen=True)
class Compiler:
    """A C compiler that was found.

    Args:
        command: absolute path of the program, then arguments that come before all others.
        version: first line of what it answers to `--version`.
    """

    command: tuple[str, ...]
    version: str

    @property
    def identity(self) -> str:
        """Tell it from others: the resolved path, the arguments and the version."""
        program, *arguments = self.command
        return "\n".join([os.path.realpath(program), shlex.join(arguments), self.version])

    @property
    def options(self) -> tuple[str, ...]:
        """The arguments of `$CC` that change what is compiled, not which program does it."""
        words = self.command[1:]
        return words[words.index("cc") + 1 :] if self.is_zig and "cc" in words else words

    @property
    def is_zig(self) -> bool:
        """Whether it is zig, from whatever place."""
        return any(Path(word).stem in ("zig", "ziglang") for word in self.command)

    @property
    def is_clang(self) -> bool:
        """Whether it is Clang or made of it, as zig is; Apple calls it gcc."""
        return self.is_zig or "clang" in self.version

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that every library is built with, for the processor at hand."""
        return (*_FLAGS, *_native_flag(), *self._own_flags)

    @property
    def _own_flags(self) -> tuple[str, ...]:
        """What this compiler or this system alone needs."""
        if self.is_zig:
            return _ZIG_FLAGS
        of_system = _DARWIN_FLAGS if sys.platform == "darwin" else ()
        return of_system if self.is_clang else (*_GCC_FLAGS, *of_system)

    def compile(self, source: Path, flags: Sequence[str] = (), *, timeout: float) -> bytes:
        """Compile a C file and return the bytes of the shared library.

        The library is made in a temporary folder of its own, so that nothing is left behind by a
        compiler that is killed.

        Args:
            source: an absolute path.
            flags: further flags, after those of every library.
            timeout: seconds after which the compiler is stopped.

        Raises:
            BuildError: the compiler fails, writes no library, or is not done in time.
        """
        output = f"{source.stem}.so"
        command = (*self.command, *self.flags, *flags, "-o", output, str(source))
        with _working_folder() as folder:
            _run(command, folder, timeout, where=source)
            library = folder / output
            content = library.read_bytes() if library.is_file() else b""
        if not content:
            raise _failure("The C compiler wrote no library.", command, where=source)
        return content


def find_compiler() -> Compiler:
    """Find the C compiler: `$CC`, gcc, clang or cc, else the one of the package `ziglang`.

    Raises:
        BackendUnavailable: there is none, or `$CC` does not name one.
        BuildError: the one that is there does not even tell its version.
    """
    if os.name == "nt":
        raise BackendUnavailable(
            "Compiled kernels are not made for Windows yet.",
            expected="Linux or macOS",
            fix="backend='reference'",
        )
    command = _asked_for() or _installed() or _packaged()
    if command is None:
        raise _none_found()
    return Compiler(command, _version(command))


def _asked_for() -> tuple[str, ...] | None:
    """Read `$CC`, which may hold arguments. One that cannot be used is refused, not passed over."""
    asked = os.environ.get("CC", "").strip()
    if not asked:
        return None
    try:
        name, *arguments = shlex.split(asked)
    except ValueError:
        name, arguments = asked, []
    program = shutil.which(name)
    if program is None:
        raise BackendUnavailable(
            "The environment variable `CC` does not name a program.",
            got=asked,
            expected="a C compiler, as gcc or 'clang -B/opt/bin'",
            fix="unset CC",
        )
    return os.path.abspath(program), *arguments


def options_asked_for() -> tuple[str, ...]:
    """Give the options that `$CC` asks for, whether or not its program is there."""
    try:
        words = tuple(shlex.split(os.environ.get("CC", "")))
    except ValueError:
        return ()
    return Compiler(words, "").options if words else ()


def _installed() -> tuple[str, ...] | None:
    found = (shutil.which(name) for name in _NAMES)
    return next(((os.path.abspath(program),) for program in found if program), None)


def _packaged() -> tuple[str, ...] | None:
    """Look for the package `ziglang`, without importing it: an import of it runs the program."""
    package = importlib.util.find_spec("ziglang")
    if package is None or not package.submodule_search_locations:
        return None
    program = os.path.abspath(os.path.join(package.submodule_search_locations[0], "zig"))
    return (program, "cc") if os.access(program, os.X_OK) else None


def _none_found() -> BackendUnavailable:
    install = "xcode-select --install" if sys.platform == "darwin" else "apt install gcc"
    return BackendUnavailable(
        "There is no C compiler, which compiled kernels need.",
        got="`CC` is not set; gcc, clang and cc are not on the path; no package `ziglang`",
        expected="any one of them",
        fix=f"pip install 'recurra[cc]', or: {install}",
    )


@lru_cache
def _version(command: tuple[str, ...]) -> str:
    """Ask a compiler for its version, once per process."""
    with _working_folder() as folder:
        answer = _run((*command, "--version"), folder, TIMEOUT)
    return next(iter(answer.splitlines()), "")


def _native_flag() -> tuple[str, ...]:
    """Ask for the instructions of this very processor, in the word that its compilers know."""
    machine = platform.machine().lower()
    if machine in _MARCH_MACHINES:
        return ("-march=native",)
    return ("-mcpu=native",) if machine in _MCPU_MACHINES else ()


def _working_folder() -> contextlib.AbstractContextManager[Path]:
    return temporary_folder(Path(tempfile.gettempdir()), "recurra-compile-")


def _run(command: Sequence[str], folder: Path, timeout: float, where: Path | None = None) -> str:
    """Run a compiler in a folder that takes all it writes; return its standard output."""
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that what it starts can be stopped with it
        )
    except OSError as error:
        raise _failure("The C compiler cannot be run.", command, str(error), where) from error
    with process:
        try:
            out, complaint = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            _stop(process)
            problem = f"The C compiler was not done after {timeout:g} s and was stopped."
            raise _failure(problem, command, where=where) from error
        except BaseException:  # Ctrl-C, which does not reach a session of its own
            _stop(process)
            raise
    if process.returncode != 0:
        problem = f"The C compiler failed with exit code {process.returncode}."
        raise _failure(problem, command, complaint, where)
    return out


def _stop(process: "subprocess.Popen[str]") -> None:
    """Kill a process and all that it started, some of which may have outlived it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(folder: Path) -> dict[str, str]:
    """Messages in English; temporary files and caches in the folder, which is removed later."""
    place = str(folder)
    return {
        **os.environ,
        "LC_ALL": "C",
        "TMPDIR": place,
        "ZIG_GLOBAL_CACHE_DIR": place,
        "ZIG_LOCAL_CACHE_DIR": place,
    }


def _failure(
    problem: str, command: Sequence[str], complaint: str = "", where: Path | None = None
) -> BuildError:
    lines = [shlex.join(command), *complaint.strip().splitlines()[-_SHOWN_LINES:]]
    return BuildError(
        problem,
        got="\n             ".join(lines),  # under the first line of the detail
        where=where,
        fix="name another compiler in the environment variable CC, such as 'python -m ziglang cc' "
        "after: pip install 'recurra[cc]'",
    )
