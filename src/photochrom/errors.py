"""Every error that Photochrom raises on purpose.

    PhotochromError
    ├── ImageError               a picture cannot be read or written
    │   ├── MissingFileError         no such file
    │   ├── EmptyFileError           zero bytes
    │   ├── NotAnImageError          no picture format we know
    │   ├── TruncatedImageError      begins as a picture, ends too early or is damaged
    │   ├── TooManyPixelsError       more pixels than the limit
    │   ├── UnsupportedImageError    a picture, but of a kind that we do not handle
    │   └── OutputExistsError        the output is there already and `force` was not given
    ├── HintError                hints cannot be read, or lie outside their picture
    ├── ModelError               weights or their card are missing, damaged or do not fit
    ├── RecipeError              a training recipe is wrong
    ├── TrainingError            a run cannot go on: no number is a number any more, a full disk
    ├── DatasetError             training pictures are missing or unusable
    ├── ProtocolError            figures that do not compare, or pictures of another protocol
    └── MissingExtraError        an optional dependency is not installed

A message is one line: the file, the fault, the remedy.
"""


class PhotochromError(Exception):
    """Base of every error raised on purpose; the message is fit to be shown to a user."""


class ImageError(PhotochromError):
    """A picture cannot be read or written."""


class MissingFileError(ImageError):
    """The file does not exist."""


class EmptyFileError(ImageError):
    """The file has no bytes."""


class NotAnImageError(ImageError):
    """The bytes are in no picture format that we know."""


class TruncatedImageError(ImageError):
    """The picture's header is readable, its pixels are not all there."""


class TooManyPixelsError(ImageError):
    """The picture has more pixels than the limit."""


class UnsupportedImageError(ImageError):
    """A picture, but of a kind that cannot be colored (float pixels, for instance)."""


class OutputExistsError(ImageError):
    """The output file exists and overwriting was not asked for."""


class HintError(PhotochromError):
    """Hints cannot be read, or lie outside their picture."""


class ModelError(PhotochromError):
    """Weights or their card are missing, damaged or do not fit."""


class RecipeError(PhotochromError):
    """A training recipe is wrong."""


class TrainingError(PhotochromError):
    """A training run cannot go on; its last checkpoint is as it was."""


class DatasetError(PhotochromError):
    """Training pictures are missing or unusable."""


class ProtocolError(PhotochromError):
    """Figures do not compare, or pictures are not those of the protocol."""


class MissingExtraError(PhotochromError):
    """An optional dependency is not installed."""
