"""Numbers of a training in words: rates, remaining time, shares, losses."""


def rate_words(pictures_per_second: float) -> str:
    """"62,000 pictures/s", to two significant digits."""
    if pictures_per_second <= 0:
        return ""
    rounded = float(f"{pictures_per_second:.2g}")
    return f"{rounded:,.0f} pictures/s" if rounded >= 1 else f"{rounded:.2g} pictures/s"


def time_words(seconds: float) -> str:
    """A duration as one would say it: "1 s", "45 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(round(seconds / 600) * 10, 60)
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"


def loss_words(loss: float | None) -> str:
    """A loss with three digits: "0.071"."""
    if loss is None:
        return "–"
    return f"{loss:.3f}" if abs(loss) < 100 else f"{loss:,.3g}"


def share_words(share: float | None) -> str:
    """A share as per cent: "97.9 %"; never rounded up to a perfect 100."""
    if share is None:
        return "–"
    percent = min(share * 100, 99.9) if share < 1 else 100.0
    return f"{percent:.1f} %" if percent < 100 else "100 %"

