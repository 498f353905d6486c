# The guide and the help list every format of the table that files are read by.
from format_lines import table_lines

from recurra.cli._data_options import reading_options
from recurra.data import FORMATS


def test_the_table_of_the_guide_has_every_format_and_extension():
    table = "\n".join(table_lines())
    for name, format in FORMATS.items():
        assert f"`{name}`" in table
        assert all(f"`{extension}`" in table for extension in format.extensions)
        assert f"| {format.description} |" in table
    assert "| `jsonl`, `ndjson` | `.jsonl`, `.ndjson` | one object a line" in table


def test_every_format_says_what_it_reads_in_one_cell_of_the_table():
    descriptions = [format.description for format in FORMATS.values()]
    assert all(descriptions)
    assert not any("|" in each or each.startswith("Read") for each in descriptions)


def test_the_help_of_the_option_lists_every_format():
    option = reading_options("Data")["format"].annotation.__metadata__[0]
    assert ", ".join(FORMATS) in option.help
