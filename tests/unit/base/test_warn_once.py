# A warning is given once per process and cause, unless warnings are errors.
import warnings

import pytest

from recurra.base import RecurraWarning, _warnings, warn_once


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(_warnings, "_said", set())


def test_the_second_time_is_silent():
    with pytest.warns(RecurraWarning, match="first") as given:
        [warn_once("a", message) for message in ("first", "second")]
    assert len(given) == 1
    assert issubclass(RecurraWarning, UserWarning)


def test_another_cause_is_said():
    with pytest.warns(RecurraWarning) as given:
        [warn_once(key, f"of {key}") for key in ("a", "b")]
    assert [str(each.message) for each in given] == ["of a", "of b"]


def test_as_an_error_it_is_raised_each_time():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with pytest.raises(RecurraWarning, match="said"):
                warn_once("a", "said")


def test_the_warning_points_at_the_caller():
    with pytest.warns(RecurraWarning) as given:
        warn_once("a", "here")
    assert given[0].filename == __file__
