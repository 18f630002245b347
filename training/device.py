"""Which device computes, and how precisely."""

import ctypes
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from training.errors import UserError

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""What ``mallopt`` (glibc's ``malloc.h``) calls its settings."""
WANTED = re.compile(r"tried to allocate (?P<size>[\d.]+) ?(?P<unit>[KMGT]iB|bytes)", re.IGNORECASE)
"""What PyTorch's allocators say of a request that failed."""


def pick_device(name: str) -> torch.device:
    """The device of this name; ``auto`` is CUDA where there is one. Raises ``UserError`` if not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.ones(1, device=device).item()  # some that can be named do not compute
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        said = f"device {name!r} cannot be used here: {reason}. Choose auto, cpu or cuda."
        raise UserError(said) from error
    return device


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """The precision of this name; ``auto`` is bfloat16 where the device computes it fast, else float32."""
    if name != "auto":
        return torch.bfloat16 if name == "bfloat16" else torch.float32
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Without AMX's tiles a CPU emulates bfloat16 convolutions, ten times slower than float32.
        has_tiles = getattr(torch.cpu, "_is_amx_tile_supported", None)
        fast = device.type == "cpu" and has_tiles is not None and has_tiles()
    return torch.bfloat16 if fast else torch.float32


def use_threads(count: int) -> None:
    """Compute on this many CPU threads from now on; 0 leaves PyTorch its own choice."""
    if count:
        torch.set_num_threads(count)


def keep_memory(device: torch.device) -> None:
    """Have the C library keep large blocks that are freed, for the next step's tensors; the CPU's only.

    glibc takes them from the system, and gives them back, each time anew, and the system clears every page:
    a sixth of the time of a PGAN's step at full width. Where there is no such library nothing is changed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if device.type == "cpu" and mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def out_of_memory(error: Exception) -> bool:
    """Whether the device, or the machine, had not enough memory."""
    # For PyTorch's allocator of the CPU's memory, any failure is a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(error)


def memory_wanted(error: Exception, device: torch.device) -> str:
    """How much memory was asked for when it ran out, and how much there is, as a part of a sentence."""
    asked = WANTED.search(str(error))
    if asked is None:
        return ""
    size, unit = asked["size"], asked["unit"]
    wanted = f"{int(size) / 2**20:,.0f} MiB" if unit == "bytes" else f"{size} {unit}"
    if device.type != "cuda":
        return f": {wanted} more were needed"
    used = torch.cuda.max_memory_allocated(device) / 2**30
    whole = torch.cuda.get_device_properties(device).total_memory / 2**30
    return f": {wanted} more were needed, beside {used:.1f} GiB in use of {whole:.1f} GiB"


@contextmanager
def enough_memory() -> Iterator[None]:
    """Raise ``UserError`` where networks built inside the block are larger than the memory."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            raise UserError(
                "the networks do not fit into memory. Lower latent_size, fmap_base or fmap_max."
            ) from error
        raise


def autocast(device: torch.device, precision: torch.dtype) -> AbstractContextManager[object]:
    """Compute matrix products and convolutions inside the block in ``precision``; weights stay float32."""
    return nullcontext() if precision == torch.float32 else torch.autocast(device.type, dtype=precision)
