"""What a dropped file is for."""

import pytest

from guibuilder.dropped import purpose


@pytest.mark.parametrize(("name", "what"), [
    ("a.gbnet", "project"), ("network.json", "project"), ("net.ONNX", "project"), ("seven.png", "picture"),
    ("photo.JPEG", "picture"), ("train.npz", "data"), ("digits.csv", "data"), ("cifar-10-binary.tar.gz", "data"),
    ("t10k-images-idx3-ubyte", "data"), ("t10k-images.idx3-ubyte.gz", "data"), ("song.mp3", ""), ("README", ""),
])
def test_by_name(tmp_path, name, what):
    assert purpose(tmp_path / name) == what


def test_a_folder_is_data(tmp_path):
    assert purpose(tmp_path) == "data"
