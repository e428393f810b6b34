"""When the configuration file counts as changed."""

import os

from gearshift.serving.file_watch import ConfigWatch


def at(path):
    return ConfigWatch(lambda: path if path.exists() else None)


def test_a_change_counts_once_it_has_come_to_rest(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("a")
    watch = at(file)
    assert not watch.has_changed()
    file.write_text("ab")
    assert not watch.has_changed()
    file.write_text("abc")
    assert not watch.has_changed()
    assert watch.has_changed()
    assert not watch.has_changed()


def test_a_link_that_is_changed_above_the_file_counts(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.yaml").write_text(name)
        os.utime(tmp_path / name / "c.yaml", (1, 1))
    data = tmp_path / "..data"
    data.symlink_to("one")
    file = tmp_path / "c.yaml"
    file.symlink_to("..data/c.yaml")
    watch = at(file)
    new = tmp_path / "..new"
    new.symlink_to("two")
    new.replace(data)
    assert [watch.has_changed() for _ in range(3)] == [False, True, False]


def test_a_file_that_is_gone_or_empty_is_no_change_and_said_once(tmp_path, caplog):
    file = tmp_path / "c.yaml"
    file.write_text("a")
    watch = at(file)
    file.unlink()
    assert not watch.has_changed()
    file.touch()
    assert not watch.has_changed()
    assert not watch.has_changed()
    assert caplog.text.count("is gone or empty") == 1
    file.write_text("a b")
    assert [watch.has_changed() for _ in range(3)] == [False, True, False]


def test_a_file_that_appears_counts_and_one_that_was_read_does_not(tmp_path):
    file = tmp_path / "c.yaml"
    watch = at(file)
    assert not watch.has_changed()
    file.write_text("a")
    assert [watch.has_changed() for _ in range(2)] == [False, True]
    file.write_text("ab")
    watch.accept()
    assert not any(watch.has_changed() for _ in range(3))
