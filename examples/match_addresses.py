"""Match addresses: learn from pairs, then look a business up among many.

    python examples/match_addresses.py [--quick]

Made-up data; `demo_addresses` says what of it is hard. With `--quick` it takes half a minute of one
core, otherwise some minutes, and reaches an F1 of 90 or more on pairs that it has not seen.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import torch

from recurra.data import demo_address_records, demo_addresses
from recurra.tasks import DataSettings, Matcher, MatcherConfig, RecordIndex, advised_training

TARGET = {True: 0.75, False: 0.90}
"""F1 on the test pairs that counts as success; with and without `--quick`."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Match addresses and look them up.")
    parser.add_argument("--quick", action="store_true", help="a smaller network on fewer pairs")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    folder = Path(tempfile.mkdtemp(prefix="match-"))

    data = demo_addresses(count=2000 if quick else 8000)
    size = 32 if quick else 64
    task = Matcher.fit(
        data.training,
        out=folder / "run",
        settings=MatcherConfig(hidden_size=size, embedding_size=size, vector_size=32),
        data=DataSettings(validation=data.validation),
        training=advised_training(Matcher, epochs=8 if quick else 15),
    )
    measured = task.evaluate(data.test)
    low, high = measured.intervals["f1"]
    print(f"F1 {measured.metrics['f1']:.3f} ({low:.3f} to {high:.3f}), {measured.records} pairs")

    places = list(demo_address_records(2000 if quick else 20_000, seed=1))
    index = RecordIndex.build(folder / "run", places, folder / "index")
    asked = {**places[42], "name": places[42]["name"].upper().replace("E", "", 1), "phone": ""}
    print("asked for:", ", ".join(filter(None, asked.values())))
    for found in index.search(asked, 3):
        print(f"  {found.similarity:.3f} {found.answer}", ", ".join(found.record.values()))

    shutil.rmtree(folder)
    assert measured.metrics["f1"] >= TARGET[quick], "the target was missed"


if __name__ == "__main__":
    main()
