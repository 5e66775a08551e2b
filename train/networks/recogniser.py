"""What all networks that read lines have in common."""

from __future__ import annotations

from paddle import Tensor, nn

from ..decoders import DecoderName
from ..losses import Outputs, losses


class Recogniser(nn.Layer):
    """(N, 3, H, W) pictures to (N, T, classes) logits.

    In training, `forward(images, labels)` may give more than that: what `losses` takes. The characters are the
    first classes in all networks, in the order of the charset.
    """

    decoder: DecoderName = "ctc"

    def losses(self, outputs: Outputs, labels: Tensor, lengths: Tensor) -> Tensor:
        """(N,) losses per character. labels: (N, L) padded class ids; lengths: (N,) characters, none of them 0."""
        return losses(self.decoder, outputs, labels, lengths)

    def class_tensors(self) -> dict[str, int]:
        """The tensors that hold something for each class, and on which axis: a change of dictionary moves them."""
        return {"classes.weight": 1, "classes.bias": 0}
