"""Draws the pictures of docs/algorithm.md: ``python docs/pictures/algorithm.py`` writes them beside this file."""

from pathlib import Path

import numpy as np

from bsff.golden.tables import noise_table

HERE = Path(__file__).resolve().parent
BLUE, ORANGE, GREY, DARK, PURPLE = "#1d4ed8", "#c2410c", "#6b7280", "#111", "#6d28d9"
PALE = {BLUE: "#dbeafe", ORANGE: "#ffedd5", GREY: "#f3f4f6", PURPLE: "#ede9fe"}


class Picture:
    """An SVG that grows; every method adds one thing. Coordinates are pixels from the upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'font-family="Helvetica, Arial, sans-serif" font-size="14">\n<title>{title}</title>\n<defs>'
            + "".join(
                f'<marker id="m{color[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
                f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{color}"/></marker>'
                for color in (BLUE, ORANGE, GREY, DARK)
            )
            + f'</defs>\n<rect width="{width}" height="{height}" fill="#fff"/>'
        )
        self.parts: list[str] = []

    def box(self, x: float, y: float, w: float, h: float, color: str = GREY, *, fill: str | None = None) -> None:
        """A rectangle with a pale filling."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="4" fill="{fill or PALE[color]}" '
            f'stroke="{color}" stroke-width="1.5"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        color: str = DARK,
        anchor: str = "middle",
        bold: bool = False,
        size: int = 14,
    ) -> None:
        """A line of text on the baseline y."""
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{color}" font-size="{size}"{weight}>{words}</text>'
        )

    def line(
        self,
        points: list[tuple[float, float]],
        color: str = DARK,
        *,
        arrow: bool = False,
        width: float = 2,
        dashed: bool = False,
    ) -> None:
        """A polyline, with a head if it is an arrow."""
        path = "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
        end = f' marker-end="url(#m{color[1:]})"' if arrow else ""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<path d="{path}" stroke="{color}" stroke-width="{width:g}" fill="none"{dash}{end}/>')

    def save(self, name: str) -> None:
        """Write ``algorithm-NAME.svg``."""
        (HERE / f"algorithm-{name}.svg").write_text("\n".join([self.head, *self.parts, "</svg>\n"]))


def flow() -> None:
    """Backpropagation above, local losses below."""
    p = Picture(760, 356, "Backpropagation against local losses")
    for top, name in ((20, "Backpropagation"), (192, "Forward-forward")):
        local = top > 100
        p.text(16, top + 14, name, anchor="start", bold=True, size=16)
        for k in range(3):
            x = 30 + 190 * k
            p.box(x, top + 36, 120, 44, BLUE)
            p.text(x + 60, top + 63, f"layer {k + 1}", bold=True)
            p.line([(x + 120, top + 58), (x + 188, top + 58)], arrow=True)
            if local:
                p.box(x + 20, top + 106, 80, 30, ORANGE)
                p.text(x + 60, top + 126, "loss")
                p.line([(x + 80, top + 80), (x + 80, top + 104)], arrow=True)
                p.line([(x + 40, top + 106), (x + 40, top + 82)], ORANGE, arrow=True)
            else:
                p.box(x + 20, top + 106, 80, 30, GREY)
                p.text(x + 60, top + 126, "kept", color=GREY)
                p.line([(x + 60, top + 80), (x + 60, top + 104)], GREY, arrow=True)
        if local:
            p.text(604, top + 63, "next block", anchor="start")
        else:
            p.box(600, top + 36, 80, 44, ORANGE)
            p.text(640, top + 63, "loss")
            p.line([(640, top + 80), (640, top + 148), (90, top + 148), (90, top + 138)], ORANGE, arrow=True)
            for k in (1, 2):
                p.line([(90 + 190 * k, top + 148), (90 + 190 * k, top + 138)], ORANGE, arrow=True)
            p.text(650, top + 126, "gradient", color=ORANGE, anchor="start")
    p.save("flow")


def index() -> None:
    """A binary input selects rows of weights."""
    p = Picture(760, 330, "A binary input selects rows of weights")
    bits = [0, 1, 0, 0, 1, 0, 1, 0, 1]
    rows = np.random.default_rng(3).integers(-9, 10, (len(bits), 6))
    p.text(60, 24, "inputs", bold=True)
    p.text(330, 24, "rows of weights, one a channel", bold=True)
    p.text(660, 24, "read", bold=True)
    for i, bit in enumerate(bits):
        y = 36 + 26 * i
        color = BLUE if bit else GREY
        p.box(42, y, 36, 22, color, fill=BLUE if bit else "#fff")
        p.text(60, y + 16, str(bit), color="#fff" if bit else GREY, bold=bool(bit))
        for j, weight in enumerate(rows[i]):
            p.box(180 + 50 * j, y, 46, 22, color if bit else "#d1d5db", fill=PALE[BLUE] if bit else "#fff")
            p.text(203 + 50 * j, y + 16, str(weight).replace("-", "−"), color=DARK if bit else "#9ca3af")
        if bit:
            p.line([(80, y + 11), (176, y + 11)], BLUE, arrow=True)
        p.text(660, y + 16, "yes" if bit else "no", color=BLUE if bit else GREY, bold=bool(bit))
    y = 286
    p.line([(174, y - 9), (486, y - 9)])
    p.text(60, y + 17, "sum", bold=True)
    for j, total in enumerate(np.array(bits) @ rows):
        p.box(180 + 50 * j, y, 46, 24, ORANGE)
        p.text(203 + 50 * j, y + 17, str(total).replace("-", "−"), bold=True)
    p.text(660, y + 17, f"{sum(bits)} of {len(bits)} rows", bold=True)
    p.save("index")


def pbit() -> None:
    """Firing against the sum, computed from the machine's table of noise."""
    fraction = 8
    noise = np.asarray(noise_table(fraction), float) / 2**fraction
    sums = np.linspace(-6, 6, 121)
    fires = lambda level: (sums[:, None] - level + noise > 0).mean(1)  # noqa: E731  # a formula
    p = Picture(760, 300, "Probability and mean count against the sum")
    for left, title, top, mean, levels in (
        (50, "one p-bit: probability", 1, fires(0), [0.0]),
        (430, "a tile of three: mean count", 3, sum(fires(m) for m in (0.5, 1.5, 2.5)), [0.5, 1.5, 2.5]),
    ):
        x = lambda a, left=left: left + 290 * (a + 6) / 12  # noqa: E731
        y = lambda v, top=top: 240 - 190 * v / top  # noqa: E731
        p.text(left + 145, 26, title, bold=True)
        if top == 1:
            p.parts.append(f'<rect x="{x(-2):g}" y="50" width="{x(2) - x(-2):g}" height="190" fill="{PALE[ORANGE]}"/>')
            p.text(x(2) + 8, 228, "responsive", color=ORANGE, anchor="start")
        for level in levels:
            p.line([(x(level), 50), (x(level), 240)], GREY, width=1, dashed=True)
        p.line([(left, 50), (left, 240), (left + 290, 240)], width=1)
        for tick in range(top + 1):
            p.text(left - 8, y(tick) + 5, str(tick), anchor="end", size=12)
        for a in (-6, -3, 0, 3, 6):
            p.text(x(a), 258, str(a).replace("-", "−"), size=12)
        p.line([(x(a), y(v)) for a, v in zip(sums, mean, strict=True)], BLUE, width=2.5)
        p.text(left + 145, 282, "sum a", size=13)
    p.save("pbit")


def goodness() -> None:
    """Channels vote for their class."""
    p = Picture(760, 286, "Channels vote for the class that owns them")
    counts = [5, 2, 4, 1, 9, 12, 7, 10, 3, 6, 2, 4]
    names, label = "ABC", 1
    means = np.array(counts, float).reshape(3, 4).mean(1)
    powers = np.exp((means - means.max()) / 3)
    shares = powers / powers.sum()
    p.text(140, 24, "counts of 12 channels", bold=True)
    p.text(352, 24, "goodness", bold=True)
    p.text(500, 24, "softmax", bold=True)
    p.text(664, 24, "error (label B)", bold=True)
    for c in range(3):
        y = 40 + 76 * c
        color = (PURPLE, BLUE, GREY)[c]
        p.box(20, y, 240, 62, color)
        for k, count in enumerate(counts[4 * c : 4 * c + 4]):
            p.parts.append(
                f'<rect x="{36 + 56 * k}" y="{y + 44 - 3 * count}" width="36" height="{3 * count}" fill="{color}"/>'
            )
            p.text(54 + 56 * k, y + 57, str(count), size=11)
        p.line([(260, y + 31), (310, y + 31)], arrow=True)
        p.box(314, y + 12, 76, 38, color)
        p.text(352, y + 36, f"{names[c]}: {means[c]:.1f}")
        p.line([(390, y + 31), (458, y + 31)], arrow=True)
        p.box(462, y + 12, 76, 38, color)
        p.text(500, y + 36, f"{shares[c]:.2f}")
        p.line([(538, y + 31), (620, y + 31)], arrow=True)
        p.box(624, y + 12, 80, 38, ORANGE)
        p.text(664, y + 36, f"{(c == label) - shares[c]:+.2f}".replace("-", "−"), bold=True)
    p.text(
        20,
        278,
        "In the picture the usual counts are taken to be equal, and the softmax is that of a third of the goodness.",
        anchor="start",
        color=GREY,
        size=12,
    )
    p.save("goodness")


def update() -> None:
    """Three factors of a change."""
    p = Picture(760, 236, "Three factors change a weight")
    rng = np.random.default_rng(5)
    x, d = rng.random((4, 4)) < 0.5, rng.random((4, 4)) < 0.5
    for left, name, bits, color in (
        (120, "input on", x, BLUE),
        (300, "unit responsive", d, PURPLE),
        (480, "both", x & d, ORANGE),
    ):
        p.text(left + 52, 24, name, bold=True)
        for row, column in np.ndindex(4, 4):
            p.box(left + 26 * column, 36 + 26 * row, 24, 24, color, fill=color if bits[row, column] else "#fff")
    p.text(262, 94, "and", bold=True)
    p.text(442, 94, "=", bold=True, size=20)
    p.text(60, 84, "positions", color=GREY)
    p.text(60, 102, "of the map", color=GREY)
    count = int((x & d).sum())
    p.line([(586, 88), (640, 88)], arrow=True)
    p.text(692, 94, f"count = {count}", bold=True)
    p.box(120, 172, 590, 44, GREY)
    p.text(415, 200, f"change of the weight  =  step  ×  error of the class  ×  {count},  rounded at random", bold=True)
    p.line([(692, 104), (692, 170)], arrow=True)
    p.save("update")


if __name__ == "__main__":
    for draw in (flow, index, pbit, goodness, update):
        draw()
