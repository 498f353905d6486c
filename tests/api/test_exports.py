# What the package promises: names that resolve, in an order that a reader can search.
import importlib
import pkgutil

import pytest

import recurra

ROOMS = sorted(name for _, name, is_package in pkgutil.iter_modules(recurra.__path__) if is_package)


def in_order(names):
    """Order names as ruff does: CONSTANTS, Classes, functions; each by the alphabet."""

    def key(name):
        is_constant, is_class = name.isupper(), name[:1].isupper()
        return (0 if is_constant else 1 if is_class else 2, name)

    return sorted(names, key=key)


def test_there_are_rooms():
    assert {"base", "cells", "runtime", "layers", "cli"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_exports_its_public_names_and_no_others(room):
    module = importlib.import_module(f"recurra.{room}")
    public = {name for name in vars(module) if not name.startswith("_")}
    assert set(module.__all__) == public


@pytest.mark.parametrize("room", ROOMS)
def test_exports_are_in_order_and_named_once(room):
    exported = importlib.import_module(f"recurra.{room}").__all__
    assert list(exported) == in_order(exported)
    assert len(set(exported)) == len(exported)


@pytest.mark.parametrize("room", ROOMS)
def test_modules_stand_behind_the_facade(room):
    package = importlib.import_module(f"recurra.{room}")
    inside = [name for _, name, _ in pkgutil.iter_modules(package.__path__)]
    assert inside
    assert all(name.startswith("_") for name in inside)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is(room):
    assert importlib.import_module(f"recurra.{room}").__doc__


@pytest.mark.parametrize("name", recurra.__all__)
def test_every_name_of_the_package_resolves(name):
    assert getattr(recurra, name) is not None


def test_exports_of_the_package_are_in_order():
    assert list(recurra.__all__) == in_order(recurra.__all__)
    assert dir(recurra) == sorted(recurra.__all__)


def test_every_room_but_the_command_line_is_a_name_of_the_package():
    assert {name for name in recurra.__all__ if name in ROOMS} == set(ROOMS) - {"cli"}


def test_names_are_those_of_the_rooms():
    lifted = [name for name in recurra.__all__ if name not in ROOMS and name != "__version__"]
    for name in lifted:
        # `nn` has the names of `torch.nn` on purpose, and is always written out.
        homes = [
            room
            for room in recurra.__all__
            if room in ROOMS and room != "nn" and name in _exports(room)
        ]
        assert len(homes) == 1, name
        assert getattr(recurra, name) is getattr(getattr(recurra, homes[0]), name)


def _exports(room):
    return importlib.import_module(f"recurra.{room}").__all__


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="module 'recurra' has no attribute 'Recurent'"):
        _ = recurra.Recurent


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert recurra.__version__ == version("recurra")
