"""No time at all: from the numbers of a throw, whether it lands beyond a river, and how far.

Run: python examples/classify_rows.py [--quick]
"""

import sys
import tempfile
from pathlib import Path

from recurra.data import demo_distances, demo_table
from recurra.tasks import TableClassifier, TableRegressor, default_training

QUICK = "--quick" in sys.argv
EPOCHS = 4 if QUICK else 30
TARGET = 0.92 if QUICK else 0.95  # accuracy on throws that were not learnt
TARGET_ERROR = 3.0 if QUICK else 1.0  # metres; distances are measured to half a metre


def main(folder: Path) -> None:
    """Train both, measure them, and ask them about one throw."""
    training = default_training(TableClassifier, epochs=EPOCHS, patience=0)

    classifier = TableClassifier.fit("demo", out=folder / "beyond", training=training)
    accuracy = classifier.evaluate(demo_table().test).metrics["accuracy"]
    print(f"beyond the river or short of it: {accuracy:.3f} decided rightly")

    regressor = TableRegressor.fit("demo", out=folder / "distance", training=training)
    error = regressor.evaluate(demo_distances().test).metrics["root_mean_squared_error"]
    print(f"distance: {error:.2f} m off (root mean square)")

    throw = {"speed": 20.0, "angle": 45.0, "height": 1.5}
    (beyond,), (far,) = classifier.predict([throw]), regressor.predict([throw])
    print(f"{throw}: {beyond.answer['label']}, {far.answer['value']:.1f} m")
    assert accuracy >= TARGET, "the target was missed"
    assert error <= TARGET_ERROR, "the target was missed"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
