"""Numbers in words."""

import pytest

from guibuilder.training.trouble import plain, smaller_rate
from guibuilder.training.words import loss_words, rate_words, share_words, time_words


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (44.6, "45 s"), (89, "89 s"), (150, "2 min"),
                                                (5000, "83 min"), (7800, "2 h 10 min"), (7200, "2 h")])
def test_times(seconds: float, words: str):
    assert time_words(seconds) == words


@pytest.mark.parametrize(("rate", "words"), [(61_834.0, "62,000 pictures/s"), (7.4, "7 pictures/s"), (0.0, ""),
                                             (0.31, "0.31 pictures/s")])
def test_rates(rate: float, words: str):
    assert rate_words(rate) == words


@pytest.mark.parametrize(("share", "words"), [(0.9791, "97.9 %"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.0, "0.0 %"),
                                              (None, "–")])
def test_shares_are_never_rounded_up_to_perfect(share: float | None, words: str):
    assert share_words(share) == words


@pytest.mark.parametrize(("loss", "words"), [(0.0712, "0.071"), (None, "–"), (12345.6, "1.23e+04"), (2.3, "2.300")])
def test_losses(loss: float | None, words: str):
    assert loss_words(loss) == words


@pytest.mark.parametrize(("rate", "words"), [(1e5, "10,000"), (0.002, "0.0002"), (0.1, "0.01"), (3.0, "0.3"),
                                             (1e-7, "1e-08")])
def test_a_tenth_of_a_rate_is_written_plainly(rate: float, words: str):
    assert plain(smaller_rate(rate)) == words
