"""The networks of four stages: straighten, look, put into context, spell.

MobileNetV3 or ResNet34 with none and CTC is Rosetta; with the recurrent layers, CRNN; with the spline before,
STAR-Net; with attention in place of CTC, RARE.
"""

from __future__ import annotations

from paddle import Tensor, nn

from ..network_config import FourStage
from .attention import AttentionHead
from .blocks import columns, full_precision
from .lstm import StackedLstm
from .mobilenet import mobilenet_v3
from .recogniser import Recogniser
from .resnet import resnet34_vd
from .tps import Tps


class FourStageNetwork(Recogniser):
    """(N, 3, 32, W) to (N, W / 4, classes) logits, or with attention to (N, positions, classes)."""

    def __init__(self, config: FourStage, classes: int) -> None:
        super().__init__()
        self.decoder = config.prediction.name
        self.transform = Tps(config.transform.points, config.transform.size) if config.transform else None
        if config.backbone.name == "mobilenet_v3":
            self.backbone, channels = mobilenet_v3(config.backbone.size, config.backbone.scale)
        else:
            self.backbone, channels = resnet34_vd()
        self.recurrent = StackedLstm(channels, config.sequence.hidden) if config.sequence else None
        channels = 2 * config.sequence.hidden if config.sequence else channels
        if config.prediction.name == "attention":
            head = config.prediction
            self.attention = AttentionHead(channels, head.hidden, head.embedding, head.max_length, classes)
        else:
            self.classes = nn.Linear(channels, classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, 3, H, W) lines to (N, T, classes) logits; labels: (N, L), which attention is told in training."""
        if self.transform is not None:
            with full_precision():  # a grid in 16 bits is off by pixels
                images = self.transform(images.astype("float32"))
        steps = columns(self.backbone(images))
        if self.recurrent is not None:
            steps = self.recurrent(steps)
        if self.decoder == "attention":
            with full_precision():  # small, and each step starts from the one before
                logits = self.attention(steps.astype("float32"), labels)
        else:  # no return inside of `with`: tracing for export would go on behind it
            logits = self.classes(steps)
        return logits

    def class_tensors(self) -> dict[str, int]:
        """See Recogniser."""
        if self.decoder == "ctc":
            return super().class_tensors()
        return {"attention.embedding.weight": 0, "attention.classes.weight": 1, "attention.classes.bias": 0}
