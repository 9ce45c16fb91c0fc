"""The built-in handwritten digits: real, small, there without a network."""

import functools
import io

import numpy as np

from core.data.dataset import Array
from core.data.raw import Part, Raw
from core.data.resize import cubic, resize
from core.resources import resource

TITLE = "Handwritten digits 8×8"
TITLE_28 = "Handwritten digits 28×28"
SOURCE = ("Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository "
          "(1998), doi.org/10.24432/C50P49; the test set as scikit-learn ships it")
LICENCE = "CC BY 4.0"
TRAINING = 1437
TOTAL = 1797
FULL = 16
BOX, FRAME = 26, 28


def load_digits() -> Raw:
    """1,797 digits of 43 people on 8×8 pixels from 0 to 16, cut 1,437 / 360 by the permutation stored with them."""
    pictures, labels = _stored()
    return _raw(TITLE, pictures[:, None], labels, 1 / FULL)


def load_digits28() -> Raw:
    """The same digits in the same parts, enlarged as `enlarge` says."""
    pictures, labels = _stored()
    note = f"The digits are enlarged from 8×8 to {FRAME}×{FRAME}: bicubic, about 20 pixels high, contrast raised."
    return _raw(TITLE_28, enlarge(pictures[:, None] / np.float32(FULL)), labels, 1 / 255, (note,))


def enlarge(x: Array) -> Array:
    """Digits N×1×8×8 from 0 to 1 as uint8 N×1×28×28, framed as MNIST frames its digits.

    A dark ring of one pixel lets strokes end softly; bicubic from 10×10 to 26×26, so that a digit is about 20 pixels
    high; then the smooth step 3t² − 2t³ over the values from 0.1 to 0.9, which makes strokes of the soft blobs.
    """
    ringed = np.pad(x.astype(np.float32), ((0, 0), (0, 0), (1, 1), (1, 1)))
    t = np.clip((resize(ringed, BOX, BOX, cubic) - 0.1) / 0.8, 0, 1)
    result = np.zeros((len(x), 1, FRAME, FRAME), np.uint8)
    edge = (FRAME - BOX) // 2
    result[:, :, edge:-edge, edge:-edge] = np.rint(255 * t * t * (3 - 2 * t))
    return result


def _raw(title: str, x: Array, labels: Array, scale: float, notes: tuple[str, ...] = ()) -> Raw:
    train, test = Part(x[:TRAINING], labels[:TRAINING]), Part(x[TRAINING:], labels[TRAINING:])
    return Raw(title, train, test, scale, tuple("0123456789"), SOURCE, LICENCE, notes)


@functools.cache
def _stored() -> tuple[Array, Array]:
    """Pictures and labels in the order of the stored permutation."""
    with np.load(io.BytesIO(resource("data", "digits.npz").read_bytes()), allow_pickle=False) as archive:
        order = archive["order"]
        return archive["pictures"][order], archive["labels"][order].astype(np.int64)
