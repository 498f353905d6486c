import sys
from pathlib import Path

# what builds the documentation lies beside it, and is no part of the package
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "docs" / "_extensions"))
