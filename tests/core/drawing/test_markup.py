"""SVG as text."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drawing.markup import element, escaped, number, text


@given(st.text(st.characters()))
def test_any_text_is_well_formed_and_comes_back_but_for_what_xml_cannot_hold(content):
    parsed = ET.fromstring(element("g", text(content, 1, 2, fill=content)))
    line = parsed[0]
    allowed = "".join(letter if letter in "\t\n\r" or " " <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd"
                      or letter > "\uffff" else "\ufffd" for letter in content)
    assert (line.text or "") == allowed.replace("\r\n", "\n").replace("\r", "\n")
    assert len(line.attrib) == 3


@pytest.mark.parametrize(("value", "written"), [(1, "1"), (1.5, "1.5"), (1.005, "1"), (-0.001, "0"), (1e6, "1000000"),
                                                (12.345678, "12.35")])
def test_numbers_are_short(value, written):
    assert number(value) == written


def test_attributes_and_empty_elements():
    assert element("a", stroke_width=2, class_="x<y") == '<a stroke-width="2" class="x&lt;y"/>'
    assert escaped("<&>\"'\0") == "&lt;&amp;&gt;&quot;&#39;\ufffd"
