"""Configurations of all networks, by the names that people know."""

import importlib.util

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("paddle") else ["test_*.py"]

LARGE = {"name": "mobilenet_v3", "size": "large", "scale": 0.5}
RESNET = {"name": "resnet34_vd"}
SMALL_TPS, LARGE_TPS = {"size": "small"}, {"size": "large"}


def _stages(backbone, hidden=None, transform=None, attention=None):
    return {
        "name": "four_stage",
        "backbone": backbone,
        **({"sequence": {"hidden": hidden}} if hidden else {}),
        **({"transform": transform} if transform else {}),
        **({"prediction": {"name": "attention", "hidden": attention, "embedding": attention}} if attention else {}),
    }


NETWORKS = {
    "tiny": {"name": "tiny"},
    "crnn_mv3_small": {"name": "crnn_mv3_small"},
    "svtr_lite": {"name": "svtr_lite"},
    "mv3_none_none_ctc": _stages(LARGE),
    "mv3_none_bilstm_ctc": _stages(LARGE, 96),
    "mv3_tps_bilstm_ctc": _stages(LARGE, 96, SMALL_TPS),
    "mv3_tps_bilstm_attn": _stages(LARGE, 96, SMALL_TPS, 96),
    "r34_vd_none_none_ctc": _stages(RESNET),
    "r34_vd_none_bilstm_ctc": _stages(RESNET, 256),
    "r34_vd_tps_bilstm_ctc": _stages(RESNET, 256, LARGE_TPS),
    "r34_vd_tps_bilstm_attn": _stages(RESNET, 256, LARGE_TPS, 128),
    "srn": {"name": "srn", "encoder_layers": 1, "decoder_layers": 1},  # in place of 2 and 4, which take long here
}


@pytest.fixture
def network_config():
    """network_config(name, charset="0123456789"): a configuration with that network."""
    from ocrdata.train.config import TrainConfig

    def make(name, charset="0123456789"):
        return TrainConfig(network=NETWORKS[name], charset=charset, epochs=1, height=64 if name == "srn" else 32)

    return make
