"""A database of a test's own, for what numbers its trails and runs its jobs."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.gateway.trails import Trails, opened


@pytest_asyncio.fixture
async def trails(fresh_database: str) -> AsyncIterator[Trails]:
    """Trails that nobody has written to, in a seeded database."""
    async with opened(fresh_database) as made:
        yield made
