"""The size of a recurrent matrix, as far as its powers are concerned."""

import numpy as np
import torch
from torch import Tensor, nn

from rnnbook.layers.initialise import recurrent_matrices


def spectral_radius(matrix: np.ndarray | Tensor) -> float:
    """The largest absolute value of a matrix's eigenvalues: the factor by which its powers grow in the long run."""
    if isinstance(matrix, Tensor):
        matrix = matrix.detach().cpu().numpy()
    return float(np.abs(np.linalg.eigvals(np.asarray(matrix, np.float64))).max())


@torch.no_grad()
def scale_to_radius(module: nn.Module, radius: float) -> nn.Module:
    """Multiply recurrent matrices, in place, so that each has a chosen spectral radius.

    Args:
        module: an RNN, LSTM or GRU or a cell of one, torch's or ours, or a model that holds some. All its `weight_hh`
            are scaled, those of LSTM and GRU gate by gate.
        radius: above zero.

    Returns:
        The module.

    Raises:
        ValueError: it has no recurrent matrix, or one that is not square or that no factor brings there, or the radius
            is not above zero. Nothing is scaled then.
    """
    if not radius > 0:
        raise ValueError(f"radius must be above zero, got {radius}")
    matrices = recurrent_matrices(module)
    present = [spectral_radius(matrix) for matrix in matrices]
    if 0 in present:
        raise ValueError("a matrix whose eigenvalues are all zero cannot be scaled: draw it anew")
    for matrix, its_radius in zip(matrices, present, strict=True):
        matrix.mul_(radius / its_radius)
    return module
