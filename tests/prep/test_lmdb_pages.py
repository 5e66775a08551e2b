"""LMDB files that were made to crash their reader are refused, with what is wrong in them."""

import struct

import lmdb
import pytest

from ocrdata.errors import UserError
from ocrdata.prep.diagnose import diagnose
from ocrdata.prep.layout import layout_of
from ocrdata.prep.lmdb_pages import NODE, check_pages
from ocrdata.prep.pack import plan_repack
from ocrdata.prep.store import Pack

PAGE = 4096


@pytest.fixture
def made(tmp_path):
    """An LMDB of 400 samples, some of whose values take several pages."""
    folder = tmp_path / "lmdb"
    with lmdb.open(str(folder), map_size=1 << 24) as environment, environment.begin(write=True) as writing:
        for number in range(1, 401):
            writing.put(b"image-%09d" % number, b"\xff\xd8\xff" + bytes(6000 if number % 3 else 300))
            writing.put(b"label-%09d" % number, b"text")
        writing.put(b"num-samples", b"400")
    return folder


def pages(data, flags):
    """Numbers of the pages of a kind that are in use."""
    found = range(2, len(data) // PAGE)
    return [n for n in found if struct.unpack_from("<QHH", data, n * PAGE)[::2] == (n, flags)]


def change(folder, at, value):
    data = bytearray((folder / "data.mdb").read_bytes())
    data[at : at + len(value)] = value
    (folder / "data.mdb").write_bytes(data)


def test_sound_files_of_any_size_pass(made, tmp_path):
    lmdb.open(str(tmp_path / "empty")).close()
    for folder in (made, tmp_path / "empty"):
        assert check_pages(folder) is None  # raises where a page is unsound


def leaf_with_large_value(data):
    for page in pages(data, 2):
        lower = struct.unpack_from("<H", data, page * PAGE + 12)[0]
        for node in struct.unpack_from(f"<{(lower - 16) // 2}H", data, page * PAGE + 16):
            _, _, flags, length = NODE.unpack_from(data, page * PAGE + node)
            if flags & 1:
                return page * PAGE + node, length
    raise AssertionError


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("child outside", r"points to page 99999999"),
        ("circle", r"which something else uses"),
        ("value outside", r"key 'image-0\d+', whose value takes 2 pages, points to page 99999999"),
        ("value too long", r"key 'image-0\d+', whose value takes \d+ pages"),
        ("value in a page of keys", r"key 'image-0\d+', .* which something else uses|holds no value"),
        ("entry outside", r"has an entry outside"),
        ("key reaches out", r"reaches out of it"),
        ("other number", r"is no page of keys"),
        ("directory", r"has no sound directory"),
        ("order", r"key 'image-0\d+' stands behind"),
        ("database inside", r"holds a database of its own"),
        ("count", r"801 keys, but it says 5"),
        ("page size", r"pages of 0 bytes"),
        ("magic", r"does not begin as an LMDB"),
        ("root", r"its first page of keys is page 77777777"),
        ("cut", r"cut short"),
    ],
)
def test_what_is_false_is_named(made, what, message):
    data = (made / "data.mdb").read_bytes()
    branch, leaf = pages(data, 1)[0] * PAGE, pages(data, 2)[1] * PAGE
    node = branch + struct.unpack_from("<H", data, branch + 18)[0]
    first = leaf + struct.unpack_from("<H", data, leaf + 16)[0]
    large, length = leaf_with_large_value(data)
    newest = max((0, PAGE), key=lambda at: struct.unpack_from("<Q", data, at + 144)[0])
    tree = newest + 40 + 48
    changes = {
        "child outside": (node, struct.pack("<2H", 99999999 & 0xFFFF, 99999999 >> 16)),
        "circle": (node, struct.pack("<2H", branch // PAGE, 0)),
        "value outside": (large + 8 + length, struct.pack("<Q", 99999999)),
        "value too long": (large, struct.pack("<2H", 0, 0x7FFF)),
        "value in a page of keys": (large + 8 + length, struct.pack("<Q", branch // PAGE)),
        "entry outside": (leaf + 16, struct.pack("<H", PAGE - 2)),
        "key reaches out": (first + 6, struct.pack("<H", 4095)),
        "other number": (leaf, struct.pack("<Q", 7)),
        "directory": (leaf + 12, struct.pack("<H", 5000)),
        "order": (first + 8, b"image-000000001"),
        "database inside": (first + 4, struct.pack("<H", 2)),
        "count": (tree + 32, struct.pack("<Q", 5)),
        "page size": (40, struct.pack("<I", 0)),
        "magic": (16, b"lmdb"),
        "root": (tree + 40, struct.pack("<Q", 77777777)),
        "cut": (0, b""),
    }
    change(made, *changes[what])
    if what == "cut":
        (made / "data.mdb").write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=message) as error:
        layout_of(made)
    assert str(made) in str(error.value)
    with pytest.raises(UserError, match=message):
        plan_repack(made, made.parent / "pack")
    assert diagnose(made)[0].severity == "error"


def test_a_false_head_is_noticed_before_the_file_is_opened(made):
    change(made, 40, struct.pack("<I", 0))
    with pytest.raises(UserError, match="pages of 0 bytes"):
        Pack(made)
