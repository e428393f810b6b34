"""The gateway hands its own description to whoever asks."""

import aiohttp

from gearshift.gateway.app import ROUTES
from gearshift.gateway.openapi import document as openapi


async def test_the_document_is_served(served):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.url}/openapi.json") as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/json"
        assert await response.json() == openapi.describe(ROUTES)
