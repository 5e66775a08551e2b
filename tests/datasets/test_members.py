"""Archives that are read in place: the same bytes as unpacked, whatever kind; hostile ones are refused by entry."""

import errno
import io
import os
import random
import struct
import tarfile
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocrdata.datasets import members as module
from ocrdata.datasets.members import Member, close_archives, members, split_inside
from ocrdata.datasets.places import PhotosByPath, in_order, photos_by_stem
from ocrdata.datasets.readers.labels import label_lines
from ocrdata.datasets.walk import is_archive
from ocrdata.errors import UserError

LONG = f"folder/{'deep' * 15}/{'deep' * 15}/b.jpg"
FILES = {"set/a.jpg": bytes(range(256)) * 9000, LONG: b"b" * 700, "set/é店.png": b"", "set/gt.txt": "a\nö".encode()}


@pytest.fixture(autouse=True)
def archives_are_closed():
    yield
    close_archives()


def make(path, kind, files=None):
    files = FILES if files is None else files
    if kind in ("stored", "deflated"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir("empty") if hasattr(archive, "mkdir") else None
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    mode, _, form = kind.partition(" ")
    formats = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}
    with tarfile.open(path, mode, format=formats[form or "pax"]) as archive:
        folder = tarfile.TarInfo("set")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


KINDS = ["stored", "deflated", "w", "w:gz gnu", "w:gz pax", "w:bz2", "w:xz", "w ustar"]


@pytest.mark.parametrize("kind", KINDS)
def test_all_kinds_give_the_same_bytes_in_any_order(tmp_path, kind):
    path = make(tmp_path / "a", kind)
    found = list(members(path))
    assert [m.name for m in found] == list(FILES)
    for member in random.Random(1).sample([*found, *found], 8):
        assert member.read_bytes() == FILES[member.name]


def test_an_archive_in_pieces_is_read_as_one(tmp_path):
    data = make(tmp_path / "whole", "deflated").read_bytes()
    third = len(data) // 3
    for number, start in enumerate((0, third, 2 * third), 1):
        (tmp_path / f"x.zip.{number:03d}").write_bytes(data[start : start + third if number < 3 else None])
    roots = tuple(tmp_path / f"x.zip.{n:03d}" for n in (1, 2, 3))
    assert {s: p.read_bytes() for s, p in photos_by_stem(roots).items()} == {
        "a": FILES["set/a.jpg"],
        "b": b"b" * 700,
        "é店": b"",
    }


def test_a_zip_behind_other_data_and_a_large_directory(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.jpg", "w", force_zip64=True) as file:
        file.write(b"123")
    assert [m.read_bytes() for m in members(path)] == [b"123"]


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def link_in_zip(path):
    info = zipfile.ZipInfo("out.jpg")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


@pytest.mark.parametrize("kind", ["w:gz", "deflated"])
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["good.jpg", "../../out.jpg"], r"holds '../../out.jpg', a path outside"),
        (["/etc/cron.d/x.jpg"], r"holds '/etc/cron.d/x.jpg', a path outside"),
        (["a\\..\\..\\x.jpg"], r"holds '.*x.jpg', a path outside"),
        (["C:/x.jpg"], r"holds 'C:/x.jpg', a path outside"),
        (["a.jpg", "b/a.jpg", "./a.jpg"], r"holds 'a.jpg' twice"),
        (["set/A.jpg", "set/a.JPG"], r"holds 'set/a.JPG' and 'set/A.jpg', which differ in case"),
        (["cafe\u0301.jpg", "caf\u00e9.jpg"], r"holds 'caf.+.jpg' and"),
    ],
)
def test_hostile_names_are_refused_by_name(tmp_path, kind, names, message):
    path = tmp_path / "a"
    if kind == "deflated":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(UserError, match=message):
        list(members(path))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (special("l.jpg", tarfile.SYMTYPE, "/etc/passwd"), "'l.jpg', a link or device"),
        (special("h.jpg", tarfile.LNKTYPE, "../x"), "'h.jpg', a link or device"),
        (special("d.jpg", tarfile.CHRTYPE), "'d.jpg', a link or device"),
        (special("f.jpg", tarfile.FIFOTYPE), "'f.jpg', a link or device"),
    ],
)
def test_links_and_devices_are_refused_by_name(tmp_path, entry, message):
    with pytest.raises(UserError, match=message):
        list(members(make(tmp_path / "a", "w:gz", {entry: b""})))


def test_a_link_in_a_zip_is_refused_by_name(tmp_path):
    with pytest.raises(UserError, match=r"'out.jpg', a link or device"):
        list(members(link_in_zip(tmp_path / "a")))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_FILE", 1 << 20)
    path = make(tmp_path / "a", "deflated", {"bomb.jpg": bytes(2 << 20)})
    assert path.stat().st_size < 10_000
    with pytest.raises(UserError, match=r"'bomb.jpg' of 2 MiB"):
        list(members(path))


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path):
    data = make(tmp_path / "a", "deflated", {"bomb.jpg": bytes(64 << 20)}).read_bytes()
    (tmp_path / "a").write_bytes(data.replace(struct.pack("<L", 64 << 20), struct.pack("<L", 100)))
    (member,) = members(tmp_path / "a")
    with pytest.raises(OSError, match=r"bomb.jpg: damaged: not the 100 bytes"):
        member.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_archive_is_an_error_that_names_it(tmp_path, kind):
    path = make(tmp_path / "a.bin", kind)
    path.write_bytes(path.read_bytes()[: -len(path.read_bytes()) // 2])
    with pytest.raises(UserError, match=r"a.bin(/| is truncated|:)"):
        list(members(path))


def test_changed_bytes_are_noticed(tmp_path):
    path = make(tmp_path / "a.zip", "stored", {"a.jpg": b"picture" * 50})
    (member,) = members(path)
    path.write_bytes(path.read_bytes().replace(b"picturepic", b"picturePIC"))
    with pytest.raises(OSError, match=r"a.jpg: damaged: its check sum is wrong"):
        member.read_bytes()
    with pytest.raises(OSError, match=r"damaged"):
        Member(path, "other.jpg", member.offset, member.size, member.packed).read_bytes()


def test_encrypted_and_unknown_compression_name_the_entry(tmp_path):
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.jpg", b"x" * 100)
    with pytest.raises(UserError, match=r"lzma.zip: 'a.jpg' is compressed by method 14"):
        list(members(tmp_path / "lzma.zip"))
    make(tmp_path / "a.zip", "stored", {"a.jpg": b"x"})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UserError, match=r"'a.jpg' is encrypted"):
        list(members(tmp_path / "a.zip"))


def test_a_wrong_check_sum_of_a_tar_header_is_damage(tmp_path):
    path = make(tmp_path / "a.tar", "w", {"a.jpg": b"x"})
    data = bytearray(path.read_bytes())
    data[512] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="check sum"):
        list(members(path))


def test_what_is_no_archive(tmp_path):
    for name, data in (("empty", b""), ("text", b"hello"), ("gz", zlib.compress(b"x"))):
        (tmp_path / name).write_bytes(data)
        assert not is_archive(tmp_path / name)
        with pytest.raises(UserError, match=f"{name} is (empty|neither)"):
            list(members(tmp_path / name))
    assert split_inside(tmp_path / "text" / "x") is None


def test_photos_are_found_by_the_end_of_their_path(tmp_path):
    path = make(tmp_path / "a.zip", "stored", {"top/train/1.jpg": b"1", "top/test/1.jpg": b"2", "top/test/2.jpg": b"3"})
    photos = PhotosByPath([path])
    assert photos.find("train/1.jpg").read_bytes() == b"1"
    assert photos.find(r"D:\somebody\top\test\1.jpg").read_bytes() == b"2"
    assert photos.find("test/3.jpg") is None and photos.find("../1.jpg") is None
    assert {m.read_bytes() for m in photos_by_stem((path / "top" / "test",)).values()} == {b"2", b"3"}
    with pytest.raises(UserError, match="have the same name"):
        photos_by_stem((path,))


def test_photos_of_a_compressed_tar_come_as_they_lie(tmp_path):
    path = make(tmp_path / "a.tar.gz", "w:gz", {"gt_10.jpg": b"", "gt_2.jpg": b"", "gt_9.jpg": b""})
    photos = photos_by_stem((path,))
    assert in_order(["gt_2", "gt_9", "gt_10", "gt_1"], photos) == ["gt_1", "gt_10", "gt_2", "gt_9"]


def test_labels_inside_an_archive(tmp_path):
    path = make(tmp_path / "a.tar.gz", "w:gz")
    assert [text for _, text in label_lines(path / "set" / "gt.txt")] == ["a", "ö"]
    with pytest.raises(UserError, match=r"holds no file 'set/none.txt'"):
        list(label_lines(path / "set" / "none.txt"))


@pytest.mark.parametrize("kind", ["deflated", "w", "w:gz pax"])
def test_threads_do_not_take_each_others_bytes(tmp_path, kind):
    files = {f"{i}.jpg": random.Random(i).randbytes(30_000) for i in range(40)}
    found = list(members(make(tmp_path / "a", kind, files)))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(Member.read_bytes, found * 3)) == [files[m.name] for m in found * 3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_reads_with_files_of_its_own(tmp_path):
    first, second = members(make(tmp_path / "a", "w", {"a.jpg": b"a" * 70_000, "b.jpg": b"b" * 70_000}))
    reading = first.chunks()
    start = next(reading)
    child = os.fork()
    if not child:
        os._exit(0 if second.read_bytes() == b"b" * 70_000 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert start + b"".join(reading) == b"a" * 70_000


@pytest.mark.parametrize("kind", ["stored", "w", "w:gz pax"])
def test_a_disk_that_fails_is_not_taken_for_damage_and_another_attempt_reads(tmp_path, kind, monkeypatch):
    first, second = members(make(tmp_path / "a", kind, {"a.jpg": b"a" * 3000, "b.jpg": b"b" * 3000}))
    assert first.read_bytes() == b"a" * 3000

    def fails(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(module.tars, "chunks", fails)
        patch.setattr(module.zips, "chunks", fails)
        with pytest.raises(OSError, match="Input/output error") as error:
            second.read_bytes()
        assert error.value.errno == errno.EIO
    assert second.read_bytes() == b"b" * 3000
