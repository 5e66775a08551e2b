"""Reading one character after the other, each time looking at the steps that matter (RARE, 2016)."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn


class AttentionHead(nn.Layer):
    """(N, T, C) to (N, positions, classes) logits. The last classes are the start and the end sign.

    hidden: of the recurrent cell; embedding: numbers for the character read before; max_length: characters at most.
    """

    def __init__(self, inside: int, hidden: int, embedding: int, max_length: int, classes: int) -> None:
        super().__init__()
        self.positions, self.start = max_length + 1, classes - 2
        self.keys = nn.Linear(inside, hidden, bias_attr=False)
        self.begin = nn.Linear(inside // 2, hidden, bias_attr=False)
        self.query = nn.Linear(hidden, hidden, bias_attr=False)
        self.score = nn.Linear(hidden, 1, bias_attr=False)
        self.embedding = nn.Embedding(classes, embedding)
        self.cell = nn.GRUCell(inside + embedding, hidden)
        self.classes = nn.Linear(hidden, classes)

    def forward(self, steps: Tensor, labels: Tensor | None = None) -> Tensor:
        """labels: (N, L) class ids, which are then read whatever was guessed, and the end after them.

        Without labels the best class of a position is what the next one starts from, `max_length` times.
        """
        keys = self.keys(steps)
        # The second half are the steps read backwards: the first of them has seen the whole line.
        first = steps[:, 0]
        state = nn.functional.relu(self.begin(first[:, first.shape[1] // 2 :]))
        before = paddle.zeros_like(state[:, :1]) + self.embedding.weight[self.start]
        taught = None if labels is None else self.embedding(labels)
        logits: list[Tensor] = []
        for position in range(self.positions if labels is None else labels.shape[1] + 1):
            if position and taught is not None:
                before = taught[:, position - 1]
            elif position:
                before = self.embedding(logits[-1].argmax(-1))
            look = self.score(paddle.tanh(keys + self.query(state).unsqueeze(1)))
            context = (nn.functional.softmax(look, axis=1) * steps).sum(1)
            state, _ = self.cell(paddle.concat([context, before], 1), state)
            logits.append(self.classes(state))
        return paddle.stack(logits, 1)
