"""The chart: requests a second of each server, by query, as a multiple of the best peer's; SVG for light and dark."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import msgspec

_WIDTH: Final = 900
_HEIGHT: Final = 400
_LEFT: Final = 48
_TOP: Final = 64
_BOTTOM: Final = 40
_GAP: Final = 28
_STEP: Final = 0.5
_LEGEND_ROW: Final = 18
_STYLE: Final = """
    text { font: 12px system-ui, sans-serif; fill: #24292f; }
    .value { font-size: 10px; text-anchor: middle; }
    .query { font-weight: 600; text-anchor: middle; }
    .tick { text-anchor: end; }
    .line { stroke: #d0d7de; }
    .even { stroke: #57606a; stroke-dasharray: 4 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .line { stroke: #30363d; }
      .even { stroke: #9da7b1; }
    }
"""
_COLOURS: Final = {
    "gateway": "#2f81f7",
    "stock": "#8250df",
    "mercurius": "#1a7f64",
    "apollo": "#bf8700",
    "yoga": "#d1558f",
    "postgraphile": "#cf5a2e",
    "limit": "#848d97",
}


class Bars(msgspec.Struct, frozen=True):
    """One query's bars: the multiple of the best peer's rate, by the server's name."""

    query: str
    heights: Mapping[str, float]


def draw(groups: Sequence[Bars], titles: Mapping[str, str]) -> str:
    """Return the chart as an SVG document; `titles` names the servers in the order of their bars."""
    most = max(height for group in groups for height in group.heights.values())
    scale = (_HEIGHT - _TOP - _BOTTOM) / (most * 1.06)
    width = (_WIDTH - _LEFT) / len(groups)
    parts = [*_axis(most, scale), *_legend(titles)]
    for number, group in enumerate(groups):
        parts += _group(group, titles, left=_LEFT + number * width, width=width, scale=scale)
    described = "Requests a second as a multiple of the best peer's: " + "; ".join(map(_spoken, groups))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">\n'
        f"  <title>{escape(described)}</title>\n  <style>{_STYLE}  </style>\n"
    )
    return head + "".join(f"  {part}\n" for part in parts) + "</svg>\n"


def _spoken(group: Bars) -> str:
    return f"{group.query}: " + ", ".join(f"{name} {height:.2f}" for name, height in group.heights.items())


def _axis(most: float, scale: float) -> list[str]:
    parts = []
    for number in range(int(most / _STEP) + 1):
        value = number * _STEP
        at = _HEIGHT - _BOTTOM - value * scale
        kind = "even" if value == 1 else "line"
        parts += [
            f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH}" y1="{at:.1f}" y2="{at:.1f}"/>',
            f'<text class="tick" x="{_LEFT - 8}" y="{at + 4:.1f}">{value:g} ×</text>',
        ]
    return parts


def _legend(titles: Mapping[str, str]) -> list[str]:
    parts = ['<text x="0" y="14">Requests a second, as a multiple of the best peer&#8217;s</text>']
    left, top = 0.0, 2.0 * _LEGEND_ROW
    for name, title in titles.items():
        parts += [
            f'<rect x="{left:.0f}" y="{top - 10:.0f}" width="11" height="11" rx="2" fill="{_COLOURS[name]}"/>',
            f'<text x="{left + 16:.0f}" y="{top:.0f}">{escape(title)}</text>',
        ]
        left += 34 + 6.6 * len(title)
    return parts


def _group(group: Bars, titles: Mapping[str, str], *, left: float, width: float, scale: float) -> list[str]:
    shown = [name for name in titles if name in group.heights]
    bar = (width - _GAP) / max(len(shown), 1)
    parts = []
    for number, name in enumerate(shown):
        height = group.heights[name] * scale
        at, top = left + _GAP / 2 + number * bar, _HEIGHT - _BOTTOM - height
        fill = _COLOURS[name]
        parts += [
            f'<rect x="{at:.1f}" y="{top:.1f}" width="{bar - 3:.1f}" height="{height:.1f}" rx="2" fill="{fill}"/>',
            f'<text class="value" x="{at + bar / 2 - 1.5:.1f}" y="{top - 4:.1f}">{group.heights[name]:.2f}</text>',
        ]
    middle = left + width / 2
    return [*parts, f'<text class="query" x="{middle:.1f}" y="{_HEIGHT - _BOTTOM + 20}">{escape(group.query)}</text>']
