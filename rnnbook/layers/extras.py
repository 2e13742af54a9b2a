"""What torch's recurrent layers lack: other ways to compute W h + b."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Linear = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # as `F.linear`: takes h, W and b


class GateNorm(nn.Module):
    """Layer normalisation of a product W h: in each group of gates mean 0 and variance 1, then a gain for each entry.

    (Ba, Kiros and Hinton, 2016, "Layer normalization")

    Args:
        sizes: the sizes of the groups.
    """

    def __init__(self, sizes: list[int]):
        super().__init__()
        self.sizes = sizes
        self.weight = nn.Parameter(torch.ones(sum(sizes)))

    def forward(self, a: Tensor) -> Tensor:
        # (a - mean(a)) / √(var(a) + ε)
        normalised = [F.layer_norm(group, group.shape[-1:]) for group in a.split(self.sizes, dim=-1)]
        return self.weight * torch.cat(normalised, dim=-1)


def normalised(norm: nn.Module) -> Linear:
    """LN(W h) + b. The bias stays outside, where it can hold a gate open."""

    def linear(h: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        a = norm(F.linear(h, weight))
        return a if bias is None else a + bias

    return linear


def masked(linear: Linear, mask: Tensor) -> Linear:
    """W (m h) + b: with the same mask m, (B, H), at every step, which is variational dropout."""
    return lambda h, weight, bias: linear(mask * h, weight, bias)
