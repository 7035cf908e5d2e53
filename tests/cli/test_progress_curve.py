"""The small curve of the validation beside the progress bar."""

import pytest

from recsys_cli.cli.progress_bars import curve


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), ""),
        ((0.2,), ""),
        ((0.1, 0.2, 0.3), " ▁▅█"),
        ((0.3, 0.3), " ▁▁"),
        (tuple(range(20)), " ▁▂▂▃▄▄▅▅▆▇▇█"),
    ],
)
def test_the_last_values_are_drawn_between_their_ends(values: tuple[float, ...], drawn: str) -> None:
    assert curve(values) == drawn
