"""Wrong: the convolution is borrowed from a package that students may not use."""

import torch
import torch.nn.functional as F


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.weight = self.bias = None
        self.stride, self.padding = stride, padding

    def forward(self, x):
        self.x = torch.tensor(x, requires_grad=True)
        self.w = torch.tensor(self.weight, requires_grad=True)
        self.b = torch.tensor(self.bias, requires_grad=True)
        self.output = F.conv2d(self.x, self.w, self.b, stride=self.stride, padding=self.padding)
        return self.output.detach().numpy()

    def backward(self, grad_output):
        self.output.backward(torch.tensor(grad_output))
        self.grad_weight, self.grad_bias = self.w.grad.numpy(), self.b.grad.numpy()
        return self.x.grad.numpy()
