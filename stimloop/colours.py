"""Colours that colour-blind people can tell apart, for every picture.

The palette of Okabe and Ito, 2008: "Color Universal Design", jfly.uni-koeln.de/color.
"""

from typing import Final

BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY_BLUE: Final = "#56B4E9"
GREEN: Final = "#009E73"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
#: Behind the others.
GREY: Final = "#999999"
