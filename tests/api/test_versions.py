"""Which releases of PyTorch and of Python are admitted, and which one CI takes."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TORCH = next(r for r in map(Requirement, PROJECT["dependencies"]) if r.name == "torch")

pytestmark = pytest.mark.skipif(
    not (ROOT / ".ci").is_dir(), reason="this is no checkout of the repository"
)


@pytest.mark.parametrize("release", ["2.11.0", "2.12.1", "2.13.0", "2.14.0", "2.14.1"])
def test_releases_up_to_the_newest_that_was_tested_are_admitted(release):
    assert TORCH.specifier.contains(release)


@pytest.mark.parametrize("release", ["2.10.0", "2.15.0", "3.0.0"])
def test_others_are_not(release):
    assert not TORCH.specifier.contains(release)


def test_ci_keeps_to_an_admitted_release():
    lines = (ROOT / ".ci" / "constraints.txt").read_text().splitlines()
    (pinned,) = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert pinned.name == "torch"
    (release,) = [each.version for each in pinned.specifier]
    assert TORCH.specifier.contains(release)
    assert "PIP_CONSTRAINT" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("arguments", [[], ["newest"], ["--in", "x"]])
def test_a_release_has_to_be_named(arguments):
    done = subprocess.run([ROOT / "scripts" / "test-torch", *arguments], capture_output=True)
    assert done.returncode == 2
    assert b"scripts/test-torch 2.14.1" in done.stderr
