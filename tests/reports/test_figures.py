"""The figures are well-formed SVG whose marks lie where the numbers say."""

import math
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from grader.reports.figures import histogram_svg, speed_svg


def elements(svg: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(name))


def test_histogram_svg_bars_are_as_high_as_their_counts():
    bars = elements(histogram_svg([4, 0, 2], 30.0), "rect")
    assert len(bars) == 2
    assert float(bars[0].attrib["height"]) == 2 * float(bars[1].attrib["height"])


def test_histogram_svg_says_its_counts_to_those_who_cannot_see_it():
    figure = ElementTree.fromstring(histogram_svg([4, 0, 2], 30.0))
    assert figure.attrib["aria-label"] == "Submissions by points, in 3 equal parts: 4, 0, 2"


def test_speed_svg_dots_lie_on_a_logarithmic_axis():
    dots = [float(dot.attrib["cx"]) for dot in elements(speed_svg([1.0, 10.0, 100.0]), "circle")]
    assert math.isclose(dots[1] - dots[0], dots[2] - dots[1], abs_tol=0.2)
    assert dots[0] < dots[1]


def test_speed_svg_equal_speeds_are_stacked():
    dots = elements(speed_svg([10.0] * 3), "circle")
    assert len({dot.attrib["cy"] for dot in dots}) == 3


def test_speed_svg_own_speed_is_marked():
    assert "you: 143x" in speed_svg([1.0, 2.0], own=143.0)


def test_speed_svg_nothing_measured_is_empty():
    assert speed_svg([], None) == ""
    assert speed_svg([math.inf, 0.0, math.nan], math.inf) == ""


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40))
def test_speed_svg_any_ratios_stay_inside_the_figure(ratios: list[float]):
    svg = speed_svg(ratios)
    for x, y in re.findall(r'cx="([^"]+)" cy="([^"]+)"', svg):
        assert 0 <= float(x) <= 640
        assert 0 <= float(y) <= 200
