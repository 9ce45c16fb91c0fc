"""Colours and fonts of pictures: the same values as the window's themes."""

from dataclasses import dataclass, field


def _families(*colours: str) -> dict[str, str]:
    names = ("input", "convolution", "pooling", "activation", "dense", "normalisation", "noise", "merge", "output")
    return dict(zip(names, colours, strict=True))


@dataclass(frozen=True)
class Colours:
    """What a picture is painted with; `header` is how much of a family's colour its nodes' heads take."""

    canvas: str
    panel: str
    hairline: str
    text: str
    soft: str
    error: str
    warning: str
    wire: str
    header: float
    families: dict[str, str] = field(default_factory=dict)

    def family(self, name: str) -> str:
        """The colour of a layer family; that of `merge` for one that is not known."""
        return self.families.get(name, self.families["merge"])


LIGHT = Colours("#FBFCFD", "#FFFFFF", "#D9DEE5", "#1B2430", "#566375", "#C4302B", "#9A6700", "#8A97A8", 0.15,
                _families("#5B6B7F", "#0B63B0", "#00796B", "#B45309", "#6D3FC0", "#7A6A00", "#A03060", "#48566A",
                          "#B3261E"))
DARK = Colours("#191D23", "#1E2228", "#323943", "#E6EAF0", "#A7B1BF", "#FF7B72", "#E3B341", "#6B7889", 0.30,
               _families("#8FA1B5", "#5BA8F0", "#3FBFAE", "#F0A04B", "#A98BF0", "#D2BE3C", "#EE85AE", "#93A4BA",
                         "#FF8A80"))

TEXT_FONTS = "Inter, 'Segoe UI', 'SF Pro Text', Ubuntu, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"
NUMBER_FONTS = "'JetBrains Mono', 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def mix(base: str, over: str, share: float) -> str:
    """`over` painted on `base` with the given share, as #RRGGBB."""
    parts = [(int(base[at:at + 2], 16), int(over[at:at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (other - one) * share):02X}" for one, other in parts)
