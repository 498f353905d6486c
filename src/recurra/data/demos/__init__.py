"""Embedded data sets, one a file, made of what Python carries or at random."""

from recurra.base import set_module as _set_module
from recurra.data.demos.address_records import demo_address_records
from recurra.data.demos.addresses import demo_addresses
from recurra.data.demos.dates import demo_dates
from recurra.data.demos.demo_data import DemoData
from recurra.data.demos.dialogue import demo_dialogue
from recurra.data.demos.names import demo_names
from recurra.data.demos.number_words import demo_numbers
from recurra.data.demos.passages import demo_passages
from recurra.data.demos.sentences import demo_sentences
from recurra.data.demos.tagging import demo_tagging
from recurra.data.demos.throws import demo_distances, demo_table

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

_set_module(__name__, globals())
