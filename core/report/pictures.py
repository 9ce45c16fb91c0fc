"""Filters as pictures that travel inside the page."""

import base64
import io

import numpy as np

from core.drawing.markup import element
from core.layers.base import Array

MOST = 64
_SCALE, _GAP, _COLUMNS = 6, 1, 16


def filter_sheet(weights: Array, name: str) -> str:
    """The filters [out, in, height, width] of a layer as one picture: in colour where they see three channels.

    Of others the mean over their channels is shown. Each is stretched from its smallest to its largest number; so many
    as `MOST` are shown.
    """
    # It takes a while to load, and the window loads all formats when it starts.
    from PIL import Image

    shown = weights[:MOST].astype(np.float64)
    pictures = np.moveaxis(shown, 1, -1) if shown.shape[1] == 3 else shown.mean(axis=1)[..., None].repeat(3, axis=-1)
    low, high = pictures.min(axis=(1, 2, 3), keepdims=True), pictures.max(axis=(1, 2, 3), keepdims=True)
    pictures = (pictures - low) / np.maximum(high - low, 1e-12)
    count, height, width = pictures.shape[:3]
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.ones((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3))
    for number, picture in enumerate(pictures):
        top = (number // columns) * (height + _GAP) + _GAP
        left = (number % columns) * (width + _GAP) + _GAP
        sheet[top:top + height, left:left + width] = picture
    large = np.kron(np.round(sheet * 255).astype(np.uint8), np.ones((_SCALE, _SCALE, 1), np.uint8))
    buffer = io.BytesIO()
    Image.fromarray(large).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return element("img", src=f"data:image/png;base64,{data}", alt=f"Filters of {name}", width=large.shape[1],
                   height=large.shape[0])
