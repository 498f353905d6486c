"""Compilers made of a few lines of shell, and C for them to compile."""

import shutil
from pathlib import Path

import pytest

ANSWER = "int answer(void) { return 42; }\n"

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def write_program(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def write_compiler(path: Path, body: str, version: str = "script 1.0") -> Path:
    """A program that tells its version, and otherwise runs `body`."""
    telling = f'case "$*" in *--version*) echo "{version}"; exit 0;; esac'
    return write_program(path, f"{telling}\n{body}")


class CountedGcc:
    """gcc behind a script that notes each compilation, with its arguments."""

    def __init__(self, folder: Path, version: str = "counted 1.0", before: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self._log = folder / "calls"
        gcc = shutil.which("gcc")
        body = f'echo "$*" >> "{self._log}"\n{before}\nexec {gcc} "$@"'
        self.program = write_compiler(folder / "compiler", body, version)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []
