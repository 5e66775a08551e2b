"""The recognisers that people know by name are shipped under that name, with the numbers that they had."""

import pytest

from ocrdata.config import load
from ocrdata.errors import UserError
from ocrdata.train.config import TrainConfig
from ocrdata.train.network_config import decoder_of
from ocrdata.train.networks import build, parameter_count

ENGLISH = "".join(map(chr, [*range(ord("0"), ord("9") + 1), *range(ord("a"), ord("z") + 1)]))
# name, characters, decoder, parameters with that many characters: the two Chinese ones as published, the other
# counts as these networks have had since they came.
SHIPPED = [
    ("rec_chinese_lite_train", 6623, "ctc", 1_069_008),
    ("rec_chinese_common_train", 6623, "ctc", 27_353_152),
    ("rec_svtr_lite_ctc", 6623, "ctc", 1_064_424),
    ("rec_icdar15_train", 36, "ctc", 1_390_427),
    ("rec_mv3_none_none_ctc", 36, "ctc", None),
    ("rec_mv3_none_bilstm_ctc", 36, "ctc", 1_390_427),
    ("rec_mv3_tps_bilstm_ctc", 36, "ctc", None),
    ("rec_mv3_tps_bilstm_attn", 36, "attention", None),
    ("rec_r34_vd_none_none_ctc", 36, "ctc", None),
    ("rec_r34_vd_none_bilstm_ctc", 36, "ctc", None),
    ("rec_r34_vd_tps_bilstm_ctc", 36, "ctc", None),
    ("rec_r34_vd_tps_bilstm_attn", 36, "attention", None),
    ("rec_r50fpn_vd_none_srn", 36, "srn", None),
]


def shipped(name):
    return load(f"preset:{name}", "train", TrainConfig)


@pytest.mark.parametrize(("name", "characters", "decoder", "count"), SHIPPED)
def test_a_known_name_is_the_known_network(name, characters, decoder, count):
    config = shipped(name)
    assert decoder_of(config.network)[0] == decoder
    if count:
        assert parameter_count(build(config, characters)) == count
    if characters == 36:
        assert "".join(config.characters().characters) == ENGLISH


def test_what_is_added_to_a_network_is_added():
    """The recurrent layers, the spline and attention each add their own numbers to what is there without them."""
    sizes = {name: parameter_count(build(shipped(name), 36)) for name, *_ in SHIPPED if name.startswith("rec_mv3")}
    lstm = 480 * 384 + 384 + 96 * 384 + 384 + 2 * (96 * 384 + 384)
    classes = (480 - 2 * 96) * 37
    assert sizes["rec_mv3_none_bilstm_ctc"] - sizes["rec_mv3_none_none_ctc"] == 2 * lstm - classes
    convolutions = 9 * (3 * 16 + 16 * 32 + 32 * 64 + 64 * 128) + 4 * (16 + 32 + 64 + 128)
    spline = convolutions + 128 * 64 + 64 + 64 * 40 + 40
    assert sizes["rec_mv3_tps_bilstm_ctc"] - sizes["rec_mv3_none_bilstm_ctc"] == spline


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("rec_chinese_lite_train", (32, 320, 256, 0.0005, "constant", 3000)),
        ("rec_chinese_common_train", (32, 320, 128, 0.0005, "constant", 3000)),
        ("rec_icdar15_train", (32, 100, 256, 0.0005, "cosine", 1000)),
        ("rec_mv3_tps_bilstm_attn", (32, 100, 256, 0.001, "constant", 72)),
        ("rec_r50fpn_vd_none_srn", (64, 256, 64, 0.0001, "constant", 72)),
    ],
)
def test_training_has_the_known_numbers(name, numbers):
    c = shipped(name)
    assert (c.height, c.width, c.batch_size, c.optimizer.lr, c.optimizer.schedule, c.epochs) == numbers


MOBILENET = "network: {name: four_stage, backbone: {name: mobilenet_v3}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MOBILENET + ", prediction: {name: attention, hidden: 8, embedding: 8}}\n", "add sequence: {hidden: 256}"),
        (MOBILENET + "}\nheight: 48\n", "height: four_stage takes 32 only"),
        (MOBILENET + ", transform: {points: 7}}\n", "line 3: network.four_stage.transform.points: "),
        (
            "network: {name: four_stage, backbone: {name: resnet34_vd, scale: 1}}\n",
            "resnet34_vd.scale: unknown key; allowed: name",
        ),
        ("network: {name: four_stage, backbone: {name: resnet18}}\n", "'mobilenet_v3', 'resnet34_vd'"),
        ("network: {name: svtr_lite, hidden: 96, heads: 5}\n", "hidden 96 must be a multiple of 8 and of the 5 heads"),
        ("network: {name: srn}\nheight: 40\n", "height: a multiple of 16 is needed"),
    ],
)
def test_a_mistake_in_a_network_is_named_when_the_configuration_is_read(tmp_path, text, message):
    path = tmp_path / "c.yml"
    path.write_text('charset: "01"\nepochs: 1\n' + text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        load(str(path), "train", TrainConfig)
    assert message in str(error.value)
