# Importing does nothing but define names, and is fast. Each measurement has its own process.
import statistics
import subprocess
import sys
import time

HEAVY = ("lightning", "pytorch_lightning", "matplotlib", "rich", "typer", "torchdata")


def run(code):
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split(), time.perf_counter() - start


def modules_after(code):
    listed, _ = run(f"import sys; {code}; print(*sys.modules)")
    return set(listed)


def test_the_package_alone_does_not_import_torch():
    loaded = modules_after("import recurra")
    assert "recurra" in loaded
    assert not loaded & {"torch", "numpy", *HEAVY}


def test_names_can_be_listed_without_torch():
    assert "torch" not in modules_after("import recurra; dir(recurra); recurra.__version__")


def test_low_rooms_import_nothing_heavy():
    packages = {f"recurra.{package}" for package in ("layers", "decode", "data", "store", "report")}
    loaded = modules_after(f"import {', '.join(packages)}")
    assert packages <= loaded
    assert not loaded & set(HEAVY)


def test_layers_are_imported_as_fast_as_torch():
    # In pairs, so that whatever else the machine does slows both.
    pairs = [(run("import recurra.layers")[1], run("import torch")[1]) for _ in range(3)]
    assert statistics.median(ours / theirs for ours, theirs in pairs) < 1.5


def test_importing_prints_nothing_and_draws_no_random_number():
    code = (
        "import torch; before = torch.get_rng_state(); threads = torch.get_num_threads(); "
        "import recurra.layers; "
        "assert torch.equal(before, torch.get_rng_state()); "
        "assert torch.get_num_threads() == threads; "
        "assert torch.get_default_dtype() == torch.float32"
    )
    assert run(code)[0] == []
