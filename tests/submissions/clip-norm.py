"""Submissions that prove the tests of `clip-norm`: right answers of another form, and the mistakes that people make."""

# %% alternative: one long vector
import torch


def clip_norm(gradients, max_norm):
    present = [g.flatten() for g in gradients if g is not None]
    norm = torch.linalg.vector_norm(torch.cat(present)) if present else torch.tensor(0.0)
    if not norm.isfinite():
        raise FloatingPointError(f"norm {norm}")
    if norm <= max_norm:
        return [g if g is None else g.clone() for g in gradients], norm.item()
    return [g if g is None else g / norm * max_norm for g in gradients], norm.item()


# %% alternative: as torch does, with a millionth
import torch


def clip_norm(gradients, max_norm):
    norms = [torch.norm(g) for g in gradients if g is not None]
    total = torch.norm(torch.stack(norms)) if norms else torch.zeros(())
    if torch.isnan(total) or torch.isinf(total):
        raise FloatingPointError("non-finite gradients")
    factor = torch.clamp(max_norm / (total + 1e-6), max=1.0)
    return [g * factor if g is not None else None for g in gradients], float(total)


# %% alternative: in float64, by einsum and a loop
import numpy as np


def clip_norm(gradients, max_norm):
    squares = 0.0
    for g in gradients:
        if g is not None:
            flat = g.double().numpy().ravel()
            squares += float(np.einsum("i,i->", flat, flat))
    norm = squares**0.5
    if norm != norm or norm == float("inf"):
        raise FloatingPointError("the gradients are not finite")
    clipped = []
    for g in gradients:
        if g is None:
            clipped.append(None)
        elif norm > max_norm:
            clipped.append((g.double() * (max_norm / norm)).to(g.dtype))
        else:
            clipped.append(g + 0)
    return clipped, norm


# %% mutant: clipped by value | says: You clipped by value
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g.clamp(-max_norm, max_norm) for g in gradients], norm


# %% mutant: each gradient by its own norm | says: You clipped each gradient by its own norm
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    clipped = []
    for g in gradients:
        if g is not None and g.norm() > max_norm:
            g = g * (max_norm / g.norm())
        clipped.append(g)
    return clipped, norm


# %% mutant: small gradients scaled up | says: are never scaled up
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > 0 else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: divided by the norm alone | says: did not multiply by max_norm
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = 1 / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: always unit length | says: did not multiply by max_norm
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = 1 / norm if norm > 0 else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: factor upside down | says: The factor is upside down
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = norm / max_norm
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: no square root | says: did not take the square root
import math

import torch


def clip_norm(gradients, max_norm):
    norm = sum((g**2).sum().item() for g in gradients if g is not None)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: norms added up | says: added up the gradients' norms
import math

import torch


def clip_norm(gradients, max_norm):
    norm = sum(g.norm().item() for g in gradients if g is not None)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: absolute values | says: You added up absolute values
import math

import torch


def clip_norm(gradients, max_norm):
    norm = sum(g.abs().sum().item() for g in gradients if g is not None)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: different shapes stacked | says: stack their norms
import math

import torch


def clip_norm(gradients, max_norm):
    norm = torch.stack([g for g in gradients if g is not None]).norm().item()
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: root of the sum of norms | says: added up the norms without squaring
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum(g.norm().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: largest entry | says: the largest entry for the norm
import math

import torch


def clip_norm(gradients, max_norm):
    norm = max([g.abs().max().item() for g in gradients if g is not None], default=0.0)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: largest norm | says: the largest of the gradients' norms
import math

import torch


def clip_norm(gradients, max_norm):
    norm = max([g.norm().item() for g in gradients if g is not None], default=0.0)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: root of the mean | says: the norm is no mean
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    norm /= math.sqrt(sum(g.numel() for g in gradients if g is not None) or 1)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: norm of the last gradient | says: norm of the last gradient alone
import math

import torch


def clip_norm(gradients, max_norm):
    norm = 0.0
    for g in gradients:
        if g is not None:
            norm = math.sqrt((g**2).sum().item())
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: norm after clipping | says: That is the norm after clipping
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], min(norm, max_norm)


# %% mutant: division by zero | says: divide by the norm only where
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = min(1.0, max_norm / norm)
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: NaN from zeros | says: divides by zero here
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    norm = torch.tensor(norm, dtype=torch.float64)
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    return [None if g is None else g / norm * min(norm, max_norm) for g in map(as_tensor, gradients)], norm.item()


def as_tensor(g):
    return g


# %% mutant: None left out | says: Does it keep the place of a None
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gradients if g is not None], norm


# %% mutant: None becomes zeros | says: so clipped
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [torch.zeros(1) if g is None else g * scale for g in gradients], norm


# %% mutant: None not expected | says: Leave it out of the norm
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: infinity let through | says: should raise FloatingPointError
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: only infinity refused | says: should raise FloatingPointError
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if math.isinf(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: a ValueError | says: but it raised ValueError
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise ValueError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm


# %% mutant: norm as a tensor | says: Take the number out with .item()
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], torch.tensor(norm)


# %% mutant: norm first | says: First the gradients, then the norm
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return norm, [None if g is None else g * scale for g in gradients]


# %% mutant: only the norm | says: should be a tuple (clipped, norm)
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return norm


# %% mutant: changes the gradients in place | says: changed its argument gradients in place
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g.mul_(scale) for g in gradients], norm


# %% mutant: float64 from float32 | says: should have the dtype of gradients[0]
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if not math.isfinite(norm):
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g.double() * scale for g in gradients], norm


# %% mutant: NaN let through | says: should raise
import math

import torch


def clip_norm(gradients, max_norm):
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients if g is not None))
    if norm > 1e300:
        raise FloatingPointError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm
