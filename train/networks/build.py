"""From a configuration to its network."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from ..attention import EXTRA
from ..config import TrainConfig
from ..network_config import Crnn, CtcHead, FourStage, Lstm, MobileNetV3, Srn, SvtrLite, decoder_of
from .four_stage import FourStageNetwork
from .recogniser import Recogniser
from .srn import SrnNetwork
from .svtr import SvtrLiteNetwork
from .tiny import TinyNetwork


def build(config: TrainConfig, characters: int) -> Recogniser:
    """The network of a configuration, for that many characters and what its decoder adds, initialised from the seed.

    Parameter names are the same in every process and at every call, so that checkpoints fit.
    """
    network = config.network
    classes = characters + (1 if decoder_of(network)[0] == "ctc" else EXTRA)
    paddle.seed(config.seed)
    with paddle.utils.unique_name.guard():
        if isinstance(network, Srn):
            return SrnNetwork(network, classes)
        if isinstance(network, FourStage):
            return FourStageNetwork(network, classes)
        if isinstance(network, Crnn):
            return FourStageNetwork(_crnn(network), classes)
        if isinstance(network, SvtrLite):
            return SvtrLiteNetwork(network, config.height, classes)
        return TinyNetwork(network, config.height, classes)


def _crnn(network: Crnn) -> FourStage:
    """The light Chinese recogniser of 2020 in the words of the four stages: the same tensors under the same names."""
    return FourStage(
        name="four_stage",
        backbone=MobileNetV3(name="mobilenet_v3", size="small", scale=0.5),
        sequence=Lstm(hidden=network.hidden),
        prediction=CtcHead(),
    )


def tensors(network: nn.Layer) -> dict[str, Tensor]:
    """All parameters and kept buffers by name, each once: recurrent layers list theirs under two names."""
    once = {id(value): (name, value) for name, value in network.state_dict().items()}
    return dict(once.values())


def parameter_count(network: nn.Layer) -> int:
    """Numbers in all parameters and buffers, the batch norms' statistics included."""
    return sum(int(value.size) for value in tensors(network).values())
