"""Crops: every box of the ground truth is a sample or a counted refusal; split by photo; the same bytes always."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from ocrdata.datasets.images import decode
from ocrdata.datasets.records import Photo, Refusal, Region
from ocrdata.errors import UserError
from ocrdata.prep.crop import CropConfig, crop_photos, crop_totals
from ocrdata.prep.store import Pack


def crop(photos, out, **config):
    return crop_photos(photos, out, CropConfig(**config), workers=1)["all"]


def test_every_box_is_accounted_for(tmp_path, make_photos):
    manifest = crop([*make_photos(3), Refusal("missing_photo", "photo_9")], tmp_path / "pack")
    totals = crop_totals([manifest])
    assert (totals.photos, totals.boxes, totals.cropped) == (3, 15, 9)
    assert totals.ignored == {"###": 3}
    assert totals.refused == {"self_crossing": 3, "missing_photo": 1}
    assert totals.notes == {"vertical_rotated": 3, "curved": 3}
    assert manifest["ledger"] == [{"kind": "dataset", "name": "made here", "licence": "CC0"}]


def test_samples_name_photo_and_region(tmp_path, make_photos):
    crop(make_photos(2), tmp_path / "pack")
    found = {s.origin: (s.label, decode(s.image).shape) for s in Pack(tmp_path / "pack")}
    assert found["photo_1#0"] == ("line 1", (20, 60, 3))
    assert found["photo_1#1"] == ("直排", (20, 90, 3))
    assert list(found) == ["photo_0#0", "photo_0#1", "photo_0#4", "photo_1#0", "photo_1#1", "photo_1#4"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "missing_file"), (b"", "empty_file"), (b"<html>", "undecodable_image"), ("cut", "truncated_image")],
)
def test_an_unreadable_photo_is_counted_with_its_boxes(tmp_path, make_photos, content, reason):
    photos = make_photos(2)
    path = photos[0].path
    whole = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(whole[: len(whole) // 2] if content == "cut" else content)
    totals = crop_totals([crop(photos, tmp_path / "pack")])
    assert totals.unreadable_photos == {reason: 1}
    assert totals.ignored == {"###": 2} and totals.refused == {"unreadable_photo": 4, "self_crossing": 1}
    assert totals.boxes == totals.cropped + 2 + 5


def test_exif_orientation_is_applied(tmp_path):
    upright = np.full((40, 100, 3), 255, np.uint8)
    upright[:, :30] = (0, 0, 255)
    stored = cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE)  # orientation 6: turn clockwise to see it upright
    jpeg = cv2.imencode(".jpg", stored)[1].tobytes()
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    exif = b"Exif\x00\x00" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
    polygon = np.array([(0, 0), (60, 0), (60, 40), (0, 40)], np.float32)
    crop([Photo(path, "turned", (Region(polygon, "ab"),), "test")], tmp_path / "pack")
    image = decode(Pack(tmp_path / "pack")[0].image).astype(int)
    assert image.shape == (40, 60, 3)
    assert np.abs(image[5:-5, 5:20] - (0, 0, 255)).max() < 12 and image[5:-5, 40:].min() > 243


def test_the_whole_picture_may_be_the_region(tmp_path, make_photos):
    photo = dataclasses.replace(make_photos(1)[0], regions=(Region(None, "all of it"),))
    crop([photo], tmp_path / "pack")
    assert decode(Pack(tmp_path / "pack")[0].image).shape == (150, 200, 3)


def test_options_have_an_effect(tmp_path, make_photos):
    photos = make_photos(1)

    def made(name, **config):
        manifest = crop(photos, tmp_path / name, **config)
        return manifest, {s.label: decode(s.image).shape[:2] for s in Pack(tmp_path / name)}

    plain, sizes = made("plain")
    assert sizes["直排"] == (20, 90) and sizes["line 0"] == (20, 60)
    assert made("keep", vertical="keep")[1]["直排"] == (90, 20)
    assert made("skip", vertical="skip")[0]["refusals"]["vertical"] == 1
    assert made("padding", padding=0.1)[1]["line 0"] == (24, 64)
    assert made("side", min_side=25)[0]["refusals"]["too_small"] == 2
    assert made("length", max_length=4)[0]["refusals"]["too_long"] == 2
    assert made("quality", quality=30)[0]["image_bytes"] < plain["image_bytes"]


@pytest.mark.parametrize("config", [{"vertical": "flip"}, {"quality": 0}, {"padding": -1}, {"paddng": 0.1}])
def test_wrong_options_are_refused(config):
    with pytest.raises(ValidationError):
        CropConfig(**config)


@pytest.mark.parametrize(("text", "reason"), [(" ", "empty_label"), ("\ud800", "label_not_unicode")])
def test_unfit_labels_are_refused(tmp_path, make_photos, text, reason):
    photo = make_photos(1)[0]
    photo = dataclasses.replace(photo, regions=(dataclasses.replace(photo.regions[0], text=text),))
    assert crop([photo], tmp_path / "pack")["refusals"] == {reason: 1}


def test_any_number_of_processes_gives_the_same_bytes(tmp_path, make_photos, monkeypatch):
    monkeypatch.setattr("ocrdata.prep.crop.SHARD_BOXES", 10)
    photos = make_photos(5)
    one = crop_photos(photos, tmp_path / "one", workers=1)["all"]
    two = crop_photos(iter(photos), tmp_path / "two", workers=2)["all"]
    assert one["digest"] == two["digest"] and len(two["shards"]) == 3
    for shard in two["shards"]:
        files = [(tmp_path / run / shard / "data.mdb").read_bytes() for run in ("one", "two")]
        assert files[0] == files[1]


def parts(out):
    return {name: {s.origin.split("#")[0] for s in Pack(out / name)} for name in ("train", "val")}


def test_split_is_by_photo_and_stable(tmp_path, make_photos):
    photos = make_photos(24)
    totals = crop_totals(crop_photos(photos[:16], tmp_path / "few", val=0.3, seed=1, workers=1).values())
    crop_photos(photos, tmp_path / "more", val=0.3, seed=1, workers=1)
    few, more = parts(tmp_path / "few"), parts(tmp_path / "more")
    assert totals.boxes == 16 * 5 and len(few["train"]) + len(few["val"]) == 16
    assert few["val"] and not few["train"] & few["val"]
    assert few["train"] <= more["train"] and few["val"] <= more["val"]
    crop_photos(photos[:16], tmp_path / "other", val=0.3, seed=2, workers=1)
    assert parts(tmp_path / "other") != few


def test_refusals_of_the_reader_are_counted_once_when_split(tmp_path, make_photos):
    manifests = crop_photos([*make_photos(9), Refusal("missing_photo", "x")], tmp_path / "o", val=0.4, workers=1)
    assert [m["refusals"].get("missing_photo", 0) for m in manifests.values()] == [1, 0]


def test_a_replaced_photo_is_another_job(tmp_path, make_photos):
    photos = make_photos(2)
    crop(photos, tmp_path / "pack")
    assert crop(photos, tmp_path / "pack")["count"] == 6
    photos[0].path.write_bytes(photos[1].path.read_bytes() + b"\0")
    with pytest.raises(UserError, match=r"config\.input\.digest"):
        crop(photos, tmp_path / "pack")


def test_user_errors(tmp_path, make_photos):
    photos = make_photos(1)
    with pytest.raises(UserError, match="no photo"):
        crop([], tmp_path / "empty")
    assert not (tmp_path / "empty").exists()
    with pytest.raises(UserError, match="0 to below 1"):
        crop_photos(photos, tmp_path / "a", val=1.0)
    crop(photos, tmp_path / "whole")
    with pytest.raises(UserError, match="was not split"):
        crop_photos(photos, tmp_path / "whole", val=0.5)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    with pytest.raises(UserError, match="not empty"):
        crop(photos, tmp_path / "full")
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["thesis.doc"]


def test_the_manifest_is_plain_json(tmp_path, make_photos):
    manifest = crop(make_photos(1), tmp_path / "pack")
    assert json.loads((tmp_path / "pack" / "manifest.json").read_text(encoding="utf-8")) == manifest
    assert sorted(p.name for p in (tmp_path / "pack").iterdir()) == [
        "job.json",
        "manifest.json",
        "shard-00000",
        "shard-00000.json",
    ]


def test_the_first_refused_regions_of_a_reason_are_shown_with_their_picture(tmp_path, make_photos):
    examples = crop(make_photos(8), tmp_path / "pack")["examples"]
    shown = [e for e in examples if e["reason"] == "ignored_###"]
    assert len(shown) == 5 and all(decode(bytes.fromhex(e["thumb"])).shape[0] > 1 for e in shown)
    outside = Region(np.array([(900, 900), (990, 900), (990, 930), (900, 930)], np.float32), "far away")
    photo = dataclasses.replace(make_photos(1)[0], regions=(outside,))
    (refused,) = crop([photo], tmp_path / "other")["examples"]
    assert refused["reason"] == "outside_photo" and refused["thumb"] == ""
