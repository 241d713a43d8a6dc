"""Where on the image a cell of a response map looks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Geometry:
    """From map cells to input pixels: cell j is centred on `offset + j * stride` px and sees `field` px around it."""

    stride: int
    field: int
    offset: float
