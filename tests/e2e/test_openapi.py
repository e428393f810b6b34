"""The gateway hands its own description to whoever asks."""

import aiohttp

from gearshift.dialects.loading import client_dialects
from gearshift.gateway.openapi import document as openapi
from gearshift.gateway.routes import all_routes


async def test_the_document_is_served(served):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.url}/openapi.json") as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/json"
        dialects = client_dialects()
        assert await response.json() == openapi.describe(all_routes(dialects), dialects)
