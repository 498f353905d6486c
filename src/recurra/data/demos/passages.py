"""Little texts of facts, and questions that they answer."""

import random
from dataclasses import dataclass

from recurra.base import check_seed, check_size
from recurra.data.demos.demo_data import DemoData, Record, split_demo, words_of

PEOPLE = words_of(
    """Ada Bo Carla David Emil Fatima Grace Hugo Ines Jonas Kira Leo Mina Noah Olga Pavel Rosa
    Samir Tara Uri Vera Wendy Yuna Zoe"""
)


@dataclass(frozen=True)
class Fact:
    """A kind of fact about a person.

    Args:
        statements: templates over `who` and `what`.
        questions: templates over `who`; the answer is `what`.
        values: what the answer may be, none of them part of another word of these texts.
    """

    statements: tuple[str, ...]
    questions: tuple[str, ...]
    values: tuple[str, ...]


FACTS = (
    Fact(
        ("{who} lives in {what}.", "The home of {who} is in {what}.", "In {what} lives {who}."),
        ("Where does {who} live?", "In which city is the home of {who}?"),
        words_of("Paris London Seoul Madrid Vienna Oslo Lima Cairo Tokyo Boston Prague Dublin"),
    ),
    Fact(
        ("{who} has a {what}.", "{who} keeps a {what} as a pet.", "The pet of {who} is a {what}."),
        ("Which animal does {who} have?", "What is the pet of {who}?"),
        words_of("cat dog parrot rabbit hamster turtle goldfish canary pony snake lizard"),
    ),
    Fact(
        ("{who} works as a {what}.", "{who} is a {what}.", "{who} earns money as a {what}."),
        ("What does {who} work as?", "What is the job of {who}?", "Which job does {who} have?"),
        words_of("baker teacher nurse pilot farmer lawyer singer painter plumber carpenter"),
    ),
    Fact(
        ("{who} likes {what} most.", "Nothing tastes better to {who} than {what}."),
        ("What does {who} like to eat?", "Which food does {who} like most?"),
        ("rice", "soup", "bread", "cheese", "noodles", "plum cake", "fried fish", "apple pie"),
    ),
    Fact(
        ("{who} was born in {what}.", "The year of birth of {who} is {what}."),
        ("When was {who} born?", "In which year was {who} born?"),
        tuple(str(year) for year in range(1950, 2010)),
    ),
)

STATEMENTS = (3, 7)
"""The fewest and the most sentences of a text."""

QUESTIONS = 2
"""Questions that are asked of each text."""


def demo_passages(seed: int = 0, count: int = 4000) -> DemoData:
    """Make little texts of facts about people and ask about them.

    For question answering with a given text: fields `context`, such as "Ada lives in Paris. Bo has
    a cat.", `question`, "Where does Ada live?", and `answer`, "Paris", which stands in the context
    exactly once. A text tells each fact of a person once and no answer twice; no text is in two
    parts.

    Args:
        seed: of the texts and the split.
        count: how many questions, 100..100000, two of each text. Default: 4000.

    Raises:
        ShapeError: `count` is outside its range.

    Example:
        >>> import recurra
        >>> record = recurra.data.demo_passages().training[2]
        >>> record["question"], record["answer"]
        ('Which food does Yuna like most?', 'rice')
    """
    check_size("count", count, least=100, most=100_000)
    rng = random.Random(check_seed(seed))
    passages: dict[str, list[Record]] = {}
    while len(passages) * QUESTIONS < count:
        records = _passage(rng)
        passages[records[0]["context"]] = records
    grouped = [(context, record) for context, records in passages.items() for record in records]
    words = "Little texts of facts about people, made at random, and questions that they answer."
    return split_demo("passages", words, grouped[:count], seed)


def _passage(rng: random.Random) -> list[Record]:
    told = _choose_facts(rng)
    context = " ".join(
        rng.choice(fact.statements).format(who=who, what=what) for who, fact, what in told
    )
    return [
        {
            "context": context,
            "question": rng.choice(fact.questions).format(who=who),
            "answer": what,
        }
        for who, fact, what in rng.sample(told, QUESTIONS)
    ]


def _choose_facts(rng: random.Random) -> list[tuple[str, Fact, str]]:
    """Draw facts of two or three people; each fact of a person once, each value once."""
    people = rng.sample(PEOPLE, rng.randint(2, 3))
    possible = [(who, kind) for who in people for kind in range(len(FACTS))]
    values = [rng.sample(fact.values, len(people)) for fact in FACTS]
    told = rng.sample(possible, rng.randint(*STATEMENTS))
    return [(who, FACTS[kind], values[kind][people.index(who)]) for who, kind in told]
