"""Datasets brought from a folder, a mirror and their own addresses; checked, recorded, continued."""

import hashlib
import io
import json
import tarfile
import zipfile

import pytest

from ocrdata.datasets.dataset import count_labels, find_labels, open_dataset
from ocrdata.datasets.download import Patience
from ocrdata.datasets.fetch import fetch
from ocrdata.errors import Trouble, UserError

PATIENCE = Patience(attempts=2, wait=0.001, timeout=5)
BOX = "0,0,10,0,10,5,0,5"
PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", ".")), data)
    return buffer.getvalue()


def tarred(folder, **files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name.replace('__', '.')}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


GT = zipped(gt_img_1__txt=f"{BOX},one\n{BOX},###", gt_img_2__txt=f"{BOX},two")
PHOTOS = tarred("photos", img_1__jpg=b"1" * 40_000, img_2__jpg=b"2" * 40_000)
EXTRA = zipped(img_3__jpg=b"3")


@pytest.fixture
def entry(tmp_path):
    """Writes a dataset's YAML; keyword arguments of each file override its keys."""

    def entry(gt=None, photos=None, extra=None, **more):
        files = [
            {"name": "gt.zip", "extract": "labels", **(gt or {})},
            {"name": "photos.tar.gz", "extract": "photos", **(photos or {})},
            {"name": "extra.zip", "extract": "extra", "optional": True, **(extra or {})},
        ]
        split = {"format": "icdar2015", "labels": "labels", "images": ["photos", "extra"]}
        data = {
            "name": "mini",
            "title": "Mini",
            "homepage": "https://example.org",
            "licence": "CC0",
            "files": files,
            "splits": {"train": split},
            **more,
        }
        path = tmp_path / "mini.yml"
        path.write_text(json.dumps(data), encoding="utf-8")  # JSON is YAML
        return str(path)

    return entry


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "gt.zip").write_bytes(GT)
    (folder / "photos.tar.gz").write_bytes(PHOTOS)
    return folder


def serve(web, **options):
    for name, body in (("gt.zip", GT), ("photos.tar.gz", PHOTOS)):
        web.add(name, body, **options)
    return web.url


def bring(entry, out, source=None, trust=False):
    gained = []
    dataset = fetch(entry, out, None if source is None else str(source), trust, gained.append, PATIENCE)
    return dataset, sum(gained)


def snapshot(folder):
    return {p.relative_to(folder).as_posix(): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def check_photos(out):
    counts = count_labels(open_dataset(out))
    assert (counts.photos, counts.regions, counts.legible, counts.refusals) == (2, 3, 2, {})


def test_from_a_folder_of_archives(entry, mirror, tmp_path):
    dataset, gained = bring(entry(), tmp_path / "out", mirror)
    check_photos(tmp_path / "out")
    assert gained == len(GT) + len(PHOTOS)
    assert dataset["absent"] == ["extra.zip"] and dataset["licence"] == "CC0"
    assert dataset["files"]["gt.zip"]["sha256"] == hashlib.sha256(GT).hexdigest()
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "dataset.json",
        "files.lock.json",
        "labels",
        "photos",
    ]


def test_from_a_folder_that_is_unpacked_already(entry, mirror, tmp_path):
    bring(entry(), tmp_path / "one", mirror)
    dataset, _ = bring(entry(gt={"md5": "0" * 32}), tmp_path / "two", tmp_path / "one")
    check_photos(tmp_path / "two")
    assert {f["checked"] for f in dataset["files"].values()} == {"folder"}


def test_a_second_run_does_nothing_and_a_later_one_brings_what_was_absent(entry, mirror, web, tmp_path):
    out = tmp_path / "out"
    bring(entry(), out, mirror)
    before = snapshot(out)
    assert bring(entry(), out, mirror)[1] == 0
    after = snapshot(out)
    assert after.keys() == before.keys() and all(after[k] == before[k] for k in before if k != "dataset.json")
    (mirror / "extra.zip").write_bytes(EXTRA)
    dataset, gained = bring(entry(), out, mirror)
    assert gained == len(EXTRA) and dataset["absent"] == []
    assert count_labels(open_dataset(out)).refusals == {"missing_labels": 1}


def test_from_a_mirror_that_cuts_connections(entry, web, tmp_path):
    url = serve(web, cut_after=100)
    dataset, gained = bring(entry(), tmp_path / "out", f"{url}/")
    check_photos(tmp_path / "out")
    assert gained == len(GT) + len(PHOTOS) and dataset["absent"] == ["extra.zip"]
    assert [p.name for p in (tmp_path / "out" / "downloads").iterdir() if "part" in p.name] == []


def test_official_addresses_then_mirrors_and_everything_is_wanted(entry, web, tmp_path):
    serve(web)
    web.add("extra.zip", EXTRA)
    files = {k: {"urls": [f"{web.url}/gone/{n}"], "mirrors": [f"{web.url}/{n}"]} for k, n in NAMES.items()}
    assert bring(entry(**files), tmp_path / "out")[0]["absent"] == []
    files["extra"] = {"urls": [f"{web.url}/gone/extra.zip"]}
    with pytest.raises(Trouble, match=r"extra.zip could not be fetched:\n  http.*/gone/extra.zip: HTTP 404"):
        bring(entry(**files), tmp_path / "two")


NAMES = {"gt": "gt.zip", "photos": "photos.tar.gz", "extra": "extra.zip"}


def test_a_published_hash_that_differs_is_refused_unless_trusted(entry, mirror, web, tmp_path):
    url = serve(web)
    name = entry(gt={"md5": "0" * 32})
    real = hashlib.md5(GT).hexdigest()
    for source, error in ((mirror, UserError), (url, Trouble)):
        out = tmp_path / error.__name__
        with pytest.raises(error, match=f"(?s)gt.zip: md5 is {real}, published is {'0' * 32}.*--trust"):
            bring(name, out, source)
        assert not (out / "labels").exists() and not (out / "dataset.json").exists()
        dataset, _ = bring(name, out, source, trust=True)
        assert dataset["files"]["gt.zip"]["checked"] == "trusted" and dataset["files"]["gt.zip"]["md5"] == real
        bring(name, out, source)  # what was trusted once stays trusted


def test_a_published_hash_and_size_that_agree_are_noted(entry, mirror, tmp_path):
    gt = {"md5": hashlib.md5(GT).hexdigest(), "sha256": hashlib.sha256(GT).hexdigest(), "size": len(GT)}
    dataset, _ = bring(entry(gt=gt), tmp_path / "out", mirror)
    assert [f["checked"] for f in dataset["files"].values()] == ["published", "recorded"]
    with pytest.raises(UserError, match=f"size is {len(GT)}, published is 5"):
        bring(entry(gt={**gt, "size": 5}), tmp_path / "two", mirror)


def test_a_hash_recorded_at_the_first_fetch_is_checked_from_then_on(entry, mirror, tmp_path):
    out = tmp_path / "out"
    bring(entry(), out, mirror)
    for path in (out / "labels").iterdir():
        path.unlink()
    (out / "labels").rmdir()
    (mirror / "gt.zip").write_bytes(zipped(gt_img_1__txt=b""))
    with pytest.raises(UserError, match=r"gt.zip: sha256 is \w+, recorded at the first fetch was"):
        bring(entry(), out, mirror)
    assert bring(entry(), out, mirror, trust=True)[0]["files"]["gt.zip"]["checked"] == "trusted"
    assert bring(entry(), out, mirror)[1] == 0


def test_a_web_page_instead_of_an_archive_is_named_with_what_to_do(entry, web, tmp_path):
    serve(web)
    web.add("gt.zip", PAGE, kind="text/html")
    login = entry(login="Register at example.org.")
    with pytest.raises(Trouble) as error:
        bring(login, tmp_path / "out", web.url, trust=True)
    message = str(error.value)
    assert "gt.zip: a web page came instead of the file" in message and "Register at example.org." in message
    assert f"Place gt.zip, photos.tar.gz, extra.zip in {tmp_path / 'out' / 'downloads'}" in message


def test_files_placed_by_hand_are_used(entry, mirror, tmp_path):
    out = tmp_path / "out"
    (out / "downloads").mkdir(parents=True)
    for path in list(mirror.iterdir()):
        path.rename(out / "downloads" / path.name)
    dataset, _ = bring(entry(), out, mirror)
    assert dataset["files"].keys() >= {"photos.tar.gz", "gt.zip"}
    check_photos(out)


def test_a_truncated_archive_from_a_server_is_not_kept(entry, web, tmp_path):
    serve(web)
    web.add("photos.tar.gz", PHOTOS[: len(PHOTOS) // 2])
    with pytest.raises(Trouble, match=r"photos.tar.gz: .*truncated or damaged"):
        bring(entry(), tmp_path / "out", web.url)
    web.add("photos.tar.gz", PHOTOS)
    bring(entry(), tmp_path / "out", web.url)
    check_photos(tmp_path / "out")


@pytest.mark.parametrize(("data", "message"), [(b"", "the file is empty"), (GT[:50], "truncated or damaged")])
def test_a_bad_archive_in_a_folder_is_named(entry, mirror, tmp_path, data, message):
    (mirror / "gt.zip").write_bytes(data)
    with pytest.raises(UserError, match=f"gt.zip.*{message}"):
        bring(entry(), tmp_path / "out", mirror)
    assert not (tmp_path / "out" / "labels").exists()


def test_a_mixed_part_file_is_found_by_its_hash_and_fetched_anew(entry, web, tmp_path):
    """A server that keeps its tag although the file changed can only be caught by the hash."""
    photos = {"sha256": hashlib.sha256(PHOTOS).hexdigest()}
    serve(web)
    served = web.add("photos.tar.gz", b"x" * len(PHOTOS), cut_after=100, errors=[0, 404])
    with pytest.raises(Trouble):
        bring(entry(photos=photos), tmp_path / "out", web.url)
    served.body, served.cut_after = PHOTOS, None
    bring(entry(photos=photos), tmp_path / "out", web.url)
    check_photos(tmp_path / "out")
    assert [r for r, _ in served.requests][-2:] == ["bytes=100-", None]


def test_missing_files_and_wrong_folders_are_named(entry, mirror, tmp_path):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        bring(entry(), tmp_path / "out", tmp_path / "nowhere")
    (mirror / "gt.zip").unlink()
    with pytest.raises(UserError, match=r"mirror: no file 'gt.zip' and no folder 'labels'; .*Place gt.zip"):
        bring(entry(), tmp_path / "out", mirror)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").touch()
    with pytest.raises(UserError, match="not empty and holds no fetched dataset"):
        bring(entry(), tmp_path / "full", mirror)


def test_no_photos_at_all_is_an_error(entry, mirror, tmp_path):
    (mirror / "photos.tar.gz").unlink()
    with pytest.raises(UserError, match="none of the photos of split 'train' are there"):
        bring(entry(photos={"optional": True}), tmp_path / "out", mirror)
    assert not (tmp_path / "out" / "dataset.json").exists()


def test_another_dataset_in_the_folder_is_refused(entry, mirror, tmp_path):
    bring(entry(), tmp_path / "out", mirror)
    with pytest.raises(UserError, match="holds the dataset 'mini'"):
        bring("lsvt", tmp_path / "out", mirror)


def test_opening_a_fetched_folder(entry, mirror, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"dataset.json is missing"):
        open_dataset(out)
    bring(entry(), out, mirror)
    photo = next(iter(open_dataset(out, "train")))
    assert (photo.source, photo.licence) == ("mini/train", "CC0")
    assert find_labels(out)[0] == "icdar2015"
    with pytest.raises(UserError, match="has no split 'test': train"):
        open_dataset(out, "test")


def test_one_split_alone_needs_only_its_own_files_and_another_is_added_later(tmp_path):
    def photos(part):
        (tmp_path / "m" / f"{part}_images").mkdir(parents=True)
        (tmp_path / "m" / f"{part}_images" / "img_1.jpg").write_bytes(b"x")
        (tmp_path / "m" / f"{part}_gt").mkdir()
        (tmp_path / "m" / f"{part}_gt" / "gt_img_1.txt").write_bytes(b"x")

    def fetched(*splits):
        return set(fetch(str(tmp_path / "two.yml"), tmp_path / "out", str(tmp_path / "m"), splits=splits)["splits"])

    parts = [f"{p}_{kind}" for p in ("train", "test") for kind in ("images", "gt")]
    splits = {p: {"format": "icdar2015", "labels": f"{p}_gt", "images": [f"{p}_images"]} for p in ("train", "test")}
    entry = {"name": "two", "title": "Two", "homepage": "https://two.example/", "licence": "CC0", "splits": splits}
    entry["files"] = [{"name": f"{name}.zip", "extract": name} for name in parts]
    (tmp_path / "two.yml").write_text(json.dumps(entry), encoding="utf-8")
    photos("train")
    with pytest.raises(UserError, match=r"test_images\.zip"):
        fetched()
    with pytest.raises(UserError, match="no split 'val'; there are: train, test"):
        fetched("val")
    assert fetched("train") == {"train"}
    photos("test")
    assert fetched("test") == {"train", "test"}
