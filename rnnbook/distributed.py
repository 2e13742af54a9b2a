"""One training by several processes: each takes a part of every batch, and all take the same step.

    torchrun --nproc_per_node 2 -m rnnbook train imdb-bilstm

starts them and tells each its number. One process alone is a team as well, and nothing here costs it anything.
"""

import atexit
import os

import torch
from torch import Tensor, nn
from torch import distributed as dist


def first() -> bool:
    """Whether this process is the one that writes files and prints; alone, it is."""
    launched = dist.is_available() and dist.is_torchelastic_launched()
    return not launched or os.environ["RANK"] == "0"


class Team:
    """The processes that train one model.

    The result is that of one process with the same batches, but for dropout, whose masks are drawn by each process.
    The loss must be a mean over examples, for a process's part of it is weighed by its share of the batch's examples.

    Args:
        device: where this process's copy of the model is: gloo connects CPUs, nccl graphics processors.

    Attributes:
        rank: this process's number, from 0.
        size: how many there are.
    """

    def __init__(self, device: torch.device):
        self.rank, self.size, self.device = 0, 1, device
        if not (dist.is_available() and dist.is_torchelastic_launched()):
            return
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        if self.size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
            atexit.register(dist.destroy_process_group)
        if self.rank > 0:  # equal masks of dropout in all parts of a batch would be less random than they look
            torch.manual_seed(torch.initial_seed() + self.rank)

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model as it is called in training: with the first one's weights, and gradients averaged over all."""
        return model if self.size == 1 else nn.parallel.DistributedDataParallel(model)

    def part(self, indices: Tensor) -> tuple[Tensor, float]:
        """This process's rows of a batch, and their share of it.

        Where there are fewer rows than processes, one without a row takes the first, with a share of 0: all of them
        have to go forward and back.
        """
        rows = indices[self.rank :: self.size]
        return (rows, len(rows) / len(indices)) if len(rows) else (indices[:1], 0.0)

    def sum(self, *numbers: float) -> tuple[float, ...]:
        """Each number, added up over all processes; all get the same bits, and so come to the same decisions."""
        if self.size == 1:
            return numbers
        total = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return tuple(total.tolist())

    def mean(self, number: float) -> float:
        """The number's mean over all processes."""
        return self.sum(number / self.size)[0]

    def gather(self, tensor: Tensor) -> Tensor:
        """The tensors of all processes, (size, ...)."""
        if self.size == 1:
            return tensor[None]
        parts = [torch.empty_like(tensor, device=self.device) for _ in range(self.size)]
        dist.all_gather(parts, tensor.to(self.device))
        return torch.stack(parts).cpu()
