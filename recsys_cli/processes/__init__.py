"""Several processes, on one machine or more, as one: what training needs of ``paddle.distributed``."""
