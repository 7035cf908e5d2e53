"""Vectors that can be searched: NumPy and Milvus. The only home of pymilvus."""
