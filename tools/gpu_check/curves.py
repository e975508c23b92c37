"""Training curves of several runs: compared as a table, drawn as SVG."""

import math

_COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"]
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 440, 70, 190, 40, 50


def series(epochs, part):
    """[(epoch, −ELBO in nats)] of `part` (train, validation); values that are not finite are left out."""
    points = []
    for epoch in epochs:
        value = epoch.get(part, {}).get("elbo")
        if value is not None and math.isfinite(value):
            points.append((epoch["epoch"], -value))
    return points


def compare(reference, other):
    """The differences of two runs' training −ELBO, epoch by epoch, in nats and relative to the first."""
    theirs = dict(series(other, "train"))
    rows = [(epoch, value, theirs[epoch]) for epoch, value in series(reference, "train") if epoch in theirs]
    if not rows:
        return {"epochs": [], "largest_difference": None, "largest_relative": None}
    return {
        "epochs": [{"epoch": e, "reference": a, "other": b, "difference": b - a} for e, a, b in rows],
        "largest_difference": max((b - a for _, a, b in rows), key=abs),
        "largest_relative": max(abs(b - a) / max(abs(a), 1e-9) for _, a, b in rows),
    }


def _ticks(low, high, about):
    """Round numbers within [low, high]."""
    span = max(high - low, 1e-9)
    step = 10 ** math.floor(math.log10(span / about))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= about)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _escaped(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def svg(title, runs):
    """A picture of {label: [(epoch, value)]}."""
    runs = {label: points for label, points in runs.items() if points}
    every = [point for points in runs.values() for point in points]
    if not every:
        return None
    low_x, high_x = min(x for x, _ in every), max(max(x for x, _ in every), min(x for x, _ in every) + 1)
    low_y, high_y = min(y for _, y in every), max(y for _, y in every)
    margin = 0.04 * (high_y - low_y) or 1.0
    low_y, high_y = low_y - margin, high_y + margin
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def at_x(x):
        return _LEFT + (right - _LEFT) * (x - low_x) / (high_x - low_x)

    def at_y(y):
        return bottom - (bottom - _TOP) * (y - low_y) / (high_y - low_y)

    def text(x, y, words, anchor="middle", more=""):
        return '<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>' % (x, y, anchor, more, _escaped(words))

    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
             'font-family="sans-serif" font-size="12">' % (_WIDTH, _HEIGHT, _WIDTH, _HEIGHT),
             '<rect width="100%" height="100%" fill="white"/>', text(_WIDTH / 2, 22, title, more=' font-size="14"')]
    for tick in _ticks(low_y, high_y, 7):
        y = at_y(tick)
        parts += ['<path d="M%d %.1fH%d" stroke="#ddd"/>' % (_LEFT, y, right), text(_LEFT - 6, y + 4, "%g" % tick, "end")]
    for tick in _ticks(low_x, high_x, 10):
        if tick == int(tick):
            parts.append(text(at_x(tick), bottom + 18, int(tick)))
    parts += [text((_LEFT + right) / 2, _HEIGHT - 12, "epoch"),
              text(18, (_TOP + bottom) / 2, "nats per example", more=' transform="rotate(-90 18 %d)"' % ((_TOP + bottom) / 2)),
              '<path d="M%d %dV%dH%d" fill="none" stroke="black"/>' % (_LEFT, _TOP, bottom, right)]
    for i, (label, points) in enumerate(runs.items()):
        colour, dash = _COLOURS[i % len(_COLOURS)], "" if i == 0 else ' stroke-dasharray="%d 3"' % (3 + 3 * i)
        line = " ".join("%.1f,%.1f" % (at_x(x), at_y(y)) for x, y in points)
        parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>' % (line, colour, dash))
        y = _TOP + 16 + 20 * i
        parts += ['<path d="M%d %dh26" stroke="%s" stroke-width="2"%s/>' % (right + 12, y - 4, colour, dash),
                  text(right + 44, y, label, "start")]
    return "\n".join(parts + ["</svg>", ""])
