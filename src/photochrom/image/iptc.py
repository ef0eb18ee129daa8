"""IPTC records: bare in TIFF, wrapped in Photoshop's resource block in JPEG.

A Frame holds the bare records, so that they survive a change of format. Photoshop's other
resources (previews, print settings) are left behind: a preview would still show the grey picture.
"""

_SIGNATURE = b"Photoshop 3.0\0"
_RESOURCE = b"8BIM"
_RECORDS = 0x0404  # the resource that holds IPTC records


def unwrap(block: bytes) -> bytes | None:
    """The bare records in what a JPEG or TIFF file carries; None where it holds none."""
    if not block.startswith(_SIGNATURE):
        return block
    at = len(_SIGNATURE)
    while block[at : at + 4] == _RESOURCE and at + 6 < len(block):
        kind = int.from_bytes(block[at + 4 : at + 6])
        at += 6 + _even(1 + block[at + 6])  # a Pascal string names the resource
        size = int.from_bytes(block[at : at + 4])
        if kind == _RECORDS:
            return block[at + 4 : at + 4 + size]
        at += 4 + _even(size)
    return None


def wrap(records: bytes) -> bytes:
    """Bare records in the block that JPEG wants."""
    header = _RESOURCE + _RECORDS.to_bytes(2) + bytes(2) + len(records).to_bytes(4)
    return _SIGNATURE + header + records + bytes(len(records) % 2)


def _even(size: int) -> int:
    return size + size % 2
