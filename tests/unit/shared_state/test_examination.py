"""What doctor has a Redis do."""

import pytest
from tests.fakes.redis import ScriptedFleet, packed

from gearshift.redis.errors import RedisError
from gearshift.shared_state.examination import examined


async def test_it_has_to_do_everything_that_is_needed():
    async with ScriptedFleet() as server:
        server.beats(members=2)
        server.said[b"SUBSCRIBE"] = packed(b"subscribe", b"c", 1)
        assert await examined(f"{server.url}/3") == 2
        names = [command[0] for command in server.asked]
        assert names == [b"SELECT", b"PUBLISH", b"EVALSHA", b"SUBSCRIBE"]
        assert server.asked[1][1] == b"gearshift-state:1:changes:3"


@pytest.mark.parametrize("command", [b"PUBLISH", b"EVALSHA", b"SUBSCRIBE"])
async def test_one_that_may_not_be_asked_it_all_is_no_good(command):
    async with ScriptedFleet() as server:
        server.beats()
        server.said[command] = b"-NOPERM this user has no permissions\r\n"
        with pytest.raises(RedisError, match="NOPERM, this user may not do that"):
            await examined(server.url)
