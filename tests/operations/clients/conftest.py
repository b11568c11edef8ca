"""What the tests of clients share: imports into a database of one's own."""

from pathlib import Path

import pytest

from tests.conftest import as_login
from tests.factories.imports import Imports


@pytest.fixture
def imports(fresh_database: str, tmp_path: Path) -> Imports:
    """Imports into a seeded database of the test's own."""
    return Imports(fresh_database, as_login(fresh_database), tmp_path)
