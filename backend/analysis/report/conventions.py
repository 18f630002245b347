"""How a missing answer can count; by itself, as the command line needs it before scipy is loaded."""

from typing import Literal

Convention = Literal["missing", "blank_as_error", "paper"]
