"""The learning rate as a function of how far a training is."""

import math


def one_cycle(at: float, steps: int, peak: float, warm_up: float) -> dict:
    """Warm up to the peak, then cool down to nothing, both along half a cosine wave; Adam's momentum does the reverse.

    It gives the numbers of `torch.optim.lr_scheduler.OneCycleLR`, but keeps no count of its own: `at` may move as it
    likes, by steps or with the time that has passed.

    Args:
        at: the step, from 0 to steps - 1; it may lie between two.
        steps: of the whole training.
        peak: the highest learning rate. The first is a 25th of it, the last a 250,000th.
        warm_up: the fraction of the steps that lead up to the peak; with 0, half a cosine wave down is all there is.

    Returns:
        Settings of AdamW: "lr" and "betas".

    Source:
        Smith & Topin (2019), Super-convergence: very fast training of neural networks using large learning rates.
    """
    at, top = min(at, steps - 1), warm_up * steps - 1
    low, high = peak / 25, 0.95
    if at <= top:
        part = at / top if top else 1.0
        return {"lr": _cosine(low, peak, part), "betas": (_cosine(high, 0.85, part), 0.999)}
    part = (at - top) / (steps - 1 - top)
    return {"lr": _cosine(peak, low / 1e4, part), "betas": (_cosine(0.85, high, part), 0.999)}


def _cosine(start: float, end: float, part: float) -> float:
    """From start to end along half a cosine wave, as part goes from 0 to 1."""
    return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
