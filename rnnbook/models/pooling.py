"""One vector for a whole sequence: its last state, its mean, its maximum, or a learned weighted mean.

All read the valid steps of a padded batch only. Whatever stands past a sequence's end, NaN included, is replaced
before anything is computed: multiplied by a weight of 0 it would still spoil a sum, and every gradient behind it.
"""

import torch
from torch import Tensor, nn

from rnnbook.attention import weighted_mean
from rnnbook.encode import State, check_lengths, parts_of, valid_steps
from rnnbook.shapes import check_shape


def top_state(state_n: State, directions: int) -> Tensor:
    """The top layer's last h of each direction, side by side: (L * directions, B, H) -> (B, directions * H)."""
    h_n = parts_of(state_n)[0]  # of an LSTM's pair, (h_n, c_n), as well
    # The top layer's come last: forward after the last valid step, backward after the first.
    return torch.cat(tuple(h_n[-directions:]), dim=-1)


def masked_mean(output: Tensor, lengths: Tensor) -> Tensor:
    """The mean over each sequence's valid steps.

    Args:
        output: a padded batch, (B, T, F).
        lengths: the number of valid steps of each sequence, (B,).

    Returns:
        (B, F).

    Raises:
        ValueError: the shapes do not fit, or a length is not from 1 to T.
    """
    valid = valid_of(output, lengths)  # (B, T)
    # mean = (h_1 + ... + h_n) / n, with n the sequence's own length
    return torch.where(valid[..., None], output, 0).sum(dim=1) / valid.sum(dim=1, keepdim=True)  # (B, F)


def masked_max(output: Tensor, lengths: Tensor) -> Tensor:
    """For each feature, its largest value over each sequence's valid steps.

    Args:
        output: a padded batch, (B, T, F).
        lengths: the number of valid steps of each sequence, (B,).

    Returns:
        (B, F).

    Raises:
        ValueError: the shapes do not fit, or a length is not from 1 to T.
    """
    valid = valid_of(output, lengths)  # (B, T)
    # A 0 in the padding would win where all valid values are negative.
    return torch.where(valid[..., None], output, -torch.inf).max(dim=1).values  # (B, F)


class AttentionPooling(nn.Module):
    """A weighted mean of the valid steps, whose weights are learned: additive attention with a single query.

    >>> pool = AttentionPooling(128)
    >>> summary, weights = pool(output, lengths)  # (B, 128), (B, T)

    Sources: Bahdanau, Cho and Bengio (2015), appendix A.1.2, where the query is a decoder's state, W_a s. With one
    query for all sequences that term is a constant, here the bias b. Lin et al. (2017), equation 5, with b = 0.

    Args:
        features: F, features of a step.
        attention_size: A, features in which steps and query are compared; by default F.
    """

    def __init__(self, features: int, attention_size: int | None = None):
        super().__init__()
        self.projection = nn.Linear(features, attention_size or features)
        self.score = nn.Linear(attention_size or features, 1, bias=False)

    def forward(self, output: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh the steps and add them up.

        Args:
            output: a padded batch, (B, T, F).
            lengths: the number of valid steps of each sequence, (B,).

        Returns:
            summary: the weighted means, (B, F).
            weights: (B, T); those of a sequence are positive and sum to 1, and past its end they are exactly 0.

        Raises:
            ValueError: the shapes do not fit, or a length is not from 1 to T.
        """
        valid = valid_of(output, lengths)  # (B, T)
        output = torch.where(valid[..., None], output, 0)
        # e_t = vᵀ tanh(W h_t + b)
        scores = self.score(self.projection(output).tanh())[..., 0]  # (B, T)
        summary, weights = weighted_mean(output, scores[:, None], valid)  # (B, 1, F), (B, 1, T)
        return summary[:, 0], weights[:, 0]


def valid_of(output: Tensor, lengths: Tensor) -> Tensor:
    """The mask of valid steps, (B, T), of a batch (B, T, F), once output and lengths are found to fit."""
    check_shape("output", output, "B", "T", "F")
    B, T, _ = output.shape
    return valid_steps(check_lengths(lengths, B, T).to(output.device), T)
