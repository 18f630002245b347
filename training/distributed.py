"""Several processes that train one generator: PyTorch's distributed data parallel."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed import ProcessGroup
from torch.nn.parallel import DistributedDataParallel

from training.draws import ALONE, Share
from training.errors import UserError
from training.launching import among_several, report


class Loss(nn.Module):
    """A loss as the forward pass of the module whose weights it moves, so that its gradient can be shared."""

    def __init__(self, trained: nn.Module, loss: Callable[..., Tensor]) -> None:
        super().__init__()
        self.trained = trained
        self._loss = loss

    def forward(self, *arguments: object) -> Tensor:
        """The loss of this process's share of a minibatch."""
        return self._loss(*arguments)


@dataclass(frozen=True)
class Processes:
    """The processes that train together; ``control`` carries what they agree on beside gradients."""

    share: Share = ALONE
    control: ProcessGroup | None = None
    local_rank: int = 0
    """The process's number on its own machine."""

    def device(self, chosen: torch.device) -> torch.device:
        """The device of this process: a GPU each, where GPUs were chosen."""
        if self.control is None or chosen.type != "cuda":
            return chosen
        if self.local_rank >= torch.cuda.device_count():
            raise UserError(
                f"{self.local_rank + 1} processes or more on a machine with {torch.cuda.device_count()} "
                "GPUs: start one process a GPU at most."
            )
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    @property
    def leads(self) -> bool:
        """Whether this is the one process that writes and shows."""
        return self.share.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process; all must ask."""
        if self.control is None:
            return flag
        votes = torch.tensor([int(flag)])
        distributed.all_reduce(votes, group=self.control)
        return bool(votes)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of the processes' values; all must ask."""
        if self.control is not None:
            distributed.all_reduce(values)
            values /= self.share.of
        return values

    def sharing(self, loss: Loss) -> nn.Module:
        """The loss, with its gradient averaged over the processes on the way back."""
        if self.control is None:
            return loss
        # Which weights a loss uses changes as a network grows.
        return DistributedDataParallel(loss, find_unused_parameters=True)

    def refuse_uneven(self, minibatch: int, comparing: int, resolution: int) -> None:
        """Raise ``UserError`` unless every process gets whole groups of ``comparing`` images."""
        if self.share.of > 1 and minibatch % (self.share.of * comparing):
            of = f", in groups of {comparing}" if comparing > 1 else ""
            raise UserError(
                f"a minibatch of {minibatch} at {resolution}x{resolution} cannot be shared evenly by "
                f"{self.share.of} processes{of}. Choose a multiple of {self.share.of * comparing}: "
                f"--set minibatch.{resolution}={self.share.of * comparing}"
            )


ONE = Processes()


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the processes that ``launch`` or ``torchrun`` started, or be the only one."""
    if not among_several():
        yield ONE
        return
    # One backend for tensors on either kind of device.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        control = distributed.new_group(backend="gloo")
        share = Share(distributed.get_rank(), distributed.get_world_size())
        yield Processes(share, control, int(os.environ["LOCAL_RANK"]))
    except Exception as error:
        report(error)  # before the others fail of this one's leaving
        raise
    finally:
        distributed.destroy_process_group()
