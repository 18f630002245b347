"""Did a generator memorise? Its samples' nearest training images, against those of held-out reals."""

from training.measure.neighbours.run import neighbours, told

__all__ = ["neighbours", "told"]
