"""Downloads, from a server on this machine, and what the user is told where one fails."""

import dataclasses
import gc
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from data_files import files_in, isolate, write_idx

from bsff.config import DATASETS, DataConfig
from bsff.data import download, images, lazy, load_dataset
from bsff.data.idx_folder import FILES
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


@pytest.fixture
def server(tmp_path, monkeypatch, home):
    """Serve synthetic MNIST files on this machine, through pooch as it is."""
    monkeypatch.undo()
    monkeypatch.setattr("bsff.data.load.cache_folder", lambda: home)
    monkeypatch.delenv("BSFF_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "server"
    write_idx(folder)
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        files = tuple(
            (
                f"http://127.0.0.1:{http.server_port}/{name}.gz",
                hashlib.md5((folder / f"{name}.gz").read_bytes()).hexdigest(),
            )
            for name in FILES
        )
        monkeypatch.setitem(DATASETS, "mnist", dataclasses.replace(DATASETS["mnist"], files=files))
        yield folder
        http.shutdown()
    gc.collect()  # here, not in another test


def test_download_once(server, home):
    first = load_dataset(DataConfig(dataset="mnist"))
    assert files_in(home) == sorted(f"mnist/{name}.gz" for name in FILES)
    for name in FILES:
        (server / f"{name}.gz").unlink()
    assert np.array_equal(load_dataset(DataConfig(dataset="mnist")).train_images, first.train_images)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # pooch leaves a refused connection open
@pytest.mark.parametrize("fault", ["absent", "checksum"])
def test_download_failure_leaves_nothing_behind(server, home, fault):
    bad = server / f"{FILES[1]}.gz"
    _ = bad.unlink() if fault == "absent" else bad.write_bytes(bad.read_bytes() + b"x")
    with pytest.raises(DataError) as error:
        load_dataset(DataConfig(dataset="mnist"))
    message = str(error.value)
    assert f"/{FILES[1]}.gz: download failed ({'HTTPError' if fault == 'absent' else 'ValueError: MD5 hash'}" in message
    assert f"MNIST: missing {FILES[0]}.gz, {FILES[1]}.gz, " in message
    assert f"put them into {home}/mnist, or name the folder" in message
    assert files_in(home) == [f"mnist/{FILES[0]}.gz"]  # came whole, before the other failed


@pytest.mark.parametrize("name", ["mnist", "fashion", "cifar10"])
def test_network_out_of_reach(monkeypatch, home, name):
    def offline(url, known_hash, fname, path):
        assert known_hash.startswith("md5:")
        assert url.endswith(fname)
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr("pooch.retrieve", offline)
    with pytest.raises(DataError, match=r"^http.*: download failed \(ConnectionError: Name or .*missing .* --data DIR"):
        load_dataset(DataConfig(dataset=name))
    assert not home.exists()


def test_a_package_that_is_not_installed(monkeypatch, tmp_path):
    def absent(module):
        raise ImportError(f"No module named '{module}'")

    monkeypatch.setattr(lazy, "import_module", absent)
    with pytest.raises(DataError, match=r'needs pooch, which cannot .*; run: pip install "bsff\[train\]"'):
        download.fetch(DATASETS["mnist"], tmp_path, download.MissingFilesError(""))
    with pytest.raises(DataError, match=r"decoding the images of .* needs pillow, .*bsff\[train\]"):
        images.decode(tmp_path, [])
