"""Trains the network of model.py: python train.py [--epochs N] [--fresh]

The options lie in config.json, the pictures in data.npz. Starts from weights.npz, and writes it and history.csv.
"""

import argparse
import csv
import hashlib
import json
import math
from pathlib import Path

import keras
import model as network
import numpy as np
from keras import ops

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "config.json").read_text("utf-8"))
DATA, OPTIONS, OUTPUTS = CONFIG["data"], CONFIG["training"], CONFIG["outputs"]


# COMMON
class Pictures(keras.utils.PyDataset):
    """Batches of pictures, height × width × channels from 0 to 1, with one target for each output."""

    def __init__(self, x, y, scale, places, size, training=False):
        super().__init__()
        self.x, self.y, self.scale, self.places, self.size = x, y, scale, places, size
        self.training, self.epoch, self.order = training, 0, places
        self.augment = Augment(x, scale) if training and DATA["augment"] else None
        self.next_epoch()

    def next_epoch(self):
        """In training, the pictures come in a new order."""
        if self.training:
            self.epoch += 1
            self.order = random_numbers("shuffle", self.epoch).permutation(self.places)

    def __len__(self):
        return math.ceil(len(self.places) / self.size)

    def __getitem__(self, number):
        chosen = self.order[number * self.size:(number + 1) * self.size]
        x = self.x[chosen].astype(np.float32) * np.float32(self.scale)
        if self.augment is not None:
            x = self.augment(x, random_numbers("augmentation", self.epoch, number))
        y = self.y[chosen]
        return (np.moveaxis(x, 1, -1) if x.ndim == 4 else x), (y if len(OUTPUTS) == 1 else (y,) * len(OUTPUTS))


class Augment:
    """Changes training pictures [N, channels, height, width] a little: cut, tinted, shifted, mirrored."""

    def __init__(self, x, scale):
        self.how = DATA["augment"]
        self.colours = None
        if self.how["rgb_pca"] and x.shape[1] == 3:
            # Eigenvectors of the colours' covariance, each times its eigenvalue (Krizhevsky and others, 2012).
            pixels = np.moveaxis(x[:5000], 1, 0).reshape(3, -1) * scale
            values, vectors = np.linalg.eigh(np.cov(pixels))
            self.colours = vectors * np.maximum(values, 0)

    def __call__(self, x, rng):
        height, width = x.shape[2:]
        if self.how["crop"]:
            size = [max(1, round(self.how["crop_share"] * side)) for side in (height, width)]
            cut = np.moveaxis(windows(x, *size, rng), 1, -1)
            x = np.moveaxis(ops.convert_to_numpy(ops.image.resize(cut, (height, width), data_format="channels_last")),
                            -1, 1)
        if self.colours is not None:
            alpha = rng.normal(0, self.how["rgb_pca_by"], (len(x), 3))
            x = x + (alpha @ self.colours.T)[:, :, None, None].astype(np.float32)
        if self.how["translate"]:
            down, right = (self.how["translate_by"] or math.ceil(side / 10) for side in (height, width))
            x = windows(np.pad(x, ((0, 0), (0, 0), (down, down), (right, right))), height, width, rng)
        if self.how["reflect"]:
            x = np.where(rng.random((len(x), 1, 1, 1)) < 0.5, x[..., ::-1], x)
        return np.ascontiguousarray(x)


def windows(x, height, width, rng):
    """A window of that size out of each picture, at a place drawn for each."""
    tops = rng.integers(x.shape[2] - height + 1, size=len(x))
    lefts = rng.integers(x.shape[3] - width + 1, size=len(x))
    return np.stack([picture[:, top:top + height, left:left + width]
                     for picture, top, left in zip(x, tops, lefts)])


def mean_squares(y, output):
    """The squares of the differences to the target, mean over the outputs."""
    return ops.mean(ops.square(output - ops.one_hot(ops.reshape(y, (-1,)), output.shape[-1])), axis=-1)


def sum_of_squares(y, output):
    """Half of the sum of the squares of the differences to the target."""
    return 0.5 * output.shape[-1] * mean_squares(y, output)


def loss_of(name):
    """A loss by its name; cross-entropy takes scores, which is exact and cannot overflow."""
    if name == "cross-entropy":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return {"mean-squares": mean_squares, "sum-of-squares": sum_of_squares}[name]


def make_optimizer():
    """The optimizer that config.json names. Where the formula wants ε outside of the root, ε² stands inside."""
    kinds, momentum, decay = keras.optimizers, OPTIONS["momentum"], OPTIONS["weight_decay"]
    kind, more = {
        "sgd": (kinds.SGD, {}), "momentum": (kinds.SGD, {"momentum": momentum}),
        "nesterov": (kinds.SGD, {"momentum": momentum, "nesterov": True}),
        "adagrad": (kinds.Adagrad, {"initial_accumulator_value": 0.0, "epsilon": 1e-20}),
        "rmsprop": (kinds.RMSprop, {"rho": 0.99, "epsilon": 1e-16}),
        "adam": (kinds.Adam, {"epsilon": 1e-8}), "adamw": (kinds.AdamW, {"epsilon": 1e-8, "weight_decay": decay}),
    }[OPTIONS["optimizer"]]
    beside = decay if OPTIONS["optimizer"] != "adamw" else 0.0

    class Optimizer(kind):
        """Shortens the gradient over all weights first, then adds the weight decay to it."""

        def apply(self, grads, trainable_variables=None):
            grads = list(grads)
            variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
            if OPTIONS["clip"]:
                length = ops.sqrt(sum(ops.sum(ops.square(each)) for each in grads))
                grads = [each * ops.minimum(1.0, OPTIONS["clip"] / (length + 1e-6)) for each in grads]
            if beside:
                grads = [each + beside * ops.convert_to_tensor(variable) for each, variable in zip(grads, variables)]
            return super().apply(grads, trainable_variables)

    return Optimizer(learning_rate=OPTIONS["learning_rate"], **more)


class Schedule(keras.callbacks.Callback):
    """Sets the learning rate before each step."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        done = self.epoch + batch / self.params["steps"]
        self.model.optimizer.learning_rate = OPTIONS["learning_rate"] * rate_factor(done)


def callbacks(validates):
    """What happens beside the steps."""
    watched = "val_loss" if validates else "loss"
    found = [Schedule()]
    if OPTIONS["schedule"] == "plateau":
        found = [keras.callbacks.ReduceLROnPlateau(watched, OPTIONS["schedule_factor"], OPTIONS["schedule_patience"],
                                                   min_delta=0.0)]
    if OPTIONS["patience"] and validates:
        found.append(keras.callbacks.EarlyStopping("val_loss", patience=OPTIONS["patience"],
                                                   restore_best_weights=True))
    return found


def write_history(path, logs, accuracy):
    """One row for each epoch."""
    names = {"train_loss": "loss", "train_accuracy": accuracy, "validation_loss": "val_loss",
             "validation_accuracy": f"val_{accuracy}"}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *names])
        for epoch in range(len(logs.get("loss", ()))):
            writer.writerow([epoch + 1, *(logs[key][epoch] if key in logs else "" for key in names.values())])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE / "data.npz", help="x_train [N, channels, height, width] and "
                        "y_train, x_test and y_test, scale (what pixels are multiplied by)")
    parser.add_argument("--epochs", type=int, help="instead of those of config.json")
    parser.add_argument("--fresh", action="store_true", help="start from Keras's own initial values")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for weights.npz and history.csv")
    arguments = parser.parse_args()
    OPTIONS["epochs"] = arguments.epochs or OPTIONS["epochs"]
    keras.utils.set_random_seed(OPTIONS["seed"])
    if not arguments.data.is_file():
        raise SystemExit(f"There is no {arguments.data}. Name the pictures with --data.")
    with np.load(arguments.data, allow_pickle=False) as arrays:
        x, y, scale = arrays["x_train"], arrays["y_train"], float(arrays["scale"])
        test_x, test_y = arrays["x_test"], arrays["y_test"]

    whole = network.build() if arguments.fresh else network.load()
    heads = [whole.get_layer(each["layer"]).output for each in OUTPUTS]
    trained = keras.Model(whole.inputs, heads if len(heads) > 1 else heads[0])
    several = len(OUTPUTS) > 1
    trained.compile(make_optimizer(), [loss_of(each["loss"]) for each in OUTPUTS] if several else
                    loss_of(OUTPUTS[0]["loss"]), loss_weights=[each["weight"] for each in OUTPUTS] if several else None,
                    metrics=[["sparse_categorical_accuracy"], *([] for _ in OUTPUTS[1:])] if several else
                    ["sparse_categorical_accuracy"])
    places, aside = split(len(y))
    size = {"batch": len(places), "mini-batch": OPTIONS["batch_size"], "stochastic": 1}[OPTIONS["mode"]]
    validation = Pictures(x, y, scale, aside, 256) if len(aside) else None
    training = Pictures(x, y, scale, places, min(size, len(places)), training=True)
    try:
        trained.fit(training, epochs=OPTIONS["epochs"], validation_data=validation, shuffle=False, verbose=2,
                    callbacks=[Reorder(training), *callbacks(validation is not None)])
    except KeyboardInterrupt:
        print("Stopped; what was learned so far is kept.")
    test = trained.evaluate(Pictures(test_x, test_y, scale, np.arange(len(test_y)), 256), verbose=0, return_dict=True)
    accuracy = next(name for name in test if name.endswith("accuracy"))
    print(f"test accuracy {test[accuracy]:.2%}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    network.save(whole, arguments.out / "weights.npz")
    write_history(arguments.out / "history.csv", trained.history.history, accuracy)


class Reorder(keras.callbacks.Callback):
    """Puts the pictures into a new order before every epoch but the first."""

    def __init__(self, pictures):
        super().__init__()
        self.pictures = pictures

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self.pictures.next_epoch()


if __name__ == "__main__":
    main()
