import pytest

from recurra.data import python_reference


@pytest.fixture
def python_reference_text():
    return python_reference().content
