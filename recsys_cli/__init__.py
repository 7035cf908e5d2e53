"""Movie recommendations: a PaddlePaddle two-tower model served by Milvus."""

__version__ = "1.0.0"
