"""The document of changed settings: what is written is read, and nothing else is."""

import orjson
import pytest
from tests.fakes.shared import Kept

from gearshift.shared_state.settings_document import (
    Changed,
    SettingsDocument,
    keep,
    read,
    write,
)

KEY = "gearshift-state:1:settings"


def test_changes_keep_what_files_said_before_each_of_them():
    first = SettingsDocument().with_changes({"a": Changed(2, (1,)), "b": Changed("y", ("x",))})
    second = first.with_changes({"a": Changed(3, (2,))})
    assert second == SettingsDocument(2, {"a": Changed(3, (1, 2)), "b": Changed("y", ("x",))})
    assert second.newer_than(first) == {"a": Changed(3, (1, 2))}


def test_but_no_more_than_a_replica_can_have_missed():
    document = SettingsDocument()
    for value in range(1, 101):
        document = document.with_changes({"a": Changed(value, (value - 1,))})
    change = document.changes["a"]
    assert [change.follows(value) for value in (0, 1, 68, 70, 99, 100, 101)] == (
        [True, False, False, True, True, True, False]
    )


async def test_what_is_written_is_read():
    round_, document = Kept(), SettingsDocument(3, {"tiers": Changed([{"name": "a"}], ([],))})
    assert await write(round_, document)
    ((keys, version, text, *_),) = round_.ran
    assert (keys, version) == ((KEY,), 3)
    round_.values[KEY] = text
    assert await read(round_) == document
    round_.scripts = [0]
    assert not await write(round_, document)
    await keep(round_)
    assert round_.asked[-1][:2] == ("EXPIRE", KEY)


async def test_none_is_an_empty_one():
    assert await read(Kept()) == SettingsDocument()


@pytest.mark.parametrize(
    "junk",
    [
        b"junk",
        b"[]",
        orjson.dumps({"version": 0, "changes": {}}),
        orjson.dumps({"version": -1, "changes": {}}),
        orjson.dumps({"version": 2**60, "changes": {}}),
        orjson.dumps({"version": "1", "changes": {}}),
        orjson.dumps({"version": 1, "changes": []}),
        orjson.dumps({"version": 1, "changes": {"a": 1}}),
        orjson.dumps({"version": 1, "changes": {"a": [1, [2], 3]}}),
        orjson.dumps({"version": 1, "changes": {"a": [1, 2]}}),
        orjson.dumps({"version": 1, "changes": {"a": [1, []]}}),
        orjson.dumps({"version": 1}),
    ],
)
async def test_what_cannot_be_read_is_removed(junk):
    round_ = Kept()
    round_.values[KEY] = junk
    assert await read(round_) == SettingsDocument()
    assert not round_.values
