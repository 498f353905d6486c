"""Embedded data sets, one a file, made of what Python carries or at random."""

from recurra.data._demos.address_records import demo_address_records
from recurra.data._demos.addresses import demo_addresses
from recurra.data._demos.dates import demo_dates
from recurra.data._demos.demo_data import DemoData
from recurra.data._demos.dialogue import demo_dialogue
from recurra.data._demos.names import demo_names
from recurra.data._demos.number_words import demo_numbers
from recurra.data._demos.passages import demo_passages
from recurra.data._demos.sentences import demo_sentences
from recurra.data._demos.tagging import demo_tagging
from recurra.data._demos.throws import demo_distances, demo_table

__all__ = [
    "DemoData",
    "demo_address_records",
    "demo_addresses",
    "demo_dates",
    "demo_dialogue",
    "demo_distances",
    "demo_names",
    "demo_numbers",
    "demo_passages",
    "demo_sentences",
    "demo_table",
    "demo_tagging",
]
