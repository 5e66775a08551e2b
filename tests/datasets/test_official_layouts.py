"""Every dataset of the catalogue, from a miniature of its official files to photos with texts."""

from collections import Counter

import official
import pytest

from ocrdata.datasets.catalogue.entry import find_entry, names
from ocrdata.datasets.dataset import dataset_labels, open_dataset
from ocrdata.datasets.fetch import fetch
from ocrdata.datasets.members import close_archives
from ocrdata.datasets.readers import WORDS
from ocrdata.datasets.records import Photo
from ocrdata.prep.crop import crop_photos
from ocrdata.prep.pack import plan_pack
from ocrdata.prep.store import Pack

# By dataset and split: photo, then text or (text, why it is ignored); `!` and a reason for what is refused.
EXPECTED = {
    ("icdar2013", "train"): {"100": ["Tiredness", 'a, "b"']},
    ("icdar2013", "test"): {"img_1": ["kills, 1,000"]},
    ("icdar2013_words", "train"): {"word_1.png": ["PROPER"]},
    ("icdar2013_words", "test"): {"word_1.png": ['(412")'], "word_2.png": ["a, b"]},
    ("icdar2013_words", "test_1015"): {"textrecog_imgs/test/word_2.png": ["ab"]},
    ("icdar2013_words", "test_857"): {"textrecog_imgs/test/word_2.png": ["ab"]},
    ("icdar2015", "train"): {"img_1": ["Genaxis, Theatre", ("###", "###"), "100,000"]},
    ("icdar2015", "test"): {"img_1": ["one"]},
    ("icdar2015_words", "train"): {"word_1.png": ["x"]},
    ("icdar2015_words", "test"): {"word_136.png": ['(412")']},
    ("mlt2017", "train"): {f"img_{i}": ["文字,有,逗号"] for i in range(1, 9)},
    ("mlt2017", "val"): {"img_1": [("###", "###"), "et"]},
    ("mlt2019", "train"): {"tr_img_00001": ["النص"], "tr_img_05001": ["한글"]},
    ("lsvt", "train"): {
        "gt_0": ["银行", ("###", "###"), ("###", "###"), ("看", "illegible"), ("中#", "partly_unreadable")],
        "gt_1": ["弯的字", "*0#"],
        "!crossing_polygon": 1,
    },
    ("lsvt_weak", "train"): {f"gt_{i}": [(f"店{i}", "weak")] for i in range(10)},
    ("art", "train"): {"gt_0": ["LocaL#3", ("DA#", "partly_unreadable"), "弧"]},
    ("art_words", "train"): {"res_0": ["URDER"], "res_1": [("###", "###")]},
    ("rctw", "train"): {"image_0": ['他说,""好""'], "image_1": [("难", "difficult"), ("###", "###")]},
    ("rects", "train"): {"train_ReCTS_000001": ["HOKI", ("火", "difficult")]},
    ("mtwi", "train"): {
        "T1.Qb_XdFXXXXXXXXX_!!0-item_pic.jpg": ["买&卖,好", ("###", "###")],
        "gif": ["一"],
    },
    ("coco_text", "train"): {"COCO_train2014_000000000009.jpg": ["M&S", ("", "illegible")]},
    ("coco_text", "val"): {"COCO_train2014_000000000025.jpg": ["val"]},
    ("textocr", "train"): {"train/a1.jpg": ["Round", (".", "illegible")]},
    ("textocr", "val"): {"train/b2.jpg": ["Round", (".", "illegible")]},
    ("totaltext", "train"): {"img11": ["PAUL", ("#", "#")]},
    ("totaltext", "test"): {"img1": ["IT'S"]},
    ("ctw1500", "train"): {"0001": ["A & B", ("###", "###")]},
    ("ctw1500", "test"): {"1001": ["Latin, 9", ("###", "###")]},
    ("sroie", "train"): {"X51005200938": ["RM 1,000.00", ("****", "masked")]},
    ("sroie", "test"): {"X00016469670": ["TOTAL"]},
    ("mjsynth", "train"): {
        "3000/7/182_slinking_71711.jpg": ["slinking"],
        "3000/7/182_REMODELERS_64541.jpg": ["REMODELERS"],
        "1/2/77_heretical_35885.jpg": ["heretical"],
        "!missing_photo": 1,
    },
    ("mjsynth", "val"): {"3000/7/182_REMODELERS_64541.jpg": ["REMODELERS"]},
    ("mjsynth", "test"): {"3000/7/182_REMODELERS_64541.jpg": ["REMODELERS"]},
    ("mjsynth", "all"): {
        "3000/7/182_slinking_71711.jpg": ["slinking"],
        "3000/7/182_REMODELERS_64541.jpg": ["REMODELERS"],
        "1/2/77_heretical_35885.jpg": ["heretical"],
    },
    ("synthtext", "train"): {
        "8/ballet_106_0.jpg": ["Lines:"],
        "8/ballet_106_1.jpg": ["I", "lost", "Kevin"],
        "!count_mismatch": 1,
    },
    ("iiit5k", "train"): {"train/1009_2.png": ["YOU"]},
    ("iiit5k", "test"): {"test/1002_1.png": ["PRIVATE"], "test/1_2.png": ["1"]},
    ("svt", "train"): {"img/14_03.jpg": ["LIVING", "ROOM"]},
    ("svt", "test"): {"img/00_00.jpg": ["LIVING", "ROOM"]},
    ("svtp", "test"): {"13_15_0_par.jpg": ["WYNDHAM"]},
    ("cute80", "test"): {"textrecog_imgs/test/001.jpg": ["RONALDO"]},
    ("cute80", "test_original"): {"timage/001.jpg": ["RONALDO"], "timage/002.jpg": ["7"]},
    **{
        ("ccpd", s): {official.PLATE: ["皖AY339S"]}
        for s in ("base", "blur", "challenge", "db", "fn", "rotate", "tilt", "weather")
    },
    ("ccpd", "np"): {"1.jpg": []},
}


# What has no picture: on a GIF of one pixel, in an empty file, off the photo.
LOST = {"mtwi": ["一"], "mjsynth": ["heretical"], "synthtext": ["Kevin"]}


@pytest.fixture(autouse=True)
def archives_are_closed():
    yield
    close_archives()


def found(folder, split):
    photos, refused = {}, Counter()
    for item in open_dataset(folder, split):
        if isinstance(item, Photo):
            photos[item.name] = [r.text if r.ignore is None else (r.text, r.ignore) for r in item.regions]
        else:
            refused[f"!{item.reason}"] += 1
    return {**photos, **refused}


@pytest.mark.parametrize("name", names())
def test_official_files_become_photos_with_texts(tmp_path, name):
    source = tmp_path / "official"
    source.mkdir()
    official.DATASETS[name](source)
    fetch(name, tmp_path / "set", str(source), trust=True)
    splits = find_entry(name).splits
    assert {s: found(tmp_path / "set", s) for s in splits} == {s: EXPECTED[name, s] for s in splits}


@pytest.mark.parametrize("name", sorted(names()))
def test_and_the_photos_become_samples(tmp_path, name):
    source = tmp_path / "official"
    source.mkdir()
    official.DATASETS[name](source)
    fetch(name, tmp_path / "set", str(source), trust=True)
    split = next(iter(find_entry(name).splits))
    format, _ = dataset_labels(tmp_path / "set", split)
    if format in WORDS:
        manifest = plan_pack(tmp_path / "set", tmp_path / "pack", split=split).run(workers=1)
    else:
        manifest = crop_photos(open_dataset(tmp_path / "set", split), tmp_path / "pack", workers=1)["all"]
    legible = [t for texts in EXPECTED[name, split].values() if isinstance(texts, list) for t in texts if t == str(t)]
    labels = [s.label for s in Pack(tmp_path / "pack")] if manifest["count"] else []
    assert Counter(legible) - Counter(labels) == Counter(LOST.get(name, ()))
    assert not Counter(labels) - Counter(legible)
