"""Miniatures of public datasets in their official layout: archive names, folders, encodings, and every known trap."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import scipy.io

Files = dict[str, bytes]


def picture(ending: str = ".jpg", width: int = 200, height: int = 100) -> bytes:
    """A picture with edges."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[20:60, 30:150:6] = 0
    return cv2.imencode(ending, image)[1].tobytes()


JPEG, PNG = picture(), picture(".png")
GIF_IN_JPG = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
BOX = "10,10,110,10,110,40,10,40"
QUAD = [[10, 10], [110, 10], [110, 40], [10, 40]]
ARC = [[0, 10], [30, 5], [60, 4], [90, 4], [120, 4], [150, 5], [180, 10]]
CURVED = [*ARC, *([x, y + 20] for x, y in reversed(ARC))]


def write_zip(path: Path, files: Files) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def write_tar(path: Path, files: Files, mode: str = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def mat(**variables) -> bytes:
    stream = io.BytesIO()
    scipy.io.savemat(stream, variables, do_compression=True)
    return stream.getvalue()


def lines(*texts: str, bom: bool = False, end: str = "\n") -> bytes:
    return end.join([*texts, ""]).encode("utf-8-sig" if bom else "utf-8")


def cells(values) -> np.ndarray:
    array = np.empty((1, len(values)), object)
    array[0, :] = values
    return array


def photos(*names: str) -> Files:
    return {name: PNG if name.endswith(".png") else JPEG for name in names}


def icdar2013(at: Path) -> None:
    write_zip(at / "Challenge2_Training_Task12_Images.zip", photos("100.jpg"))
    write_zip(
        at / "Challenge2_Training_Task1_GT.zip",
        {"gt_100.txt": lines('10 10 110 40 "Tiredness"', '10 50 90 80 "a, "b""', end="\r\n")},
    )
    write_zip(at / "Challenge2_Test_Task12_Images.zip", photos("img_1.jpg"))
    write_zip(at / "Challenge2_Test_Task1_GT.zip", {"gt_img_1.txt": lines('10, 10, 110, 40, "kills, 1,000"', bom=True)})


def icdar2013_words(at: Path) -> None:
    write_zip(
        at / "Challenge2_Training_Task3_Images_GT.zip",
        {**photos("word_1.png"), "gt.txt": lines('word_1.png, "PROPER"', bom=True)},
    )
    write_zip(at / "Challenge2_Test_Task3_Images.zip", photos("word_1.png", "word_2.png"))
    (at / "Challenge2_Test_Task3_GT.txt").write_bytes(lines('word_1.png, "(412\\")"', 'word_2.png, "a, b"', end="\r\n"))
    entry = {"img_path": "textrecog_imgs/test/word_2.png", "instances": [{"text": "ab"}]}
    data = {"metainfo": {"dataset_type": "TextRecogDataset", "task_name": "textrecog"}, "data_list": [entry]}
    for subset in ("1015", "857"):
        (at / f"textrecog_test_{subset}.json").write_text(json.dumps(data))


def icdar2015(at: Path) -> None:
    texts = lines(f"{BOX},Genaxis, Theatre", f"{BOX},###", f"{BOX},100,000", bom=True, end="\r\n")
    write_zip(at / "ch4_training_images.zip", photos("img_1.jpg"))
    write_zip(at / "ch4_training_localization_transcription_gt.zip", {"gt_img_1.txt": texts})
    write_zip(at / "ch4_test_images.zip", photos("img_1.jpg"))
    write_zip(at / "Challenge4_Test_Task1_GT.zip", {"gt_img_1.txt": lines(f"{BOX},one")})


def icdar2015_words(at: Path) -> None:
    write_zip(at / "ch4_training_word_images_gt.zip", {**photos("word_1.png"), "gt.txt": lines('word_1.png, "x"')})
    write_zip(at / "ch4_test_word_images_gt.zip", photos("word_136.png"))
    (at / "Challenge4_Test_Task3_GT.txt").write_bytes(lines('word_136.png, "(412\\")"', bom=True))


def mlt2017(at: Path) -> None:
    for i in range(1, 9):
        write_zip(at / f"ch8_training_images_{i}.zip", photos(f"img_{i}.jpg" if i > 1 else "img_1.png"))
    gt = {f"gt_img_{i}.txt": lines(f"{BOX},Chinese,文字,有,逗号") for i in range(1, 9)}
    write_zip(at / "ch8_training_localization_transcription_gt_v2.zip", gt)
    write_zip(at / "ch8_validation_images.zip", photos("img_1.jpg"))
    write_zip(
        at / "ch8_validation_localization_transcription_gt_v2.zip",
        {"gt_img_1.txt": lines(f"{BOX},Arabic,###", f"{BOX},Latin,et", bom=True)},
    )


def mlt2019(at: Path) -> None:
    write_zip(at / "ImagesPart1.zip", photos("ImagesPart1/tr_img_00001.jpg"))
    write_zip(at / "ImagesPart2.zip", photos("ImagesPart2/tr_img_05001.png"))
    gt = {"tr_img_00001.txt": lines(f"{BOX},Arabic,النص"), "tr_img_05001.txt": lines(f"{BOX},Korean,한글")}
    write_zip(at / "train_gt_t13.zip", gt)


def lsvt_text(text, points=QUAD, flag=False):
    return {"transcription": text, "points": points, "illegibility": flag}


def lsvt(at: Path) -> None:
    write_tar(at / "train_full_images_0.tar.gz", photos("train_full_images_0/gt_0.jpg"))
    write_tar(at / "train_full_images_1.tar.gz", photos("train_full_images_1/gt_1.jpg"))
    data = {
        "gt_1": [lsvt_text("弯的字", CURVED), lsvt_text("*0#"), lsvt_text("叉", [QUAD[0], QUAD[2], QUAD[1], QUAD[3]])],
        "gt_0": [
            lsvt_text("银行"),
            lsvt_text("###"),
            lsvt_text("###", flag=True),
            lsvt_text("看", flag=True),
            lsvt_text("中#"),
        ],
    }
    (at / "train_full_labels.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")


def lsvt_weak(at: Path) -> None:
    for i in range(10):
        write_tar(at / f"train_weak_images_{i}.tar.gz", photos(f"train_weak_images_{i}/gt_{9 - i}.jpg"))
    data = {f"gt_{i}": [{"transcription": f"店{i}", "points": QUAD}] for i in range(10)}
    (at / "train_weak_labels.json").write_text(json.dumps(data), "utf-8")


def art(at: Path) -> None:
    write_tar(at / "train_images.tar.gz", photos("train_images/gt_0.jpg"))
    texts = [lsvt_text("LocaL#3"), lsvt_text("DA#"), lsvt_text("弧", CURVED)]
    data = {"gt_0": [{**t, "language": "Latin"} for t in texts]}
    (at / "train_labels.json").write_text(json.dumps(data))


def art_words(at: Path) -> None:
    write_tar(at / "train_task2_images.tar.gz", photos("train_task2_images/res_0.jpg", "train_task2_images/res_1.jpg"))
    data = {
        "res_0": [{**lsvt_text("URDER"), "language": "Latin"}],
        "res_1": [{**lsvt_text("###", flag=True), "language": "Latin"}],
    }
    (at / "train_task2_labels.json").write_text(json.dumps(data))


def rctw(at: Path) -> None:
    write_zip(at / "whole.zip", photos("image_0.jpg", "image_1.jpg"))
    data = (at / "whole.zip").read_bytes()
    (at / "whole.zip").unlink()
    (at / "train_images.zip.001").write_bytes(data[:500])
    (at / "train_images.zip.002").write_bytes(data[500:])
    gt = {
        "image_0.txt": lines(f'{BOX},0,"他说,""好"""', bom=True),
        "image_1.txt": lines(f'{BOX},1,"难"', f'{BOX},0,"###"'),
    }
    write_zip(at / "train_gts.zip", gt)


def rects(at: Path) -> None:
    flat = [10, 10, 110, 10, 110, 40, 10, 40]
    found = {
        "chars": [{"ignore": 0, "transcription": "H", "points": flat}],
        "lines": [
            {"ignore": 0, "transcription": "HOKI", "points": flat},
            {"ignore": 1, "transcription": "火", "points": flat},
        ],
    }
    gt = json.dumps(found).encode()
    write_zip(
        at / "ReCTS.zip",
        {
            "img/train_ReCTS_000001.jpg": JPEG,
            "gt/train_ReCTS_000001.json": gt,
            "gt_unicode/train_ReCTS_000001.json": gt,
        },
    )


def mtwi(at: Path) -> None:
    name = "T1.Qb_XdFXXXXXXXXX_!!0-item_pic.jpg"
    box = "22.57,10.1,110.2,10,110,40.5,22,40"
    write_zip(
        at / "mtwi_2018_train.zip",
        {
            f"image_train/{name}.jpg": JPEG,
            f"txt_train/{name}.txt": lines(f"{box},买&amp;卖,好", f"{box},###"),
            "image_train/gif.jpg": GIF_IN_JPG,
            "txt_train/gif.jpg.txt": lines(f"{box},一"),
        },
    )


def coco_text(at: Path) -> None:
    write_zip(
        at / "train2014.zip",
        photos("train2014/COCO_train2014_000000000009.jpg", "train2014/COCO_train2014_000000000025.jpg"),
    )
    images = {
        "25": {"file_name": "COCO_train2014_000000000025.jpg", "set": "val", "id": 25},
        "9": {"file_name": "COCO_train2014_000000000009.jpg", "set": "train", "id": 9},
    }
    mask = [10, 10, 110, 10, 110.5, 40, 10, 40]
    one = {"mask": mask, "bbox": [10, 10, 100, 30], "image_id": 9, "legibility": "legible", "language": "english"}
    texts = {
        "1": {**one, "utf8_string": "M&amp;S"},
        "2": {**one, "utf8_string": "", "legibility": "illegible"},
        "3": {**one, "utf8_string": "val", "image_id": 25, "mask": []},
    }
    data = {"cats": {}, "anns": texts, "imgs": images, "imgToAnns": {"9": [1, 2], "25": [3]}, "info": {}}
    write_zip(at / "cocotext.v2.zip", {"cocotext.v2.json": json.dumps(data).encode()})


def textocr(at: Path) -> None:
    write_zip(at / "train_val_images.zip", photos("train_images/a1.jpg", "train_images/b2.jpg"))
    points = [c for p in CURVED for c in p]
    for part, key in (("train", "a1"), ("val", "b2")):
        image = {"id": key, "set": part, "file_name": f"train/{key}.jpg"}
        texts = {
            f"{key}_1": {"image_id": key, "points": points, "utf8_string": "Round"},
            f"{key}_2": {"image_id": key, "points": points[:6] + points[-2:], "utf8_string": "."},
        }
        data = {"info": {}, "imgs": {key: image}, "anns": texts, "imgToAnns": {key: list(texts)}}
        (at / f"TextOCR_0.1_{part}.json").write_text(json.dumps(data))


def totaltext(at: Path) -> None:
    write_zip(at / "totaltext.zip", photos("Images/Train/img11.jpg", "Images/Test/img1.jpg"))
    record = "x: [[{}]], y: [[{}]], ornt: [u'{}'], transcriptions: [u{}]"
    xs, ys = "10 60 110 110\n  60  10", "10  5 10 40 35 40"
    write_zip(
        at / "txt_format.zip",
        {
            "Train/poly_gt_img11.txt": lines(record.format(xs, ys, "c", "'PAUL'"), record.format(xs, ys, "#", "'#'")),
            "Test/poly_gt_img1.txt": lines(record.format(xs, ys, "c", '"IT\'S"')),
        },
    )


def ctw1500(at: Path) -> None:
    flat = ",".join(str(c) for p in CURVED for c in p)
    xml = (
        f'<Annotations><image file="0001.jpg"><box height="1" left="1" top="1" width="1"><label>A &amp; B</label>'
        f"<segs>{flat}</segs></box><box><label>###</label><segs>{flat}</segs></box></image></Annotations>"
    )
    write_zip(at / "ctw1500_train_images.zip", photos("train_images/0001.jpg"))
    write_zip(at / "ctw1500_train_labels.zip", {"ctw1500_train_labels/0001.xml": xml.encode()})
    write_zip(at / "ctw1500_test_images.zip", photos("test_images/1001.jpg"))
    texts = lines(f"{flat},####Latin, 9", f"{flat},#######")
    write_zip(at / "ctw1500_test_labels.zip", {"0001001.txt": texts})


def sroie(at: Path) -> None:
    top = "0325updated.task1train(626p)"
    texts = lines(f"{BOX},RM 1,000.00", f"{BOX},****", end="\r\n")
    write_zip(at / f"{top}.zip", {f"{top}/X51005200938.jpg": JPEG, f"{top}/X51005200938.txt": texts})
    write_zip(at / "task1&2_test(361p).zip", photos("fulltext_test(361p)/X00016469670.jpg"))
    write_zip(at / "text.zip", {"X00016469670.txt": lines(f"{BOX},TOTAL")})


MJSYNTH = "mnt/ramdisk/max/90kDICT32px"


def mjsynth(at: Path) -> None:
    names = ["./3000/7/182_slinking_71711.jpg", "./3000/7/182_REMODELERS_64541.jpg", "./1/2/77_heretical_35885.jpg"]
    listed = [f"{n} {n.rpartition('_')[2].removesuffix('.jpg')}" for n in names]
    files = {f"{MJSYNTH}/{n[2:]}": JPEG for n in names}
    files[f"{MJSYNTH}/1/2/77_heretical_35885.jpg"] = b""  # some are empty
    files[f"{MJSYNTH}/annotation_train.txt"] = lines(*listed, "./9/9/1_absent_2.jpg 2")
    files[f"{MJSYNTH}/annotation_val.txt"] = files[f"{MJSYNTH}/annotation_test.txt"] = lines(listed[1])
    files[f"{MJSYNTH}/annotation.txt"] = lines(*listed)
    write_tar(at / "mjsynth.tar.gz", files)


def synthtext(at: Path) -> None:
    one = np.array([[10, 110, 110, 10], [10, 10, 40, 40]], np.float32)
    three = np.stack([one, one + 5, one - 200], axis=2)
    gt = mat(
        charBB=cells([np.zeros((2, 4, 3)), np.zeros((2, 4, 9)), np.zeros((2, 4, 2))]),
        wordBB=cells([one, three, three]),
        imnames=cells(["8/ballet_106_0.jpg", "8/ballet_106_1.jpg", "9/other_1_0.jpg"]),
        txt=cells([np.array(["Lines:"]), np.array(["I lost\nKevin    "]), np.array(["two words"])]),
    )
    files = photos("SynthText/8/ballet_106_0.jpg", "SynthText/8/ballet_106_1.jpg", "SynthText/9/other_1_0.jpg")
    write_zip(at / "SynthText.zip", {**files, "SynthText/gt.mat": gt})


def iiit5k(at: Path) -> None:
    kind = [("ImgName", object), ("GroundTruth", object), ("smallLexi", object)]
    records = {}
    for part, rows in (
        ("train", [("train/1009_2.png", "YOU")]),
        ("test", [("test/1002_1.png", "PRIVATE"), ("test/1_2.png", "1")]),
    ):
        array = np.empty((1, len(rows)), kind)
        for i, (name, text) in enumerate(rows):
            array[0, i] = (name, text, cells(["A", "LEXICON"]))
        records[f"IIIT5K/{part}data.mat"] = mat(**{f"{part}data": array})
    pictures = photos("IIIT5K/train/1009_2.png", "IIIT5K/test/1002_1.png", "IIIT5K/test/1_2.png")
    write_tar(at / "IIIT5K-Word_V3.0.tar.gz", {**records, **pictures})


def svt(at: Path) -> None:
    def xml(name: str) -> bytes:
        boxes = "".join(
            f"<taggedRectangle height='30' width='{width}' x='{x}' y='10'><tag>{text}</tag></taggedRectangle>"
            for x, width, text in ((10, 100, "LIVING"), (160, 60, "ROOM"))  # the second reaches over the right edge
        )
        return (
            f"<?xml version='1.0' encoding='utf-8'?><tagset><image><imageName>img/{name}</imageName>"
            "<address>341 Southwest 10th Avenue</address><lex>LIVING,ROOM</lex><Resolution x='200' y='100'/>"
            f"<taggedRectangles>{boxes}</taggedRectangles></image></tagset>"
        ).encode()

    files = {"svt1/train.xml": xml("14_03.jpg"), "svt1/test.xml": xml("00_00.jpg")}
    write_zip(at / "svt.zip", {**files, **photos("svt1/img/14_03.jpg", "svt1/img/00_00.jpg")})


def svtp(at: Path) -> None:
    write_zip(at / "svtp.zip", {"gt.txt": lines("13_15_0_par.jpg WYNDHAM"), **photos("par1/13_15_0_par.jpg")})


def cute80(at: Path) -> None:
    write_tar(at / "timage.tar.gz", photos("timage/001.jpg", "timage/002.jpg"))
    entries = [{"img_path": "textrecog_imgs/test/001.jpg", "instances": [{"text": "RONALDO"}]}]
    (at / "textrecog_test.json").write_text(
        json.dumps({"metainfo": {"dataset_type": "TextRecogDataset"}, "data_list": entries})
    )
    (at / "test_label.txt").write_bytes(lines("timage/001.jpg RONALDO 1 RONALDO", "timage/002.jpg 7 1 7"))


PLATE = "025-95_113-154&383_386&473-110&40_10&40_10&10_110&10-0_0_22_27_27_33_16-37-15.jpg"


def ccpd(at: Path) -> None:
    files = {
        f"CCPD2019/ccpd_{s}/{PLATE}": JPEG
        for s in ("base", "blur", "challenge", "db", "fn", "rotate", "tilt", "weather")
    }
    files["CCPD2019/ccpd_np/1.jpg"] = JPEG
    write_tar(at / "CCPD2019.tar.xz", files, "w:xz")


DATASETS = {
    f.__name__: f
    for f in (
        icdar2013, icdar2013_words, icdar2015, icdar2015_words, mlt2017, mlt2019, lsvt, lsvt_weak, art, art_words, rctw,
        rects, mtwi, coco_text, textocr, totaltext, ctw1500, sroie, mjsynth, synthtext, iiit5k, svt, svtp, cute80, ccpd,
    )
}  # fmt: skip
