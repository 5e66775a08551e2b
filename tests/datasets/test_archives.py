"""Archives that try to leave their folder, that are cut, or that never end."""

import io
import stat
import tarfile
import zipfile

import pytest

from ocrdata.datasets import archives
from ocrdata.datasets.archives import extract
from ocrdata.errors import UserError


def make_zip(path, *files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            with pytest.warns(UserWarning) if isinstance(name, str) and name in archive.namelist() else _nothing():
                archive.writestr(name, data)
    return path


class _nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def make_tar(path, *files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, data in files:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


FILES = (("a.txt", b"a" * 1000), ("sub/b.txt", b"b" * 700))


@pytest.mark.parametrize("kind", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
def test_all_kinds_give_the_same_files(tmp_path, kind):
    path = tmp_path / "a"
    make_zip(path, *FILES) if kind == "zip" else make_tar(path, *FILES, mode=kind)
    extract(path, tmp_path / "out")
    assert contents(tmp_path / "out") == dict(FILES)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "out"]


def test_a_single_top_folder_becomes_the_folder_and_litter_is_left_out(tmp_path):
    files = [("set/a.txt", b"a"), ("__MACOSX/set/._a.txt", b"x"), ("set/.DS_Store", b"x"), ("set/._b", b"x")]
    extract(make_zip(tmp_path / "a.zip", *files), tmp_path / "out")
    assert contents(tmp_path / "out") == {"a.txt": b"a"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../evil", "a path outside"),
        ("a/../../evil", "a path outside"),
        ("/etc/evil", "a path outside"),
        ("..\\evil", "a path outside"),
        ("C:\\evil", "a path outside"),
    ],
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_paths_outside_are_refused(tmp_path, make, name, message):
    path = make(tmp_path / "a", ("good", b"1"), (name, b"2"))
    with pytest.raises(UserError, match=message):
        extract(path, tmp_path / "deep" / "out")
    assert contents(tmp_path).keys() == {"a"}


@pytest.mark.parametrize(
    "member",
    [
        special("l", tarfile.SYMTYPE, "/etc/passwd"),
        special("l", tarfile.LNKTYPE, "../x"),
        special("d", tarfile.CHRTYPE),
        special("p", tarfile.FIFOTYPE),
    ],
)
def test_links_and_devices_are_refused(tmp_path, member):
    path = make_tar(tmp_path / "a", ("good", b"1"), (member, b""))
    with pytest.raises(UserError, match="a link or device"):
        extract(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(UserError, match="a link or device"):
        extract(make_zip(tmp_path / "a", (info, b"/etc/passwd")), tmp_path / "out")


@pytest.mark.parametrize(
    ("one", "two"), [("a", "a"), ("Img_1.jpg", "img_1.JPG"), ("A/x", "a/y"), ("é", "e\u0301"), ("a", "a/b")]
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_names_that_some_systems_cannot_tell_apart_are_refused(tmp_path, make, one, two):
    with pytest.raises(UserError, match="not unpacked"):
        extract(make(tmp_path / "x", (one, b"1"), (two, b"2")), tmp_path / "out")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = make_zip(tmp_path / "a", ("secret", b"1"))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="encrypted"):
        extract(path, tmp_path / "out")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_bomb_is_stopped(tmp_path, monkeypatch, make):
    monkeypatch.setattr(archives, "SMALLEST_LIMIT", 1 << 20)
    path = make(tmp_path / "a", ("zeros", bytes(8 << 20)))
    with pytest.raises(UserError, match="unpacks to more than"):
        extract(path, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_cut_archive_is_named_and_leaves_nothing(tmp_path, kind, part):
    import random

    files = [(f"{n}.bin", random.Random(n).randbytes(20_000)) for n in range(5)]
    path = tmp_path / "a"
    make_zip(path, *files) if kind == "zip" else make_tar(path, *files, mode=kind)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(UserError, match="a is truncated or damaged"):
        extract(path, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_tar_cut_between_two_files_is_noticed(tmp_path):
    path = make_tar(tmp_path / "a", ("one", b"1" * 512), ("two", b"2" * 512), mode="w")
    path.write_bytes(path.read_bytes()[:1024])
    with pytest.raises(UserError, match="truncated or damaged"):
        extract(path, tmp_path / "out")


def test_damage_inside_is_noticed(tmp_path):
    path = make_zip(tmp_path / "a", ("a", bytes(range(256)) * 40))
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    with pytest.raises(UserError, match="truncated or damaged"):
        extract(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"just text, no archive", "neither a zip nor a tar"),
    ],
)
def test_what_is_no_archive_is_named(tmp_path, data, message):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(UserError, match=message):
        extract(tmp_path / "a", tmp_path / "out")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_an_archive_without_files_is_named(tmp_path, make):
    with pytest.raises(UserError, match="without files"):
        extract(make(tmp_path / "a"), tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "message"),
    [(".", "a file without a name"), ("x" * 300 + ".jpg", "xxx.jpg', which cannot be written here")],
)
def test_names_that_no_file_can_have_are_refused(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        extract(make_zip(tmp_path / "a.zip", ("good.jpg", b"x"), (name, b"x")), tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]
