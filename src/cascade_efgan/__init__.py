"""Cascade EF-GAN (Wu et al., CVPR 2020), reproduced from photographs to tables."""

__version__ = "0.1.0"
