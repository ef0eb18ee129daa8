"""What libjpeg only warns of: damage that a picture must not hide, and quirks that harm nobody.

With its warnings ignored, a JPEG file of the right length passes whatever happened to its middle.
With all of them taken for errors, pictures of cameras and scanners would be refused that every
program shows. libvips hands on the first warning alone, so behind a quirk damage may still hide.
"""

import re
from typing import Literal

import pyvips

Strictness = Literal["warning", "error"]
"""The least that libvips takes for a failure: first the former, behind a quirk the latter."""

# libjpeg's words, lest a new kind of warning be taken for one of them. In 1200 files with one byte
# or four changed, what did not fit came before a restart marker, a table, a scan or the end, and
# once of 95 times was as short as the padding that some programs leave before the end.
_QUIRKS = re.compile(
    r"extraneous bytes before marker 0x(c[0-2]|db|e.|fe)"
    r"|\b[1-4] extraneous bytes before marker 0xd9"
    r"|Invalid SOS parameters|JFIF revision|Adobe color transform|Inconsistent progression"
)


def is_quirk(error: pyvips.Error) -> bool:
    """Whether it is a warning that says nothing about the pixels."""
    return _QUIRKS.search(str(error.detail)) is not None
