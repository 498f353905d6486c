"""Sphinx configuration."""

import operator
import sys
from pathlib import Path
from types import FunctionType

import recurra

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Recurra"
copyright = "the Recurra authors"
release = recurra.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "cell_cards",
    "format_table",
]
html_theme = "furo"
html_title = f"Recurra {release}"
html_static_path = ["_static"]
default_role = "code"
exclude_patterns = ["_build"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# our Returns and Yields name what comes back, like Args
napoleon_custom_sections = [("Returns", "params_style"), ("Yields", "params_style")]

SECTIONS = ("Args:", "Returns:", "Yields:", "Raises:", "Example:")


def equations_as_blocks(app, what, name, obj, options, lines):
    """Show the indented equations of a docstring line by line, not as one flowing paragraph."""
    del app, what, name, obj, options
    for i in range(len(lines) - 1, 0, -1):
        begins = lines[i].startswith("    ") and not lines[i - 1].strip()
        above = next((line for line in reversed(lines[:i]) if line.strip()), "")
        if begins and not above.startswith("    ") and above.strip() not in SECTIONS:
            in_section = any(line.strip() in SECTIONS for line in lines[:i])
            if not in_section:
                lines[i:i] = ["::", ""]


def defining_module(app, module, name):
    """Name the module with the source of a public name, which says that it lives in a facade."""
    del app
    try:
        value = operator.attrgetter(name)(sys.modules[module])
    except AttributeError:  # a field that has no value
        return None
    members = vars(value).values() if isinstance(value, type) else (value,)
    functions = [each for each in members if isinstance(each, FunctionType)]
    return functions[0].__globals__["__name__"] if functions else None


def setup(app):
    """Put the hook before napoleon, which reads the sections."""
    app.connect("viewcode-follow-imported", defining_module)
    app.connect("autodoc-process-docstring", equations_as_blocks, priority=400)
