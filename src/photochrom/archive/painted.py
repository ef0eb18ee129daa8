"""What the codes of a colored file meant to those who painted them."""

from ..color import Encoding
from ..color.spaces import SPACES
from ..image import Header
from ..image.icc import grey_counterpart, profile_of, profile_space
from ..image.profile import encoding_of
from . import provenance


def painted_encoding(header: Header) -> Encoding:
    """What the codes of a file mean, with more digits than its profile has where those are known.

    A profile holds primaries to 16 bits of fraction, which moves the luminance of vivid colors by
    up to a third of a 16-bit step. Of the profiles that coloring writes, it is known what they were
    rounded from: the encoding of the grey profile that one carries, or a space that was asked for.
    """
    icc = header.icc
    if icc is None or header.channels == 1:
        return header.encoding
    chosen = chosen_space(header)
    if chosen is not None and icc == profile_of(chosen):
        return chosen
    grey = grey_counterpart(icc) if profile_space(icc) == "rgb" else b""
    if not grey or grey not in icc:  # made just now, not carried
        return header.encoding
    return encoding_of(grey, 1) or header.encoding


def chosen_space(header: Header) -> Encoding | None:
    """The space that a colored file says was asked for; None where it kept the original's."""
    xmp = header.metadata.xmp
    said = None if xmp is None else provenance.read(xmp)
    return None if said is None else SPACES.get(str(said.parameters.get("profile")))
