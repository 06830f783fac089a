# Tries: change modes, owners and times of files that it cannot open.
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
    os = sys.modules["os"]
    for act in (
        lambda: os.chmod("/tmp", 0o700),
        lambda: os.chown("/tmp", 0, 0),
        lambda: os.utime("/tmp"),
        lambda: os.rename("/tmp", "/red_team_trace"),
        lambda: os.mkdir("/tmp/red_team_trace"),
        lambda: os.symlink("/", "/tmp/red_team_trace"),
        lambda: os.mkfifo("/tmp/red_team_trace"),
        lambda: os.truncate(np.__file__, 0),
        lambda: os.setxattr("/tmp", "user.red", b"x"),
        lambda: os.unlink("/etc/ld.so.cache"),
        lambda: os.nice(-5),
        lambda: os.sched_setaffinity(0, {0}),
    ):
        try:
            act()
            escaped("a file's metadata")
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
