"""Computer-drawn dermoscopic images ("phantoms"): data free of any licence for demonstrations and tests."""

from training.phantom.folder import SIGNATURE, draw_folder, is_phantom
from training.phantom.recipe import PATTERNS, Phantom, describe
from training.phantom.render import draw

__all__ = ["PATTERNS", "SIGNATURE", "Phantom", "describe", "draw", "draw_folder", "is_phantom"]
