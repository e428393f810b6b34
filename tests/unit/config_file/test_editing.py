import errno
import os
import stat
import subprocess
import sys
import threading

import pytest
import yaml

from gearshift.config_file.editing import (
    replace_threshold,
    replace_value,
    restore_threshold,
    with_threshold,
)
from gearshift.config_file.values import with_value
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.tier_config import TierConfig

FILE = """# mine
tiered_routing:
  enabled: true
  complexity_threshold: 3   # the border
  models: {simple: "gemma2:2b", complex: "mistral:7b-instruct"}
upstreams: []
"""


def test_only_the_number_changes(tmp_path):
    file = tmp_path / "gearshift.yaml"
    file.write_text(FILE)
    file.chmod(0o640)
    said = replace_threshold(file, 4.35)
    assert "complexity_threshold 4.35" in said
    assert file.read_text() == FILE.replace("threshold: 3 ", "threshold: 4.35 ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert TierConfig.from_yaml(file).complexity_threshold == 4.35
    assert "restored: complexity_threshold 3" in restore_threshold(file)
    assert file.read_text() == FILE
    assert [entry.name for entry in tmp_path.iterdir()] == ["gearshift.yaml"]
    with pytest.raises(GearshiftError, match="nothing to undo"):
        restore_threshold(file)


def test_what_was_changed_since_stays(tmp_path):
    file = tmp_path / "gearshift.yaml"
    file.write_text(FILE)
    replace_threshold(file, 5)
    file.write_text(file.read_text().replace("enabled: true", "enabled: false"))
    restore_threshold(file)
    assert file.read_text() == FILE.replace("enabled: true", "enabled: false")


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "upstreams: []\n", "tiered_routing:\n  enabled: true\n", FILE]
)
def test_it_finds_or_makes_a_place(tmp_path, text):
    file = tmp_path / "gearshift.yaml"
    file.write_text(with_threshold(text, 6.5, "it"))
    assert TierConfig.from_yaml(file).complexity_threshold == 6.5
    for line in text.splitlines():
        assert line.split(": 3")[0] in file.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tiered_routing: {enabled: true}\n", "by hand"),
        ("tiered_routing:\n  tiers:\n  - {name: a, below: 3}\n", "tiers"),
        ("tiered_routing:\n  complexity_threshold: ${BORDER:-3}\n", "environment"),
        ("tiered_routing: [", "is not valid YAML"),
        ("tiered_routing:\n  complexity_threshold: [3]\n", "is not a number"),
    ],
)
def test_where_there_is_no_one_place_it_says_so(text, said):
    with pytest.raises(GearshiftError, match=said):
        with_threshold(text, 4, "it")


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    with pytest.raises(GearshiftError, match="cannot be read"):
        replace_threshold(tmp_path / "nowhere.yaml", 4)


def test_undo_removes_what_was_added_and_keeps_what_was_changed_since(tmp_path):
    file = tmp_path / "gearshift.yaml"
    before = "tiered_routing:\n  enabled: true\nupstreams: []\n"
    file.write_text(before)
    replace_threshold(file, 5)
    restore_threshold(file)
    assert file.read_text() == before
    replace_threshold(file, 5)
    file.write_text(file.read_text().replace("enabled: true", "enabled: false"))
    restore_threshold(file)
    assert file.read_text() == before.replace("enabled: true", "enabled: false")


def test_what_was_written_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    file = tmp_path / "gearshift.yaml"
    file.write_text(FILE)

    def edited_by_another(*args):
        file.write_text("upstreams: []\n")
        return with_value(*args)

    monkeypatch.setattr("gearshift.config_file.editing.with_value", edited_by_another)
    with pytest.raises(GearshiftError, match="changed in the meantime"):
        replace_value(file, ("tiered_routing", "enabled"), False)
    assert file.read_text() == "upstreams: []\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["gearshift.yaml"]


def test_changes_from_several_threads_are_all_kept(tmp_path):
    file = tmp_path / "gearshift.yaml"
    file.write_text("limits: {}\nretries: {attempts: 1}\ntiered_routing:\n  enabled: true\n")
    keys = [f"key{number}" for number in range(8)]
    threads = [
        threading.Thread(target=replace_value, args=(file, ("tiered_routing", key), True))
        for key in keys
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(yaml.safe_load(file.read_text())["tiered_routing"]) == {"enabled", *keys}


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_that_is_read_only_stays_as_it_is(tmp_path):
    file = tmp_path / "gearshift.yaml"
    file.write_text(FILE)
    file.chmod(0o444)
    for edit in (
        lambda: replace_threshold(file, 5),
        lambda: replace_value(file, ("tiered_routing", "enabled"), False),
    ):
        with pytest.raises(GearshiftError, match="read-only; make it writable"):
            edit()
    assert file.read_text() == FILE
    assert entries(tmp_path) == ["gearshift.yaml"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("EACCES", "next to it"),
        ("EROFS", "next to it"),
        ("EBUSY", "mount its folder"),
        ("ENOSPC", ""),
    ],
)
def test_where_the_file_cannot_be_replaced_it_says_why_and_nothing_is_lost(
    tmp_path, monkeypatch, number, said
):
    file = tmp_path / "gearshift.yaml"
    file.write_text(FILE)
    replace_threshold(file, 5)
    before = {name: (tmp_path / name).read_text() for name in entries(tmp_path)}
    replace = os.replace

    def refused(source, target):
        if os.fspath(target) == os.fspath(file):
            code = getattr(errno, number)
            raise OSError(code, os.strerror(code))
        replace(source, target)

    monkeypatch.setattr("gearshift.config_file.editing.os.replace", refused)
    with pytest.raises(GearshiftError, match=f"cannot be written.*{said}"):
        replace_threshold(file, 6)
    monkeypatch.undo()
    assert {name: (tmp_path / name).read_text() for name in entries(tmp_path)} == before
    restore_threshold(file)
    assert file.read_text() == FILE


def test_a_link_stays_one_and_its_file_is_edited(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    file, link = tmp_path / "real" / "gearshift.yaml", tmp_path / "links" / "here.yaml"
    file.write_text(FILE)
    link.symlink_to("../real/gearshift.yaml")
    replace_threshold(link, 5)
    assert link.is_symlink()
    assert "complexity_threshold: 5" in file.read_text()
    restore_threshold(link)
    assert (file.read_text(), entries(tmp_path / "links")) == (FILE, ["here.yaml"])


def test_what_is_no_file_is_said_so(tmp_path):
    pipe, circle = tmp_path / "pipe", tmp_path / "circle"
    os.mkfifo(pipe)
    circle.symlink_to(circle)
    for path, words in ((pipe, "regular file"), (tmp_path, "regular file"), (circle, "cannot be")):
        with pytest.raises(GearshiftError, match=words):
            replace_threshold(path, 5)


def test_a_file_that_is_deleted_meanwhile_is_not_made_again(tmp_path, monkeypatch):
    file = tmp_path / "gearshift.yaml"
    file.write_text(FILE)

    def deleted(*args):
        file.unlink()
        return with_value(*args)

    monkeypatch.setattr("gearshift.config_file.editing.with_value", deleted)
    with pytest.raises(GearshiftError, match="cannot be"):
        replace_threshold(file, 5)
    assert entries(tmp_path) == []


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_marks_and_comments_stay(tmp_path, mark, end):
    file = tmp_path / "gearshift.yaml"
    text = (mark + FILE).replace("\n", end)
    file.write_bytes(text.encode())
    replace_threshold(file, 4.5)
    expected = text.replace("threshold: 3 ", "threshold: 4.5 ")
    assert file.read_bytes().decode() == expected
    restore_threshold(file)
    assert file.read_bytes().decode() == text


EDIT = """
import sys
from pathlib import Path
from gearshift.config_file.editing import replace_value
replace_value(Path(sys.argv[1]), ("tiered_routing", sys.argv[2]), True)
"""


def test_changes_from_several_programs_are_all_kept(tmp_path):
    file = tmp_path / "gearshift.yaml"
    file.write_text("tiered_routing:\n  enabled: true\n")
    keys = [f"key{number}" for number in range(3)]
    programs = [
        subprocess.Popen([sys.executable, "-c", EDIT, os.fspath(file), key]) for key in keys
    ]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    assert set(yaml.safe_load(file.read_text())["tiered_routing"]) == {"enabled", *keys}
