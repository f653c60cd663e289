"""A graph as a kernel of an NVIDIA card, over columns that live there: NVPTX by llvmlite, the driver by ctypes."""
