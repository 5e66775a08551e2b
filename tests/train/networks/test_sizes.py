"""Parameters, batch norms' statistics included, are those of the networks whose names these bear."""

import pytest

from ocrdata.train.networks import build, parameter_count


@pytest.mark.parametrize(
    ("name", "characters", "count"),
    [
        # Of the checkpoints that PaddleOCR published in 2020: the light and the large Chinese recogniser.
        ("crnn_mv3_small", 6623, 1_069_008),
        ("r34_vd_none_bilstm_ctc", 6623, 27_353_152),
        # Of the same networks with other dictionaries, counted from their layers.
        ("crnn_mv3_small", 10, 427_547),
        ("crnn_mv3_small", 95, 435_792),
        ("mv3_none_bilstm_ctc", 36, 1_390_427),
    ],
)
def test_networks_have_their_published_sizes(network_config, name, characters, count):
    assert parameter_count(build(network_config(name), characters)) == count


def test_the_parts_of_the_light_recogniser_have_their_published_sizes(network_config):
    network = build(network_config("crnn_mv3_small"), 6623)
    parts = [parameter_count(part) for part in (network.backbone, network.recurrent, network.classes)]
    assert parts == [259_056, 167_424, 642_528]


@pytest.mark.parametrize("characters", [10, 6623])
def test_the_modern_network_is_not_larger_than_the_light_recogniser(network_config, characters):
    modern, light = (build(network_config(name), characters) for name in ("svtr_lite", "crnn_mv3_small"))
    assert parameter_count(modern) <= parameter_count(light)
