"""How every picture looks: colours, letters, and the way from a matplotlib figure to SVG and PNG."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # only the command that draws waits for matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Name: on light paper, on dark paper. Text has a contrast of 4.5 and more to the cards, marks of 3 and more. Each
# light colour stands for one name, so that a figure drawn in light colours can be turned into names of CSS.
PALETTE = {
    "ink": ("#1f2430", "#ece9e2"),
    "soft": ("#5a6070", "#a8afbc"),
    "line": ("#dcd8ce", "#39404c"),
    "card": ("#fffefb", "#1a1e25"),
    "model": ("#bf3f15", "#ff9166"),
    "rival": ("#1d5c93", "#7db8ec"),
    "other": ("#7f8590", "#8d95a3"),
    "fill": ("#5f86ab", "#6f9cc6"),
}
# Far apart in brightness, too, so that the colour-blind tell them apart; a test sees with their eyes.
GENRES = (
    ("#0b8cb4", "#56ade8"),
    ("#f0661d", "#ce6d27"),
    ("#053c29", "#d1f4f1"),
    ("#873e75", "#935787"),
    ("#7e4f07", "#ffd402"),
    ("#45288a", "#7c3dff"),
    ("#aa5e4b", "#d6bb89"),
    ("#7d838f", "#8c94a2"),  # all other genres
)
PALETTE |= {f"genre-{place}": pair for place, pair in enumerate(GENRES)}
WIDTH, HEIGHT = 352, 236  # points, which are the pixels of a phone's column
_STYLE = {
    "svg.fonttype": "none",
    "path.simplify": False,
    "font.size": 10.5,
    "font.family": "DejaVu Sans",
    "text.color": PALETTE["ink"][0],
    "axes.edgecolor": PALETTE["line"][0],
    "axes.labelcolor": PALETTE["soft"][0],
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.use_mathtext": False,
    "grid.color": PALETTE["line"][0],
    "grid.linewidth": 0.8,
    "xtick.color": PALETTE["line"][0],
    "xtick.labelcolor": PALETTE["soft"][0],
    "ytick.color": PALETTE["line"][0],
    "ytick.labelcolor": PALETTE["soft"][0],
    "ytick.left": False,
    "xtick.major.size": 3,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
}
_NAMES = {pair[0]: name for name, pair in PALETTE.items()}
_FAMILY = re.compile(r"font-family: [^;\"]*")
_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"(\d+\.\d\d)\d+")


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a picture.

    Attributes:
        columns: headings.
        rows: cells as they are printed, the first of a row names it.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure with what somebody needs who does not see it.

    Attributes:
        name: of its files, and of everything that must be unique on the page.
        title: what it shows, a few words.
        description: what is to be seen in it, a sentence or two.
        figure: drawn in the light colours.
        table: its numbers.
    """

    name: str
    title: str
    description: str
    figure: Figure
    table: Table

    def inline(self) -> str:
        """The SVG to stand in the page: its colours are names of the page's style, its letters the page's."""
        text = self._svg()
        for light, name in _NAMES.items():
            text = text.replace(light, f"var(--{name})")
        text = _FAMILY.sub("font-family: inherit", text)
        ids = f"{self.name}-title {self.name}-desc"
        head = f'<title id="{self.name}-title">{html.escape(self.title)}</title>'
        head += f'<desc id="{self.name}-desc">{html.escape(self.description)}</desc>'
        return re.sub(
            r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>", rf'<svg \1 role="img" aria-labelledby="{ids}">', text, count=1
        ).replace('">', '">' + head.replace("\\", "\\\\"), 1)

    def svg(self) -> bytes:
        """The SVG as a file of its own, in the light colours on white."""
        head = f"<title>{html.escape(self.title)}</title><desc>{html.escape(self.description)}</desc>"
        opening, rest = self._svg().split(">", 1)
        paper = f'<rect width="100%" height="100%" fill="{PALETTE["card"][0]}"/>'
        family = "font-family: system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
        return _FAMILY.sub(family, f"{opening}>{head}{paper}{rest}").encode()

    def png(self) -> bytes:
        """The picture in twice its size, on the paper's colour."""
        file = io.BytesIO()
        with style(self.name):
            self.figure.savefig(
                file, format="png", dpi=144, facecolor=PALETTE["card"][0], metadata={"Software": None}
            )
        return file.getvalue()

    def _svg(self) -> str:
        """One line of SVG without what only an editor needs: the same figure gives the same text."""
        file = io.StringIO()
        with style(self.name):
            self.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        text = file.getvalue()
        text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
        text = text[text.index("<svg") :]
        text = re.sub(r'<g id="[^"]*" ?/>', "", re.sub(r'<g id="[^"]*">', "<g>", text))
        text = re.sub(r'(<text [^>]*?)transform="rotate\(-?0 [^)]*\)"', r"\1", text)
        text = _TAG.sub(lambda tag: _NUMBER.sub(r"\1", tag[0]), text)
        text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><").replace("<defs></defs>", "")
        return text.strip()


@contextmanager
def style(salt: str) -> Iterator[None]:
    """Draw in the style of the pictures; ``salt`` makes the names inside an SVG lasting and its own."""
    import matplotlib

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": salt}):
        yield


def canvas(
    *,
    height: float = HEIGHT,
    left: float = 40,
    right: float = 12,
    bottom: float = 36,
    top: float = 14,
    grid: Literal["x", "y", "both"] = "y",
) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes; all sizes in points.

    Args:
        height: of the figure.
        left: margin, room for the labels of the rows.
        right: margin.
        bottom: margin, room for the axis and its label.
        top: margin.
        grid: ``x``, ``y`` or ``both``: lines across which values are read.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 72, height / 72))
    axes = figure.add_axes(
        (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (bottom + top) / height)
    )
    axes.grid(visible=False)
    axes.grid(visible=True, axis=grid)
    axes.tick_params(length=0)
    return figure, axes


def colour(name: str) -> str:
    """The light colour of a name of the palette."""
    return PALETTE[name][0]


def label_end(axes: Axes, x: float, y: float, text: str, name: str, *, dx: float = 6, dy: float = 0) -> None:
    """Write a text beside a point, in the colour of its line."""
    axes.annotate(
        text,
        (x, y),
        xytext=(dx, dy),
        textcoords="offset points",
        color=colour(name),
        va="center",
        ha="left" if dx >= 0 else "right",
        fontsize=10,
        annotation_clip=False,
    )


def numbers(values: Sequence[float | None], pattern: str = "{:.3f}") -> tuple[str, ...]:
    """Cells of a table; an empty one where there is no number."""
    return tuple("" if value is None else pattern.format(value) for value in values)
