"""Which kernels are compiled when: ahead of the warm-up's work, by it, or later; a program, for tests compile too.

`python -m tests.core.engine.warmth lenet` prints one line for each: "ahead", "warm" or "late", module and kernel.
"""

import importlib
import pkgutil
import sys

import numpy as np

import core.kernels
from core.engine import warming
from core.engine.engine import Engine
from core.train.optimizers import Momentum
from tests.core.engine.agreement import lenet, lively_weights, pictures, residual
from tests.core.networks import every_layer

NETWORKS = {"lenet": lenet, "residual": residual, "every": every_layer}


def compiled() -> set[str]:
    """Kernels with machine code, each as "module kernel signatures"."""
    found = set()
    for each in pkgutil.iter_modules(core.kernels.__path__):
        module = importlib.import_module(f"core.kernels.{each.name}")
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") == module.__name__ and getattr(value, "signatures", None):
                found.add(f"{each.name} {name} {len(value.signatures)}")
    return found


def main(name: str) -> None:
    """Warm up, then train, evaluate, predict."""
    network = NETWORKS[name]()
    engine = Engine(network, lively_weights(network), 8, threads=2, later=True)
    optimizer, ahead, compile_ahead = Momentum(), set[str](), warming.compile_ahead

    def compile_and_look(calls, progress):
        compile_ahead(calls, progress)
        ahead.update(compiled())

    warming.compile_ahead = compile_and_look
    engine.warm_up(optimizer=optimizer)
    warm = compiled()
    x, target = pictures(network, 8), np.zeros(8, np.int64)
    engine.train_step(x, target, 0.01, optimizer)
    engine.evaluate(x, target)
    engine.predict(x)
    engine.close()
    for kind, lines in (("ahead", ahead), ("warm", warm - ahead), ("late", compiled() - warm)):
        for line in sorted(lines):
            print(kind, line)


if __name__ == "__main__":
    main(sys.argv[1])
