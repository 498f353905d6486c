"""Match addresses: learn from pairs, then look a business up among many.

    python examples/match_addresses.py [--quick]

Made-up pairs, half of them hard ones. With `--quick` less than a minute of one core, on fewer pairs
with a smaller network; otherwise some minutes.
"""

import argparse
import tempfile
from pathlib import Path

import torch

from recurra.data import demo_address_records, demo_addresses
from recurra.tasks import DataSettings, Matcher, MatcherConfig, RecordIndex, default_training

TARGET, QUICK_TARGET = 0.95, 0.85
"""F1 on the test pairs that has to be reached."""


def main() -> None:
    """Train on pairs, measure on others, search among many records."""
    parser = argparse.ArgumentParser(description="Match addresses and look them up.")
    parser.add_argument("--quick", action="store_true", help="fewer pairs, a smaller network")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    size = 32 if quick else 64
    data = demo_addresses(count=2000 if quick else 8000)
    places = list(demo_address_records(2000 if quick else 20_000, seed=1))
    asked = {**places[42], "name": places[42]["name"].upper().replace("E", "", 1), "phone": ""}

    with tempfile.TemporaryDirectory(prefix="match-") as folder:
        run = Path(folder) / "run"
        task = Matcher.fit(
            data.training,
            out=run,
            settings=MatcherConfig(hidden_size=size, embedding_size=size, vector_size=32),
            data=DataSettings(validation=data.validation),
            training=default_training(Matcher, epochs=8 if quick else 15),
        )
        nearest = RecordIndex.build(run, places, Path(folder) / "index").search(asked, 3)
        f1 = task.evaluate(data.test).metrics["f1"]

    print("asked for:", ", ".join(filter(None, asked.values())))
    for found in nearest:
        print(f"  {found.similarity:.3f} {found.answer}", ", ".join(found.record.values()))
    print(f"F1 {f1:.1%} on {len(data.test)} other pairs")
    assert f1 >= (QUICK_TARGET if quick else TARGET), "the target was missed"


if __name__ == "__main__":
    main()
