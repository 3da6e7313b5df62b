"""A Hann window, applied to the sums of a Fourier transform."""

from detectors.compiling.kernel import kernel


@kernel
def hann_bin(
    real: float,
    imaginary: float,
    below_real: float,
    below_imaginary: float,
    above_real: float,
    above_imaginary: float,
    cosine: float,
    sine: float,
) -> tuple[float, float]:
    """Return a bin less a share of its two neighbours, rotated to where the window begins.

    A Hann window is half of each bin minus a quarter of its two neighbours.

    Parameters
    ----------
    real, imaginary, below_real, below_imaginary, above_real, above_imaginary : float
        The bin and its neighbours, of sums whose phase counts from somewhere else.
    cosine, sine : float
        The share, times cosine and sine of the angle of one bin at the first sample of the window.

    Returns
    -------
    tuple of float
        Real and imaginary part, each to its own phase: only its square, or a product with the
        conjugate of the same bin of another channel, means anything.
    """
    sum_real = below_real + above_real
    sum_imaginary = below_imaginary + above_imaginary
    change_real = below_real - above_real
    change_imaginary = below_imaginary - above_imaginary
    return (
        real - (cosine * sum_real + sine * change_imaginary),
        imaginary - (cosine * sum_imaginary - sine * change_real),
    )
