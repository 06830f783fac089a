"""PyTorch on one thread: the arrays are small, and two libraries' threads would wait for each other."""

import torch

torch.set_num_threads(1)
