"""A browser with a report to open in it: what the tests of the HTML report share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database import SqliteStore, open_store
from tests.storage.reports import fill, report
from tests.stories.chromium import Page, browser


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """A browser for all of these tests."""
    async with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store of the deployment ``liege``."""
    opened = await open_store(tmp_path / "data", "liege")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def intact(store: SqliteStore, tmp_path: Path) -> Path:
    """The report of the small incident for an auditor: fourteen entries, the last of which says that it was made."""
    await fill(store)
    return await report(store, tmp_path / "report.html")


async def verdict(page: Page) -> str:
    """What the page says of itself, in its own large letters."""
    return str(await page.value("document.querySelector('.verdict .word').innerText"))
