"""Splits keep photos whole, and sides stay when data is added."""

import hashlib

import pytest
from command import failed, ocrdata
from pydantic import ValidationError

from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.split import SplitConfig, plan_split
from ocrdata.prep.store import Pack


class Lines:
    """Three lines a photo."""

    def items(self, start, stop):
        for i in range(start, stop):
            yield Sample(
                b"picture %d" % i, f"label {i % 7}", f"day {i // 30}/photo {i // 3}.jpg#{i % 3}", polygons="[1]"
            )


def made(folder, count):
    run_job(Job("made", {}, count, 50), Lines(), folder, 1)
    return folder


def run(source, out, workers=1, **options):
    return {name: part.run(workers) for name, part in plan_split(source, out, SplitConfig(**options)).items()}


def origins(out):
    return {part.name: [s.origin for s in Pack(part)] for part in sorted(out.iterdir())}


def test_lines_of_a_photo_stay_together_and_none_is_lost(tmp_path):
    run(made(tmp_path / "pack", 600), tmp_path / "out", val=0.2, test=0.1)
    sides = origins(tmp_path / "out")
    photos = {name: {o.partition("#")[0] for o in found} for name, found in sides.items()}
    assert photos["train"].isdisjoint(photos["val"]) and photos["test"].isdisjoint(photos["train"] | photos["val"])
    assert sum(map(len, sides.values())) == 600 and sorted(o for found in sides.values() for o in found) == sorted(
        s.origin for s in Pack(tmp_path / "pack")
    )
    assert 20 <= len(photos["val"]) <= 60 and 8 <= len(photos["test"]) <= 35
    assert next(iter(Pack(tmp_path / "out" / "val"))).polygons == "[1]"


def test_sides_stay_when_data_is_added_and_shares_grow(tmp_path):
    run(made(tmp_path / "small", 300), tmp_path / "a", val=0.2, test=0.2)
    run(made(tmp_path / "large", 600), tmp_path / "b", val=0.2, test=0.2)
    run(tmp_path / "large", tmp_path / "c", val=0.3, test=0.3)
    a, b, c = (origins(tmp_path / name) for name in "abc")
    assert all(set(a[side]) <= set(b[side]) for side in a)
    assert set(b["val"]) < set(c["val"]) and set(b["test"]) < set(c["test"])


@pytest.mark.parametrize(
    ("by", "key"), [("label", lambda s: s.label), ("folder", lambda s: s.origin.partition("/")[0])]
)
def test_other_groups(tmp_path, by, key):
    run(made(tmp_path / "pack", 600), tmp_path / "out", val=0.4, by=by)
    train, val = ({key(s) for s in Pack(tmp_path / "out" / name)} for name in ("train", "val"))
    assert train and val and train.isdisjoint(val)


def test_a_regular_expression_names_the_group(tmp_path):
    source = made(tmp_path / "pack", 600)
    run(source, tmp_path / "out", val=0.4, group_by=r"photo \d*(\d)")
    train, val = ({s.origin.partition(".")[0][-1] for s in Pack(tmp_path / "out" / name)} for name in ("train", "val"))
    assert train and val and train.isdisjoint(val)
    with pytest.raises(UserError, match=r"group-by: 'week' finds nothing in 'day 0/photo 0\.jpg#0'"):
        run(source, tmp_path / "other", group_by="week")
    failed(ocrdata("split", source, "-o", tmp_path / "x", "--group-by", "["), 2, "--group-by '['")


def test_samples_of_no_known_origin_are_grouped_by_their_bytes(tmp_path):
    class Twins:
        def items(self, start, stop):
            for i in range(start, stop):
                yield Sample(b"picture %d" % (i // 4), str(i))

    run_job(Job("made", {}, 200, 50), Twins(), tmp_path / "pack", 1)
    run(tmp_path / "pack", tmp_path / "out", val=0.5)
    train, val = ({s.image for s in Pack(tmp_path / "out" / name)} for name in ("train", "val"))
    assert len(train) + len(val) == 50 and train.isdisjoint(val)


def test_any_number_of_processes_gives_the_same_bytes_and_another_seed_others(tmp_path):
    source = made(tmp_path / "pack", 300)
    one, two, other = (run(source, tmp_path / str(n), n, val=0.3, seed=s) for n, s in ((1, 5), (2, 5), (3, 6)))
    assert [m["digest"] for m in one.values()] == [m["digest"] for m in two.values()]
    assert one["val"]["digest"] != other["val"]["digest"]


def test_nothing_is_left_to_train_on(tmp_path):
    with pytest.raises(ValidationError, match="leave nothing"):
        SplitConfig(val=0.6, test=0.4)
    source = made(tmp_path / "pack", 6)
    with pytest.raises(UserError, match="is inside"):
        plan_split(source, source / "parts")
    failed(ocrdata("split", source, "-o", tmp_path / "out", "--val", "1.5"), 2, "--val 1.5")


def test_the_command_says_which_part_is_empty(tmp_path):
    result = ocrdata("split", made(tmp_path / "pack", 6), "-o", tmp_path / "out", "--val", "0.0001", "--by", "photo")
    assert result.returncode == 0 and "val is empty" in result.stdout
    assert hashlib.sha256(b"".join(s.image for s in Pack(tmp_path / "out" / "train"))).hexdigest() == (
        hashlib.sha256(b"".join(s.image for s in Pack(tmp_path / "pack"))).hexdigest()
    )
