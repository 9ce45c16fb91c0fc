"""The schemas in `resources`: what we write keeps to them, and they refuse what is wrong."""

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import FormatError
from core.formats import native, network_json
from core.formats.native import write_project
from core.formats.network_json import network_to_text
from core.graph.output import Output
from core.graph.plain import FARTHEST
from core.resources import resource
from core.settings import settings_of
from core.templates import template
from tests.core.formats.projects import networks, projects

_KINDS = {"object": dict, "array": list, "string": str, "boolean": bool}


def _schema(name):
    return json.loads(resource("schemas", f"{name}.schema.json").read_text(encoding="utf-8"))


NETWORK, TRAINING = _schema("network"), _schema("training")


def _is(value, kind):
    if kind in _KINDS:
        return isinstance(value, _KINDS[kind])
    return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)


def _lacks(schema, value):
    """What of a schema a value does not keep to: the few words that our schemas use."""
    schema = NETWORK if schema.get("$ref") == "#" else schema
    if "type" in schema and not _is(value, schema["type"]):
        return [f"{value!r} is no {schema['type']}"]
    found = [name for name, fails in (
        ("const", "const" in schema and value != schema["const"]),
        ("enum", value not in schema.get("enum", (value,))),
        ("minimum", "minimum" in schema and value < schema["minimum"]),
        ("maximum", "maximum" in schema and value > schema["maximum"]),
        ("items", "minItems" in schema and not schema["minItems"] <= len(value) <= schema["maxItems"]),
        ("length", "maxLength" in schema and not schema["minLength"] <= len(value) <= schema["maxLength"]),
        ("required", any(key not in value for key in schema.get("required", ()))),
    ) if fails]
    for key, each in schema.get("properties", {}).items():
        found += _lacks(each, value[key]) if key in value else []
    for each in value if "items" in schema else ():
        found += _lacks(schema["items"], each)
    if "if" in schema and not _lacks(schema["if"], value):
        found += _lacks(schema["then"], value)
    return found


def test_they_know_what_can_be_decided_about_an_output():
    described = NETWORK["properties"]["nodes"]["items"]["properties"]["output"]["properties"]
    declared = settings_of(Output)
    assert described.keys() == declared.keys()
    for name, setting in declared.items():
        assert described[name]["default"] == setting.default
        assert tuple(described[name].get("enum", ())) == setting.choices
        assert (described[name].get("minimum"), described[name].get("maximum")) == (setting.low, setting.high)


def test_they_are_of_the_versions_we_write():
    for schema, module in ((NETWORK, network_json), (TRAINING, native)):
        assert schema["properties"]["format"]["const"] == module.KIND
        assert schema["properties"]["version"]["maximum"] == module.VERSION
    assert NETWORK["properties"]["nodes"]["items"]["properties"]["position"]["items"]["maximum"] == FARTHEST


@given(networks())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_networks_keep_to_the_schema(network):
    plain = json.loads(network_to_text(network))
    assert _lacks(NETWORK, plain) == []
    assert set(NETWORK["properties"]) <= set(plain)


@given(projects())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_projects_keep_to_the_schema(project):
    buffer = io.BytesIO()
    write_project(project, buffer)
    with zipfile.ZipFile(buffer) as archive:
        plain = json.loads(archive.read("training.json"))
    assert _lacks(TRAINING, plain) == []
    # How a training began is there only once one has begun.
    assert set(TRAINING["properties"]) - {"beginning"} <= set(plain)


@pytest.mark.parametrize(("place", "value"), [
    (("format",), "x"), (("version",), "1"), (("version",), 2), (("nodes", 0, "id"), 1), (("nodes", 0, "name"), ""),
    (("nodes", 0, "position"), [1]), (("nodes", 1, "settings"), []), (("edges", 0, "port"), -1), (("edges",), {}),
])
def test_they_refuse_what_is_wrong_and_so_do_we(place, value):
    plain = json.loads(network_to_text(template("lenet5").network))
    here = plain
    for key in place[:-1]:
        here = here[key]
    here[place[-1]] = value
    assert _lacks(NETWORK, plain)
    with pytest.raises(FormatError):
        network_json.network_from_bytes(json.dumps(plain).encode(), "x")
