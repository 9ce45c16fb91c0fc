"""Saving: the old file or the new one, whole, whatever happens."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import FileError
from core.formats import atomic
from core.formats.atomic import write_atomically

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes, links and signals")


def _save(path, content, **more):
    write_atomically(path, lambda file: file.write(content), **more)


def _strangers(folder):
    return [each.name for each in folder.iterdir() if each.name.endswith(".tmp")]


def test_a_new_file_and_a_newer_one(tmp_path):
    path = tmp_path / "näme with spaces.gbnet"
    _save(path, b"one")
    _save(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_previous_version_is_kept_on_request(tmp_path):
    path = tmp_path / "a.gbnet"
    for content in (b"one", b"two", b"three"):
        _save(path, content, keep_previous=True)
    assert (tmp_path / "a.bak.gbnet").read_bytes() == b"two"
    assert not _strangers(tmp_path)


def test_the_previous_version_is_copied_where_links_are_not_possible(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    test_the_previous_version_is_kept_on_request(tmp_path)


@posix
def test_links_and_modes_survive(tmp_path):
    folder = tmp_path / "real"
    folder.mkdir()
    real, link = folder / "a.gbnet", tmp_path / "link.gbnet"
    _save(real, b"one")
    real.chmod(0o640)
    link.symlink_to(real)
    _save(link, b"two", keep_previous=True)
    assert link.is_symlink()
    assert real.read_bytes() == b"two"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert (folder / "a.bak.gbnet").read_bytes() == b"one"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.gbnet", "real"]


def test_the_content_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    path, seen = tmp_path / "a.gbnet", []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append(("sync", stat.S_ISDIR(os.fstat(handle).st_mode))),
                                                     sync(handle)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (seen.append(("replace", self.read_bytes())),
                                                               replace(self, target))[1])
    _save(path, b"one")
    assert seen[:2] == [("sync", False), ("replace", b"one")]
    assert seen[2:] == ([("sync", True)] if os.name == "posix" else [])


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "full"), FileError("no"), KeyboardInterrupt()])
def test_a_failing_writer_changes_nothing(tmp_path, failure):
    path = tmp_path / "a.gbnet"
    _save(path, b"one")

    def fail(file):
        file.write(b"half")
        raise failure

    with pytest.raises((FileError, KeyboardInterrupt)):
        write_atomically(path, fail)
    assert path.read_bytes() == b"one"
    assert not _strangers(tmp_path)


@posix
def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path):
    code = f"""
import resource, sys
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from core.errors import FileError
from core.formats.atomic import write_atomically
path = Path({str(tmp_path / "a.gbnet")!r})
write_atomically(path, lambda file: file.write(b"one"))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_atomically(path, lambda file: file.write(bytes(100_000)), keep_previous=True)
except FileError as error:
    print(error.message)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "not enough room" in result.stdout
    assert (tmp_path / "a.gbnet").read_bytes() == b"one"
    assert [each.name for each in tmp_path.iterdir()] == ["a.gbnet"]


@pytest.mark.parametrize(("target", "words"), [("missing/a.gbnet", "no folder"), ("folder", "folder"),
                                               ("file/a.gbnet", "folder")])
def test_impossible_places_are_named(tmp_path, target, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match=words):
        _save(tmp_path / target, b"one")


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folders_and_files_are_named(tmp_path):
    path = tmp_path / "a.gbnet"
    _save(path, b"one")
    path.chmod(0o444)
    with pytest.raises(FileError, match="write-protected"):
        _save(path, b"two")
    path.chmod(0o644)
    tmp_path.chmod(0o555)
    with pytest.raises(FileError, match="may not be written"):
        _save(path, b"two")
    tmp_path.chmod(0o755)
    assert path.read_bytes() == b"one"


@posix
def test_a_device_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    _save(pipe, b"one")
    assert os.read(reader, 10) == b"one"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_held_file_is_tried_again_and_then_left_beside(tmp_path, monkeypatch):
    path, tries = tmp_path / "a.gbnet", []
    _save(path, b"one")
    monkeypatch.setattr(atomic, "_PAUSE", 0.001)
    real_replace = Path.replace

    def held(self, target):
        tries.append(self)
        if len(tries) < limit and target == path:
            error = PermissionError(13, "held")
            error.winerror = 32
            raise error
        return real_replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    limit = 3
    _save(path, b"two")
    assert (len(tries), path.read_bytes()) == (3, b"two")
    limit = 1000
    with pytest.raises(FileError, match="Another program holds") as caught:
        _save(path, b"three")
    assert path.read_bytes() == b"two"
    assert str(tmp_path / "a.new.gbnet") in caught.value.message
    assert (tmp_path / "a.new.gbnet").read_bytes() == b"three"
    assert not _strangers(tmp_path)


def test_strays_go_after_a_day_and_nothing_else(tmp_path):
    path = tmp_path / "a.gbnet"
    old, young, other, foreign = (tmp_path / name for name in (
        ".a.gbnet.77-1.tmp", ".a.gbnet.78-1.tmp", ".b.gbnet.77-1.tmp", ".a.gbnet.tmp"))
    for each in (old, young, other, foreign):
        each.write_bytes(b"")
    yesterday = time.time() - atomic.STRAY_AGE - 60
    for each in (old, other, foreign):
        os.utime(each, (yesterday, yesterday))
    _save(path, b"one")
    assert {each.name for each in tmp_path.iterdir()} == {young.name, other.name, foreign.name, path.name}


_SAVER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from core.formats.atomic import write_atomically
path, number = Path({path!r}), 0
print("go", flush=True)
while True:
    number += 1
    content = number.to_bytes(4, "big") * {words}
    write_atomically(path, lambda file: file.write(content), keep_previous=True)
"""


@posix
@pytest.mark.parametrize("words", [25_000, 500_000])
def test_killed_at_any_moment_the_file_is_whole(tmp_path, words):
    path = tmp_path / "a.gbnet"
    for number in range(10):
        code = _SAVER.format(root=str(Path.cwd()), path=str(path), words=words)
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"go\n"
        time.sleep(0.02 + 0.0137 * number)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for each in (path, tmp_path / "a.bak.gbnet"):
            if each.exists():
                content = each.read_bytes()
                assert len(content) == 4 * words
                assert content == content[:4] * words
    assert path.exists()
