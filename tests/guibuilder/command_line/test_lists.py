"""`templates` and `data`."""

from core.data import load as data
from core.templates import TEMPLATES


def test_templates(command):
    found = command("templates", "--json").json["templates"]
    assert [each["name"] for each in found] == list(TEMPLATES)
    assert {"name": "lenet5", "title": "LeNet-5", "input_shape": [1, 32, 32], "parameters": 61_706} in found
    table = command("templates")
    assert table.status == 0
    assert "61,706" in table.out


def test_data_sets(command):
    found = command("data", "--json").json["datasets"]
    assert [each["name"] for each in found] == list(data.names())
    digits = found[0]
    assert list(digits) == ["name", "title", "shape", "classes", "train", "test", "available"]
    assert (digits["name"], digits["shape"], digits["train"], digits["test"], digits["available"]) == (
        "digits", [1, 8, 8], 1437, 360, True)
    assert "60,000" in command("data").out


def test_fetching_by_name(command, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "get", lambda name, progress: (asked.append(name), progress(name, 5, 10)))
    assert [each["name"] for each in command("data", "get", "mnist", "--json").json["datasets"]] == ["mnist"]
    assert asked == ["mnist"]


def test_what_cannot_be_fetched_is_named(command):
    assert command("data", "get", "digits").status == 0
    found = command("data", "get", "minst")
    assert (found.status, "Did you mean mnist?" in found.err) == (2, True)
    assert command("data", "get").status == 2
    assert command("data", "fetch", "mnist").status == 2
