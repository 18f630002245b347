"""From dermoscopic photographs to a generator and a blinded mix of real and generated images."""
