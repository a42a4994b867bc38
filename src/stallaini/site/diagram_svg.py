"""The symbols of a single-line diagram as SVG, after IEC 60617 where it has them."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

# Shapes take their colours from the theme of whoever looks, also where the file stands in another page.
_STYLE = """\
svg{--ink:#1c2320;--soft:#59625d;--card:#fffefb;--dc:#a8480a;--ac:#1f6f9c;--sun:#96690a;--store:#187347}
@media(prefers-color-scheme:dark){svg{--ink:#edf1ee;--soft:#a5afa9;--card:#181d1b;--dc:#f3a75c;\
--ac:#7cc3ea;--sun:#f2c849;--store:#66d69f}}
text{font:14px system-ui,sans-serif;fill:var(--ink);text-anchor:middle}
.t{font-weight:600}.n{font-size:12px;fill:var(--soft)}.l{text-anchor:start}.r{text-anchor:end}
path,rect,circle{fill:none;stroke:var(--ink);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.b{fill:var(--card)}.w{stroke:var(--soft)}.d{stroke-dasharray:6 5;stroke:var(--soft)}
.dc{stroke:var(--dc);stroke-width:5}.ac{stroke:var(--ac);stroke-width:5}
.sun{stroke:var(--sun)}.store{stroke:var(--store)}.use{stroke:var(--ac)}
.fdc{fill:var(--dc)}.fac{fill:var(--ac)}.s{font-size:17px}"""

_LONGEST = 20


class Drawing:
    """Shapes on a sheet of some width; `document` puts wires under symbols and names under all."""

    def __init__(self, title: str, width: float) -> None:
        self._title, self._width = title, width
        self._wires: list[str] = []
        self._symbols: list[str] = []

    def document(self, height: float) -> str:
        """The SVG document, `height` high."""
        size = f'viewBox="0 0 {self._width:g} {height:g}" width="{self._width:g}" height="{height:g}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(self._title)}>'
        )
        body = "\n".join([*self._wires, *self._symbols])
        return f"{head}\n<title>{escape(self._title)}</title>\n<style>{_STYLE}</style>\n{body}\n</svg>\n"

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A conductor."""
        self._wires.append(f'<path class="w" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>')

    def bus(self, x1: float, x2: float, y: float, name: str) -> None:
        """A bar that joins conductors, with its name at the right end."""
        kind = name.lower()
        self._wires.append(f'<path class="{kind}" d="M{x1:g} {y:g}H{x2:g}"/>')
        self._text(x2 + 8, y + 5, name, f"t l f{kind}")

    def array(self, x: float, y: float, title: str, note: str) -> None:
        """A field of solar modules."""
        self._add(f'<rect class="b sun" x="{x - 34:g}" y="{y - 22:g}" width="68" height="44" rx="3"/>')
        self._add(f'<path class="sun" d="M{x - 11:g} {y - 22:g}v44m22-44v44M{x - 34:g} {y:g}h68"/>')
        self._above(x, y - 32, title, note)

    def battery(self, x: float, y: float, title: str, note: str) -> None:
        """A battery: plates of two cells."""
        self._add(f'<rect class="b store" x="{x - 30:g}" y="{y - 24:g}" width="60" height="48" rx="8"/>')
        plates = f"M{x - 14:g} {y - 9:g}h28m-21 6h14m-21 6h28m-21 6h14"
        self._add(f'<path class="store" d="{plates}"/>')
        self._above(x, y - 34, title, note)

    def converter(
        self,
        x: float,
        y: float,
        turns: str,
        title: str,
        note: str,
        *,
        dashed: bool = False,
        left: bool = False,
    ) -> None:
        """A converter that turns one current into another (`=~`); dashed where nothing tells of it.

        Its name stands to the right of it, or to the `left`.
        """
        kind = "b d" if dashed else "b"
        self._add(f'<rect class="{kind}" x="{x - 25:g}" y="{y - 25:g}" width="50" height="50" rx="4"/>')
        self._add(f'<path class="w" d="M{x - 25:g} {y + 25:g}L{x + 25:g} {y - 25:g}"/>')
        self._text(x - 11, y - 4, turns[0], "s")
        self._text(x + 11, y + 16, turns[1], "s")
        at, side = (x - 36, "r") if left else (x + 36, "l")
        self._text(at, y - (4 if note else -5), _short(title), f"t {side}")
        self._text(at, y + 14, _short(note), f"n {side}")

    def source(self, x: float, y: float, title: str, note: str) -> None:
        """A generator: a circle with a wave."""
        self._add(f'<circle class="b" cx="{x:g}" cy="{y:g}" r="24"/>')
        self._add(f'<path d="M{x - 12:g} {y:g}q6-11 12 0t12 0"/>')
        self._text(x, y + 42, _short(title), "t")
        self._text(x, y + 58, _short(note), "n")

    def load(self, x: float, y: float, title: str, note: str) -> None:
        """A consumer: an arrow's head that the conductor ends in."""
        self._add(f'<path class="b use" d="M{x - 11:g} {y - 18:g}h22l-11 18z"/>')
        self._text(x, y + 18, _short(title), "t")
        self._text(x, y + 35, _short(note), "n")

    def teller(self, x: float, y: float, title: str, note: str) -> None:
        """A device that carries data alone."""
        self._add(f'<rect class="b d" x="{x - 70:g}" y="{y - 20:g}" width="140" height="44" rx="8"/>')
        middle = y + 7 if note == "" else y - 1
        self._text(x, middle, _short(title), "")
        self._text(x, y + 16, _short(note), "n")

    def heading(self, x: float, y: float, text: str, until_x: float) -> None:
        """The name of what stands below, over a thin line."""
        self._wires.append(f'<path class="d" d="M{x:g} {y - 18:g}H{until_x:g}"/>')
        self._text(x, y, text, "n l")

    def _above(self, x: float, y: float, title: str, note: str) -> None:
        self._text(x, y - (16 if note else 0), _short(title), "t")
        self._text(x, y, _short(note), "n")

    def _text(self, x: float, y: float, text: str, kind: str) -> None:
        if text:
            self._add(f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(text)}</text>')

    def _add(self, shape: str) -> None:
        self._symbols.append(shape)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
