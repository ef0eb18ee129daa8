"""Sound files to begin with: every format and kind that is read, with all that files carry."""

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyvips
import tifffile
from PIL import Image, ImageCms

from photochrom.archive import sidecar
from photochrom.archive.provenance import Named, Provenance
from photochrom.batch.opening import NAME, open_ledger
from photochrom.batch.task import Task
from photochrom.color import SRGB
from photochrom.color.spaces import SPACES
from photochrom.image.icc import profile_of
from photochrom.image.profile import srgb_profile

_XMP = Path(__file__).parents[1] / "archive" / "rich.xmp"
_SIDE = 40


def pictures() -> Iterator[tuple[str, bytes]]:
    """Names that say what is in them, and their bytes."""
    for bands in (1, 2, 3, 4):
        for depth in (8, 16):
            image = _dressed(_drawn(bands, depth))
            name = f"{bands}-{depth}"
            yield f"{name}.png", image.pngsave_buffer(interlace=bands == 3)
            yield f"{name}.tif", image.tiffsave_buffer(compression="lzw", predictor="horizontal")
            yield (
                f"{name}-tiles.tif",
                image.tiffsave_buffer(tile=True, tile_width=16, tile_height=16),
            )
            yield f"{name}-big.tif", image.tiffsave_buffer(bigtiff=True, compression="deflate")
    for bands in (1, 3):
        image = _dressed(_drawn(bands, 8))
        yield f"{bands}.jpg", image.jpegsave_buffer(Q=90)
        yield f"{bands}-progressive.jpg", image.jpegsave_buffer(interlace=True, restart_interval=2)
        yield f"{bands}.webp", image.webpsave_buffer()
    yield "alpha.webp", _dressed(_drawn(4, 8)).webpsave_buffer(lossless=True)
    yield "cmyk.jpg", _cmyk().jpegsave_buffer()
    yield "cmyk.tif", _cmyk().tiffsave_buffer(compression="deflate")
    yield "jpeg-within.tif", _dressed(_drawn(3, 8)).tiffsave_buffer(compression="jpeg")
    for orientation in (2, 6):
        turned = _dressed(_drawn(1, 8), orientation)
        yield f"turned-{orientation}.jpg", turned.jpegsave_buffer()
        yield f"turned-{orientation}.tif", turned.tiffsave_buffer()
    grey = Image.fromarray(_drawn(1, 8).numpy().squeeze())
    yield "palette.png", _by_pillow(grey.convert("P"), "PNG")
    yield "1-bit.png", _by_pillow(grey.convert("1"), "PNG")
    yield "1-bit.tif", _by_pillow(grey.convert("1"), "TIFF", compression="group4")
    yield "palette.tif", _by_pillow(grey.convert("P"), "TIFF")
    yield "exif.jpg", _by_pillow(grey, "JPEG", exif=_exif())
    yield "adobe.jpg", _with_photoshop(_by_pillow(grey, "JPEG"))
    yield "white-is-zero.tif", _by_tifffile(photometric="miniswhite")
    yield "big-endian.tif", _by_tifffile(byteorder=">", photometric="minisblack")
    yield "pages.tif", _pages(bigtiff=False)
    yield "pages-big.tif", _pages(bigtiff=True)


def hints() -> Iterator[tuple[str, bytes]]:
    """Hint files of each form."""
    listed = [{"x": 0.3, "y": 0.6, "color": "#8a2be2", "radius": 0.1, "strength": 0.5}] * 3
    yield "object.json", json.dumps({"unit": "relative", "hints": listed}).encode()
    yield "list.json", json.dumps([{"x": 3, "y": 4, "color": "teal"}]).encode()
    yield "comma.csv", b"x,y,color,radius,strength\n30%,60%,blueviolet,,\n40%,10%,#9bd,5%,0.8\n"
    yield "semicolon.csv", '\ufeffx;y;color;unit\r\n"3";4;"#fff";pixel\r\n'.encode()


def orders() -> Iterator[tuple[str, bytes]]:
    """What may be chosen, as JSON."""
    yield "order.json", json.dumps({"temperature": 0.5, "saturation": 1.3, "quality": 80}).encode()
    yield "files.json", json.dumps({"hints": "x.json", "reference": "r.png", "style": "s"}).encode()
    yield "kept.json", json.dumps({"keep_tint": 0.5, "assume": "grey", "profile": "srgb"}).encode()
    yield "many.json", json.dumps({"candidates": 2, "confidence": True, "sidecar": True}).encode()


def _drawn(bands: int, depth: int) -> pyvips.Image:
    rows, columns = np.mgrid[0:_SIDE, 0 : _SIDE + 11]
    noise = np.random.default_rng(bands).integers(0, 40, (_SIDE, _SIDE + 11, bands))
    values = np.clip((2 * rows + 2 * columns)[..., None] + noise, 0, 255)
    array = values.astype(np.uint8) if depth == 8 else (257 * values).astype(np.uint16)
    kinds = ("b-w", "srgb") if depth == 8 else ("grey16", "rgb16")
    return pyvips.Image.new_from_array(array).copy(interpretation=kinds[bands > 2])


def _dressed(image: pyvips.Image, orientation: int = 1) -> pyvips.Image:
    """With everything that a file may carry."""
    image = image.copy(xres=11.8, yres=11.8)
    blobs = {"exif-data": b"Exif\0\0" + _exif().tobytes()[6:], "xmp-data": _XMP.read_bytes()}
    blobs |= {"iptc-data": b"Photoshop 3.0\0" + _photoshop(), "icc-profile-data": _profile(image)}
    for field, data in blobs.items():
        image.set_type(pyvips.GValue.blob_type, field, data)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.set_type(pyvips.GValue.gstr_type, "png-comment-0-Description", "a street, märz")
    return image


def _profile(image: pyvips.Image) -> bytes:
    if image.bands < 3:
        return srgb_profile(1)
    return profile_of(SPACES["adobe-rgb"] if image.bands == 4 else SRGB)


def _cmyk() -> pyvips.Image:
    return _drawn(3, 8).icc_transform("cmyk", input_profile="srgb")


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif.update({0x010E: "a street", 0x013B: "somebody", 0x0112: 1, 0x011A: 300.0, 0x8298: "1911"})
    exif.get_ifd(0x8769).update({0x9003: "1911:05:04 10:00:00", 0x927C: b"maker" * 9, 0x829A: 0.01})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 3.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    return exif


def _photoshop() -> bytes:
    """IPTC records (IIM 4.2) in a resource of Photoshop's."""
    said = ((25, b"street"), (80, b"somebody"), (120, "März".encode()))
    iim = b"\x1c\x01\x5a\0\3\x1b%G"
    iim += b"".join(struct.pack(">BBBH", 0x1C, 2, tag, len(text)) + text for tag, text in said)
    return b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iim)) + iim + b"\0" * (len(iim) % 2)


def _with_photoshop(data: bytes) -> bytes:
    content = b"Photoshop 3.0\0" + _photoshop()
    return data[:2] + struct.pack(">HH", 0xFFED, len(content) + 2) + content + data[2:]


def _by_pillow(picture: Image.Image, kind: str, **options: object) -> bytes:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    file = io.BytesIO()
    picture.save(file, kind, icc_profile=lab, **options)
    return file.getvalue()


def _by_tifffile(**options: object) -> bytes:
    file = io.BytesIO()
    xmp = _XMP.read_bytes()
    tags = [
        (700, 1, len(xmp), xmp, True),
        (33723, 7, len(_photoshop()[12:]), _photoshop()[12:], True),
    ]
    tifffile.imwrite(
        file, _drawn(1, 16).numpy().squeeze(), extratags=tags, rowsperstrip=7, **options
    )
    return file.getvalue()


def _pages(*, bigtiff: bool) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as pages:
        pages.write(_drawn(1, 8).numpy().squeeze(), photometric="minisblack", resolution=(300, 300))
        pages.write(_drawn(3, 16).numpy(), photometric="rgb", tile=(16, 16))
        pages.write(_drawn(1, 16).numpy().squeeze(), photometric="miniswhite", compression="zlib")
    return file.getvalue()


def sidecars() -> Iterator[tuple[str, bytes]]:
    """A sidecar as it is written."""
    with TemporaryDirectory() as folder:
        picture = Path(folder, "photo.jpg")
        picture.write_bytes(b"colored")
        made = Named(name="photo.jpg", sha256="0" * 64)
        said = Provenance(model=made, parameters={"saturation": 1.5}, source=made)
        yield "sidecar.json", sidecar.write(picture, said).read_bytes()


def ledgers() -> Iterator[tuple[str, bytes]]:
    """A ledger that knows two pictures."""
    with TemporaryDirectory() as folder:
        out = Path(folder)
        with open_ledger(out) as ledger:
            tasks = [Task(out / f"{letter}.png", out / f"{letter}.color.png") for letter in "ab"]
            ledger.begin("i" * 64, {"saturation": 1.5}, "m" * 64)
            ledger.claim(tasks, "i" * 64)
        yield "ledger.sqlite", (out / NAME).read_bytes()
