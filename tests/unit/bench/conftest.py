import sys
from pathlib import Path

# the benchmarks lie beside the tests, and are no part of the package
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
