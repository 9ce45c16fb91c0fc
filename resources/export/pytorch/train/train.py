import argparse
import contextlib
import gc
import json
import math
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from model import Network
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, Dataset, DistributedSampler

try:
    from safetensors.torch import load_file, save_file
except ImportError:
    raise SystemExit("Install what is missing with: pip install safetensors") from None

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "config.json").read_text("utf-8"))
DATA, OPTIONS, OUTPUTS = CONFIG["data"], CONFIG["training"], CONFIG["outputs"]


# DATA
class Pictures(Dataset):
    """Some pictures of a part; takes a whole batch of places at once."""

    def __init__(self, x, y, places):
        self.x, self.y, self.places = x, y, torch.as_tensor(places)

    def __len__(self):
        return len(self.places)

    def __getitem__(self, batch):
        chosen = self.places[batch]
        return self.x[chosen], self.y[chosen]


class Prepare:
    """Stored pixels as the network takes them: from 0 to 1, then normalised if wanted."""

    def __init__(self, x, scale, device):
        self.scale = scale
        self.mean = self.spread = None
        if DATA["normalise"]:
            mean, spread = mean_and_spread(x, scale)
            self.mean, self.spread = mean.to(device), spread.to(device)
        # AUGMENTER

    def __call__(self, x, training=False):
        x = x.float() * self.scale
        # AUGMENT
        if self.mean is not None:
            x = (x - self.mean) / self.spread
        return x.reshape(len(x), *DATA["shape"])


def mean_and_spread(x, scale):
    """Mean and standard deviation of each channel over the training part."""
    channels = x.shape[1] if len(DATA["shape"]) == 3 else 1
    total, squares = torch.zeros(channels).double(), torch.zeros(channels).double()
    for block in x.split(4096):
        pixels = (block.double() * scale).reshape(len(block), channels, -1)
        total += pixels.sum(dim=(0, 2))
        squares += pixels.square().sum(dim=(0, 2))
    count = x.numel() / channels
    mean = total / count
    spread = (squares / count - mean.square()).clamp(min=1e-8).sqrt()
    shape = (1, channels, 1, 1)
    return tuple(
        (each * 1e4).round().div(1e4).float().view(shape) for each in (mean, spread)
    )


def batch_size(count):
    """How many pictures decide one step over all processes."""
    wanted = {"batch": count, "mini-batch": OPTIONS["batch_size"], "stochastic": 1}
    return min(wanted[OPTIONS["mode"]], count)


def loss_of(output, target, name):
    """One loss, the mean over the batch."""
    if name == "cross-entropy":
        return F.cross_entropy(output, target)
    wanted = F.one_hot(target, output.shape[1]).to(output.dtype)
    if name == "mean-squares":
        return F.mse_loss(output, wanted)
    return 0.5 * (output - wanted).square().sum() / len(output)


def share_out(pictures, processes):
    """This process's share of the pictures in an order drawn for each epoch, and its batches."""
    each = -(-batch_size(len(pictures)) // processes.count)
    sampler = DistributedSampler(
        pictures, processes.count, processes.rank, seed=OPTIONS["seed"]
    )
    # Batch normalisation cannot work on a last batch of one picture.
    batches = BatchSampler(sampler, each, drop_last=len(sampler) % each == 1 < each)
    return sampler, DataLoader(pictures, batch_size=None, sampler=batches)


def run(network, x):
    """All outputs, the main one first, as the losses take them."""
    found = network(x)
    return found if isinstance(found, tuple) else (found,)


def total_loss(outputs, target):
    """The sum of weight times loss over all outputs."""
    parts = (
        each["weight"] * loss_of(output, target, each["loss"])
        for each, output in zip(OUTPUTS, outputs)
    )
    return sum(parts)


def make_optimizer(parameters):
    """The optimizer that config.json names."""
    rate, decay = OPTIONS["learning_rate"], OPTIONS["weight_decay"]
    momentum = OPTIONS["momentum"]
    return {
        "sgd": lambda: torch.optim.SGD(parameters, rate, weight_decay=decay),
        "momentum": lambda: torch.optim.SGD(
            parameters, rate, momentum=momentum, weight_decay=decay
        ),
        "nesterov": lambda: torch.optim.SGD(
            parameters, rate, momentum=momentum, weight_decay=decay, nesterov=True
        ),
        "adagrad": lambda: torch.optim.Adagrad(parameters, rate, weight_decay=decay),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, rate, weight_decay=decay),
        "adam": lambda: torch.optim.Adam(parameters, rate, weight_decay=decay),
        "adamw": lambda: torch.optim.AdamW(parameters, rate, weight_decay=decay),
    }[OPTIONS["optimizer"]]()


def make_schedule(optimizer, steps):
    """What changes the learning rate: after each epoch for plateau, else after each of an epoch's steps."""
    if OPTIONS["schedule"] == "plateau":
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer,
            factor=OPTIONS["schedule_factor"],
            patience=OPTIONS["schedule_patience"] - 1,
            threshold=0.0,
        )
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_factor(step / steps)
    )


class Processes:
    """This process among those that torchrun started, or the only one."""

    def __init__(self, device):
        self.several = "RANK" in os.environ and "WORLD_SIZE" in os.environ
        self.rank = int(os.environ.get("RANK", 0)) if self.several else 0
        self.count = int(os.environ.get("WORLD_SIZE", 1)) if self.several else 1
        self.device = torch.device(device)
        if self.device.type == "cuda" and self.several:
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
            torch.cuda.set_device(self.device)
        if self.several:
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    def add_up(self, numbers):
        """The sums of some numbers over all processes."""
        summed = torch.tensor(numbers, dtype=torch.float64)
        if self.several:
            summed = summed.to(self.device) if self.device.type == "cuda" else summed
            dist.all_reduce(summed)
        return summed.tolist()

    def wrap(self, model):
        """The model, with gradients averaged over all processes."""
        if not self.several:
            return model
        if self.device.type == "cuda":
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        return DistributedDataParallel(model)

    def say(self, text):
        """Print once."""
        if self.rank == 0:
            print(text, flush=True)


@torch.inference_mode()
def measure(model, pictures, prepare, processes, whole=False):
    """Mean loss and accuracy over some pictures; the loss of all outputs where `whole`."""
    model.eval()
    loss, correct, count = 0.0, 0, 0
    mine = torch.arange(processes.rank, len(pictures), processes.count)
    for batch in mine.split(256):
        x, y = (each.to(processes.device) for each in pictures[batch])
        outputs = run(model, prepare(x))
        found = (
            total_loss(outputs, y)
            if whole
            else loss_of(outputs[0], y, OUTPUTS[0]["loss"])
        )
        loss += found.item() * len(y)
        correct += (outputs[0].argmax(dim=1) == y).sum().item()
        count += len(y)
    loss, correct, count = processes.add_up([loss, correct, count])
    return loss / max(count, 1), correct / max(count, 1)


def train_step(network, x, y, optimizer, processes):
    """One step; gives the loss and the number of right answers."""
    most = 512 if OPTIONS["mode"] == "batch" else len(x)
    pieces = list(zip(x.split(most), y.split(most)))
    loss, correct = 0.0, 0
    optimizer.zero_grad()
    for number, (some, wanted) in enumerate(pieces, start=1):
        waits = processes.several and number < len(pieces)
        with network.no_sync() if waits else contextlib.nullcontext():
            outputs = run(network, some)
            part = total_loss(outputs, wanted) * (len(some) / len(x))
            part.backward()
        loss += part.item()
        correct += (outputs[0].argmax(dim=1) == wanted).sum().item()
    if OPTIONS["clip"]:
        nn.utils.clip_grad_norm_(network.parameters(), OPTIONS["clip"])
    optimizer.step()
    return loss, correct


def train_epoch(network, loader, prepare, optimizer, scheduler, processes):
    """One pass over the training pictures; gives mean loss and accuracy, and how many pictures there were."""
    network.train()
    loss, correct, count = 0.0, 0, 0
    for x, y in loader:
        x, y = prepare(x.to(processes.device), training=True), y.to(processes.device)
        found, right = train_step(network, x, y, optimizer, processes)
        if not math.isfinite(found):
            raise SystemExit(
                "The loss is no longer a number. Try a smaller learning rate in config.json."
            )
        loss, correct, count = loss + found * len(y), correct + right, count + len(y)
        if scheduler is not None:
            scheduler.step()
    loss, correct, count = processes.add_up([loss, correct, count])
    return loss / count, correct / count, count


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        help="where the pictures are, if not where config.json says",
    )
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu"
    )
    parser.add_argument("--epochs", type=int, help="instead of those of config.json")
    parser.add_argument("--threads", type=int, help="threads on the CPU")
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--fresh", action="store_true", help="start from PyTorch's own initial values"
    )
    begin.add_argument(
        "--resume", action="store_true", help="go on behind the last whole epoch"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE, help="folder for weights and metrics"
    )
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    OPTIONS["epochs"] = arguments.epochs or OPTIONS["epochs"]
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    processes = Processes(arguments.device)
    torch.manual_seed(OPTIONS["seed"] + processes.rank)
    try:
        train(arguments, processes)
        processes.add_up([0.0])  # so that all of them leave together
    except KeyboardInterrupt:
        processes.say("Stopped. The weights of the last whole epoch are kept.")
        raise SystemExit(130) from None
    finally:
        if processes.several:
            # What is left of the model still holds the group, whose threads have to end
            # before Python does: they would fail for want of it.
            gc.collect()
            dist.destroy_process_group()


def train(arguments, processes):
    training = Training(arguments, processes)
    if arguments.resume:
        training.go_on()
    while training.epoch < OPTIONS["epochs"] and not training.progress.ended:
        training.run_epoch()
    training.end()


class Training:
    """The model with its pictures, optimizer and schedule, and where the training stands."""

    def __init__(self, arguments, processes):
        self.processes, self.out = processes, arguments.out
        self.epoch, self.progress = 0, Progress()
        x, y, test_x, test_y, scale = load_data(arguments.data)
        places, aside = split(len(y))
        self.pictures, self.validation = Pictures(x, y, places), Pictures(x, y, aside)
        self.test = Pictures(test_x, test_y, range(len(test_y)))
        self.prepare = Prepare(x, scale, processes.device)
        model = Network()
        if not arguments.fresh and not arguments.resume:
            model.load_state_dict(load_file(HERE / "weights.safetensors"))
        self.network = processes.wrap(model.to(processes.device))
        self.model = self.network.module if processes.several else model
        self.sampler, self.loader = share_out(self.pictures, processes)
        self.optimizer = make_optimizer(
            [each for each in self.network.parameters() if each.requires_grad]
        )
        self.schedule = make_schedule(self.optimizer, len(self.loader))

    def run_epoch(self):
        """One epoch: train, measure, say and save."""
        self.epoch += 1
        began = time.perf_counter()
        self.sampler.set_epoch(self.epoch)
        # Random numbers follow from the epoch, so that --resume goes on exactly.
        keys = ("epoch", self.epoch, self.processes.rank)
        torch.manual_seed(int(random_numbers(*keys).integers(2**62)))
        each_step = None if OPTIONS["schedule"] == "plateau" else self.schedule
        loss, accuracy, count = train_epoch(
            self.network,
            self.loader,
            self.prepare,
            self.optimizer,
            each_step,
            self.processes,
        )
        figures = {
            "epoch": self.epoch,
            "train_loss": loss,
            "train_accuracy": accuracy,
            "validation_loss": None,
            "validation_accuracy": None,
            "seconds": time.perf_counter() - began,
        }
        if len(self.validation):
            figures["validation_loss"], figures["validation_accuracy"] = measure(
                self.model, self.validation, self.prepare, self.processes, whole=True
            )
        judged = figures["validation_loss"]
        if OPTIONS["schedule"] == "plateau":
            self.schedule.step(loss if judged is None else judged)
        self.progress.add(figures, count, self.model)
        self.measure_test()
        self.say(figures)
        if self.processes.rank == 0:
            save(self.model, self.progress.metrics, self.out)
            save_checkpoint(self)

    def measure_test(self):
        """The figures of the test part, with the weights as they are."""
        metrics = self.progress.metrics
        metrics["test_loss"], metrics["test_accuracy"] = measure(
            self.model, self.test, self.prepare, self.processes
        )
        if self.prepare.mean is not None:
            metrics["mean"] = self.prepare.mean.flatten().tolist()
            metrics["spread"] = self.prepare.spread.flatten().tolist()

    def say(self, figures):
        """One line for the epoch."""
        test, found = self.progress.metrics["test_accuracy"], figures
        known = found["validation_accuracy"] is not None
        self.processes.say(
            f"epoch {found['epoch']:3}  loss {found['train_loss']:.4f}"
            f"  accuracy {found['train_accuracy']:.2%}"
            + (f"  validation {found['validation_accuracy']:.2%}" if known else "")
            + f"  test accuracy {test:.2%}  {found['seconds']:.1f} s"
        )

    def end(self):
        """Where training may end early, the weights of the best epoch are the result."""
        progress = self.progress
        if progress.ended:
            self.processes.say("The validation loss no longer falls.")
        if progress.best_weights is None:
            return
        self.processes.say(f"The weights are those of epoch {progress.best_epoch}.")
        self.model.load_state_dict(progress.best_weights)
        progress.metrics["best_epoch"] = progress.best_epoch
        self.measure_test()
        if self.processes.rank == 0:
            save(self.model, progress.metrics, self.out)

    def go_on(self):
        """Take up the training that stopped behind the epoch of checkpoint.pt."""
        kept = load_checkpoint(self.out / "checkpoint.pt")
        try:
            self.model.load_state_dict(kept["model"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.schedule.load_state_dict(kept["schedule"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise SystemExit(
                f"checkpoint.pt belongs to another network: {error}"
            ) from None
        self.epoch = kept["epoch"]
        vars(self.progress).update(kept["progress"])
        if self.epoch >= OPTIONS["epochs"]:
            raise SystemExit(
                f"All {self.epoch} epochs are done. More: --resume --epochs N"
            )


if __name__ == "__main__":
    main()
