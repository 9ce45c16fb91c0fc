"""Downloads from a server of the test's own: mirrors, cut lines, wrong content; the cache never keeps a bad file."""

import hashlib
import http.server
import os
import threading

import pytest

from core.data import download
from core.data.download import RemoteFile, cache_folder, fetch, is_right, is_there
from core.errors import FileError

CONTENT = bytes(range(256)) * 400
FILE = RemoteFile("a.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        folder, _, name = self.path.strip("/").partition("/")
        self.server.asked.append(folder)
        # A server that may pack on the way could change what the hash is of.
        assert self.headers["Accept-Encoding"] == "identity"
        if folder == "missing" or name != FILE.name:
            self.send_error(404)
            return
        body = {"good": CONTENT, "wrong": CONTENT[::-1], "cut": CONTENT, "endless": CONTENT * 500}[folder]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body[:len(body) // 2] if folder == "cut" else body)
        except OSError:
            self.server.hung_up = True

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    served.daemon_threads = True
    served.asked, served.hung_up = [], False
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture
def at(server):
    server.asked.clear()
    return lambda *folders: tuple(f"http://127.0.0.1:{server.server_port}/{folder}/" for folder in folders)


def kept(folder):
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


def test_a_file_is_fetched_once_with_progress(at, server, tmp_path):
    told = []
    assert not is_there(FILE, tmp_path)
    fetch(FILE, at("good"), tmp_path, lambda *what: told.append(what))
    assert is_there(FILE, tmp_path)
    assert is_right(FILE, tmp_path)
    assert told[-1] == ("a.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    fetch(FILE, at("good"), tmp_path)
    assert server.asked == ["good"]


@pytest.mark.parametrize("bad", ["missing", "wrong", "cut", "endless"])
def test_a_bad_mirror_is_followed_by_the_next(at, server, tmp_path, bad):
    fetch(FILE, at(bad, "good"), tmp_path)
    assert is_right(FILE, tmp_path)
    assert server.asked == [bad, "good"]


@pytest.mark.parametrize(("bad", "words"), [("missing", "answered 404"), ("wrong", "not the published file"),
                                            ("cut", "no connection|not the published"),
                                            ("endless", "not the published")])
def test_when_every_mirror_fails_the_reason_is_told_and_nothing_stays(at, tmp_path, bad, words):
    with pytest.raises(FileError, match=words):
        fetch(FILE, at(bad), tmp_path / "cache")
    assert kept(tmp_path / "cache") == []


def test_a_file_longer_than_published_is_stopped_early(at, server, tmp_path):
    told = []
    with pytest.raises(FileError):
        fetch(FILE, at("endless"), tmp_path, lambda *what: told.append(what))
    assert server.hung_up or len(told) < 250


def test_no_connection_at_all(tmp_path):
    with pytest.raises(FileError, match="no connection"):
        fetch(FILE, ("http://127.0.0.1:9/",), tmp_path)


def test_a_changed_file_in_the_cache_is_noticed_and_replaced(at, tmp_path):
    fetch(FILE, at("good"), tmp_path)
    (tmp_path / FILE.name).write_bytes(CONTENT[::-1])
    os.utime(tmp_path / FILE.name, ns=(1, 1))
    assert is_there(FILE, tmp_path)
    assert not is_right(FILE, tmp_path)
    fetch(FILE, at("good"), tmp_path)
    assert is_right(FILE, tmp_path)


def test_a_folder_that_cannot_be_written(at, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(FileError, match="cannot be kept"):
        fetch(FILE, at("good"), tmp_path / "cache")


def test_the_progress_may_stop_the_download(at, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(FILE, at("good"), tmp_path / "cache", stop)
    assert kept(tmp_path / "cache") == []


def test_the_cache_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.delenv(download.CACHE_VARIABLE, raising=False)
    assert "guibuilder" in cache_folder("mnist").parts
    monkeypatch.setenv(download.CACHE_VARIABLE, str(tmp_path))
    assert cache_folder("mnist") == tmp_path / "data" / "mnist"
