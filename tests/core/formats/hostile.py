"""Files that mean harm or are broken, made by a script: {name: content}; each must be refused in one sentence."""

import io
import json
import struct
import warnings
import zipfile

import numpy as np

from core.formats.native import write_project
from core.formats.network_json import network_to_text
from core.formats.weights_files import to_safetensors
from core.project import Project, complete_weights
from core.templates import template

PROJECT = Project(template("mlp").network)


def good_members():
    """The members of a proper project file."""
    buffer = io.BytesIO()
    write_project(Project(PROJECT.network, complete_weights(PROJECT)), buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members, method=zipfile.ZIP_STORED):
    """Pairs of name and content as a zip, as they are."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _with(**changes):
    members = good_members() | {name.replace("__", "."): content for name, content in changes.items()}
    return zipped(members.items())


def _json(**changes):
    return json.dumps({**json.loads(network_to_text(PROJECT.network)), **changes}).encode()


def _safetensors(header, body=b""):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + body


def _node(**changes):
    return {"id": "a", "type": "ReLU", "name": "A", "settings": {}, "position": [0, 0], **changes}


_OUT = {"id": "o", "type": "BlockOutput", "name": "Out"}


def _inside(nodes=(_OUT,), edges=(), **changes):
    return {"nodes": list(nodes), "edges": list(edges), **changes}


def _block(network, **settings):
    return _node(type="Block", settings={"network": network, **settings})


def _blocks(deep):
    """One in another."""
    inner = _inside()
    for _ in range(deep - 1):
        inner = _inside([_OUT, _block(inner)])
    return _block(inner)


def _projects():
    good = zipped(good_members().items())
    patched = bytearray(good)
    struct.pack_into("<I", patched, good.rindex(b"PK\x01\x02") + 24, 2**31 - 1)
    listing = good.rindex(b"PK\x05\x06")
    lying = good[:listing + 12] + struct.pack("<I", 2**31) + good[listing + 16:]
    twice = zipped([*good_members().items(), ("network.json", b"{}")])
    found = {f"cut-{part}": good[:len(good) * part // 8] for part in range(1, 8)}
    found |= {f"evil-{number}": zipped([*good_members().items(), (name, b"x")]) for number, name in enumerate(
        ("../evil", "/tmp/evil", "C:\\evil", "a/../../evil", "network.json/", "evil.pkl"))}
    bomb = zipped([*good_members().items(), ("thumbnail.png", bytes(3_900_000))], zipfile.ZIP_DEFLATED)
    large = zipped([("network.json", b" " * 15_900_000)], zipfile.ZIP_DEFLATED)
    weights = {"Hidden1.bias": np.full(128, np.nan, np.float32)}
    return found | {
        "twice": twice, "lying-list": lying, "bomb": bomb, "large": large, "empty-zip": zipped([]),
        "end-only": b"PK\x03\x04" + zipped([])[-22:], "garbage-behind": good + b"garbage", "many": zipped(
            [(f"{number}.json", b"") for number in range(5000)]),
        "no-network": zipped([("notes.md", b"")]), "bad-network": _with(network__json=b"{"),
        "nan-weights": _with(weights__safetensors=to_safetensors(weights)),
        "other-weights": _with(weights__safetensors=to_safetensors({"X.y": np.zeros(2, np.float32)})),
        "other-shape": _with(weights__safetensors=to_safetensors({"Hidden1.bias": np.zeros(2, np.float32)})),
        "double-weights": _with(weights__safetensors=to_safetensors({"Hidden1.bias": np.zeros(128)})),
        "header-2-60": _with(weights__safetensors=struct.pack("<Q", 2**60) + b"{}"),
        "header-lies": _with(weights__safetensors=_safetensors(
            {"Hidden1.bias": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 512]}}, bytes(512))),
        "header-hole": _with(weights__safetensors=_safetensors(
            {"Hidden1.bias": {"dtype": "F32", "shape": [128], "data_offsets": [8, 520]}}, bytes(520))),
        "many-arrays": _with(weights__safetensors=_safetensors(
            {f"t{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(12_000)})),
        "deep-header": _with(weights__safetensors=_safetensors(b'{"a":' + b"[" * 90_000 + b"]" * 90_000 + b"}")),
        "new-training": _with(training__json=b'{"format": "guibuilder-training", "version": 99}'),
        "bad-training": _with(training__json=b'{"format": "guibuilder-training", "version": 1, "options": [1]}'),
        "bad-history": _with(history__csv=b"epoch\nnan\n"), "bad-notes": _with(notes__md=b"\xff\xfe"),
        "bzip2": zipped(good_members().items(), zipfile.ZIP_BZIP2), "sizes": bytes(patched),
    }


def _networks():
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    heavy = {"id": "a", "type": "Dense", "name": "A", "settings": {"units": 10**15}}
    return {
        "empty": b"", "brace": b"{", "array": b"[]", "nan": _json(name=float("nan")), "deep": deep,
        "digits": b'{"format": ' + b"9" * 5000 + b"}", "twice-key": b'{"format": 1, "format": 2}',
        "new": _json(version=2), "no-version": _json(version=None), "other-format": _json(format="x"),
        "nodes": _json(nodes={}), "edges": _json(edges=[[]]), "settings": _json(nodes=[_node(settings=[])]),
        "setting": _json(nodes=[_node(settings={"x": 1})]), "heavy": _json(nodes=[heavy]),
        "name-path": _json(nodes=[_node(name="../../etc/passwd")]), "name-long": _json(nodes=[_node(name="x" * 10**6)]),
        "name-lines": _json(nodes=[_node(name="a\nb")]), "name-none": _json(nodes=[_node(name="")]),
        "ids": _json(nodes=[_node(), _node(name="B")], edges=[]),
        "names": _json(nodes=[_node(), _node(id="b")], edges=[]),
        "position": _json(nodes=[_node(position=["a", "b"])], edges=[]),
        "far": _json(nodes=[_node(position=[1e300, 0])], edges=[]),
        "dangling": _json(nodes=[_node()], edges=[{"from": "a", "to": "zz", "port": 0}]),
        "port": _json(nodes=[_node()], edges=[{"from": "a", "to": "a", "port": 10**9}]),
        "surrogate": b'{"format": "\\ud800"}', "latin": '{"format": "ä"}'.encode("latin-1"),
        "block-empty": _json(nodes=[_block({})]), "block-none": _json(nodes=[_node(type="Block", name="B")]),
        "block-list": _json(nodes=[_block([])]), "block-format": _json(nodes=[_block(_inside(format="x"))]),
        "block-new": _json(nodes=[_block(_inside(version=9))]),
        "block-no-out": _json(nodes=[_block(_inside([_node()]))]),
        "block-outs": _json(nodes=[_block(_inside([_OUT, {**_OUT, "id": "p", "name": "P"}]))], edges=[]),
        "block-deep": _json(nodes=[_blocks(9)], edges=[]), "block-deeper": _json(nodes=[_blocks(15)], edges=[]),
        "block-inputs": _json(nodes=[_block(_inside([_OUT]), inputs=5)], edges=[]),
        "block-setting": _json(nodes=[_block(_inside([_OUT]), x=1)], edges=[]),
        "block-names": _json(nodes=[_block(_inside([_OUT, _node(id="p", name="Out")]))], edges=[]),
        "block-path": _json(nodes=[_block(_inside([_OUT, _node(name="a/b")]))], edges=[]),
        "block-wire": _json(nodes=[_block(_inside([_OUT], [{"from": "zz", "to": "o"}]))], edges=[]),
        "block-port": _json(nodes=[_block(_inside([_OUT]))], edges=[{"from": "a", "to": "a", "port": 0}]),
        "nul": b'{"format": "a\0b"}', "overlong": b'{"format": "' + b"x" * 17_000_000 + b'"}',
    }


def _foreign():
    return {"model.pt": b"\x80\x02cos\nsystem\n(S'true'\ntR.", "model.h5": b"\x89HDF\r\n\x1a\n" + bytes(64),
            "model.onnx": b"\x08\x08\x12\x07pytorch", "model.pkl": b"\x80\x04N.", "picture.gbnet": b"\x89PNG\r\n\x1a\n",
            "gzip.gbnet": b"\x1f\x8b\x08" + bytes(32), "text.gbnet": b"hello", "zeros.gbnet": bytes(1000)}


def corpus():
    """Every hostile file by name."""
    found = {f"{name}.gbnet": content for name, content in _projects().items()}
    found |= {f"{name}.json": content for name, content in _networks().items()}
    return found | _foreign()
