"""What tests of tasks on records share: a table of reviews and options that train in a second."""

GOOD, BAD = ("fine", "lovely", "warm"), ("dull", "cold", "slow")
ROWS = [
    (f"a {word} film with {number} scenes", label)
    for label, words in (("praise", GOOD), ("blame", BAD))
    for word in words
    for number in range(8)
]
REVIEWS = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in ROWS)

SMALL = [
    "--hidden-size", "4", "--embedding-size", "4", "--units", "words", "--epochs", "2",
    "--threads", "1", "--checkpoint-every", "3",
]  # fmt: skip
