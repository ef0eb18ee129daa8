"""What became of the pictures of a pool: all that a pool's index file holds."""

from dataclasses import dataclass, field

from ..errors import DatasetError
from .decoding import Decoded, Grey, Picture, Unreadable


@dataclass
class Entries:
    """Grows as pictures are decoded."""

    names: list[str] = field(default_factory=list)
    """Those of use."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """Height and width of each."""
    grey: list[str] = field(default_factory=list)
    """Names of those with too little color."""
    unreadable: list[str] = field(default_factory=list)
    """Names of those damaged, each with the reason."""

    def __len__(self) -> int:
        """Pictures so far, of use or not."""
        return len(self.names) + len(self.grey) + len(self.unreadable)

    def note(self, entry: Decoded) -> bytes:
        """Take the next picture in; returns its pixels, none where it is of no use."""
        match entry:
            case Unreadable(fault):
                self.unreadable.append(fault)
            case Grey(name):
                self.grey.append(name)
            case Picture(name, pixels):
                self.names.append(name)
                self.sizes.append((pixels.shape[0], pixels.shape[1]))
                return pixels.tobytes()
        return b""

    def nothing_left(self, sources: str) -> DatasetError:
        """The error to raise where no picture is of use."""
        return DatasetError(
            f"{sources}: no picture to train on; {len(self.grey)} are nearly grey, "
            f"{len(self.unreadable)} unreadable; lower min_colorfulness or add color pictures"
        )
