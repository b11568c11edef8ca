"""A migrated database without a row, for the tests that fill one."""

import pytest_asyncio

from storage.migrate import upgrade
from tests.conftest import LOGIN, PASSWORD


@pytest_asyncio.fixture
async def owner_url(empty_database: str) -> str:
    """The test's own database, migrated and empty, as its owner."""
    await upgrade(empty_database, login=LOGIN, password=PASSWORD)
    return empty_database
