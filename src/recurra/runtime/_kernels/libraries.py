"""From generated C to a loaded shared library, compiled once and then taken from the cache."""

import ctypes
import hashlib
import json
import platform
import re
import sys
import threading
from contextlib import suppress
from pathlib import Path

from recurra.base import BackendUnavailable, BuildError
from recurra.runtime._kernels.compiler import (
    COMMON_FLAGS,
    TIMEOUT,
    Compiler,
    find_compiler,
    options_asked_for,
)
from recurra.runtime._kernels.cpu import describe_cpu
from recurra.runtime._kernels.library_cache import (
    find_library,
    is_sound,
    is_there,
    library_name,
    read_file,
    write_beside,
    write_file,
)

# Raise it when entries of the cache change their form.
_FORMAT = 1

_NOTE = "library"  # file that names the entry of a library

_loaded: dict[str, ctypes.CDLL] = {}
_loading = threading.Lock()


def build(source: str, *, name: str, flags: tuple[str, ...] = (), timeout: float = TIMEOUT) -> Path:
    """Compile C to a shared library, or find it in the cache.

    The library is found again by whatever decides its code: source, compiler, flags and processor.
    Where there is no compiler any more, one that any compiler made of the same source, options and
    processor is taken. The source is kept beside it. Any number of threads and processes may build
    at the same time.

    Args:
        source: C, as for gcc and clang; it may include nothing, as the packaged compiler has no
            headers of a system. Functions that it declares and does not define are looked for in
            what the process has loaded, among it PyTorch's OpenMP.
        name: what people will call it, as in the name of its files; need not be unique.
        flags: further flags of the compiler. Default: none.
        timeout: seconds after which the compiler is stopped. Default: 120.

    Returns:
        The absolute path of the library, to be given to `load`.

    Raises:
        BackendUnavailable: there is no C compiler, nor was there when this was last built.
        BuildError: the compiler fails or is not done in time, or no folder can be written.

    Example:
        >>> from recurra.runtime._kernels.libraries import build, load
        >>> path = build("int answer(void) { return 42; }", name="answer")  # doctest: +SKIP
        >>> load(path).answer()  # doctest: +SKIP
        42
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "_", name)[:40]
    try:
        try:
            compiler = find_compiler()
        except BackendUnavailable:
            found = _find_without_compiler(source, name, flags)
            if found is None:
                raise
            return found
        entry = f"{name}-{_key(source, compiler, flags)[:32]}"
        found = find_library(entry)
        if found is not None:
            return found
        kept = write_file(entry, f"{name}.c", source.encode())
        content = compiler.compile(kept, flags, timeout=timeout)
        library = write_file(entry, library_name(entry, content), content)
        _note(library, source, name, compiler.options, flags)
        return library
    except OSError as error:
        raise BuildError(
            "There is no place for a compiled library.",
            got=error,
            expected="a cache folder or a temporary folder that can be written",
            fix="set the environment variable RECURRA_CACHE or TMPDIR to a folder of yours",
        ) from error


def load(path: Path) -> ctypes.CDLL:
    """Load a library that `build` returned, once per process.

    Its content is checked against its name again just before, in folders that only this user can
    write. PyTorch is loaded first, so that the OpenMP functions of the library are PyTorch's own
    and share its threads.

    Args:
        path: what `build` returned.

    Returns:
        The library; the same object for the same library.

    Raises:
        BuildError: the file is gone or altered, or the system refuses to load it.

    Example:
        >>> from recurra.runtime._kernels.libraries import build, load
        >>> path = build("int twice(int x) { return 2 * x; }", name="twice")  # doctest: +SKIP
        >>> load(path).twice(4), load(path) is load(path)  # doctest: +SKIP
        (8, True)
    """
    with _loading:
        if path.name not in _loaded:  # the name stands for the content
            _loaded[path.name] = _load(path)
        return _loaded[path.name]


def _key(source: str, compiler: Compiler, flags: tuple[str, ...]) -> str:
    parts = [_FORMAT, source, compiler.identity, compiler.flags, flags, describe_cpu()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _any_key(source: str, options: tuple[str, ...], flags: tuple[str, ...]) -> str:
    """Hash what decides a library's code, but for the compiler."""
    machine = [sys.platform, platform.machine(), describe_cpu()]
    parts = [_FORMAT, "any compiler", source, COMMON_FLAGS, options, flags, machine]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _note(
    library: Path, source: str, name: str, options: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    """Note where the library of a source is, for a time without a compiler."""
    entry = f"{name}-{_any_key(source, options, flags)[:32]}"
    with suppress(OSError):  # the library is in its place all the same
        write_beside(library, entry, _NOTE, library.parent.name.encode())


def _find_without_compiler(source: str, name: str, flags: tuple[str, ...]) -> Path | None:
    """Find a library that a compiler made which is not there any more."""
    if not is_there():
        return None
    note = read_file(f"{name}-{_any_key(source, options_asked_for(), flags)[:32]}", _NOTE)
    entry = (note or b"").decode("utf-8", "replace")
    is_entry = re.fullmatch(re.escape(name) + "-[0-9a-f]{32}", entry)
    return find_library(entry) if is_entry else None


def _load(path: Path) -> ctypes.CDLL:
    if not is_sound(path):
        raise BuildError(
            "A compiled library was altered or deleted since it was built.",
            got=path,
            fix="run again: it is then compiled anew",
        )
    import torch  # noqa: F401  brings its OpenMP into the process

    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise BuildError(
            "The system does not load a compiled library.",
            got=error,
            fix="if its file system forbids execution, set the environment variable RECURRA_CACHE "
            "to a folder on another one",
        ) from error
