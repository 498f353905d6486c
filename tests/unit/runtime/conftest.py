import shutil

import pytest
from compiler_scripts import CountedGcc

from recurra.base import _warnings
from recurra.runtime._kernels import library_cache


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, not made yet; no `$CC`; nothing warned of so far."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("RECURRA_CACHE", str(folder))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(_warnings, "_said", set())
    own_folders = {}
    monkeypatch.setattr(library_cache, "_own_folders", own_folders)
    yield folder
    for own in own_folders.values():
        shutil.rmtree(own, ignore_errors=True)


@pytest.fixture
def counted(monkeypatch, cache):
    """The compiler to be found is gcc, with its calls counted."""
    gcc = CountedGcc(cache.parent / "counted")
    monkeypatch.setenv("CC", str(gcc.program))
    return gcc
