import argparse
import contextlib
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
    parser.add_argument(
        "--fresh", action="store_true", help="start from PyTorch's own initial values"
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
    except KeyboardInterrupt:
        processes.say("Stopped. The weights of the last whole epoch are kept.")
        raise SystemExit(130) from None
    finally:
        if processes.several:
            dist.destroy_process_group()


def train(arguments, processes):
    x, y, test_x, test_y, scale = load_data(arguments.data)
    train_places, validation_places = split(len(y))
    pictures = Pictures(x, y, train_places)
    validation = Pictures(x, y, validation_places)
    test = Pictures(test_x, test_y, range(len(test_y)))
    prepare = Prepare(x, scale, processes.device)

    model = Network()
    if not arguments.fresh:
        model.load_state_dict(load_file(HERE / "weights.safetensors"))
    network = processes.wrap(model.to(processes.device))
    model = network.module if processes.several else model

    each = -(-batch_size(len(pictures)) // processes.count)
    sampler = DistributedSampler(
        pictures, processes.count, processes.rank, seed=OPTIONS["seed"]
    )
    # Batch normalisation cannot work on a last batch of one picture.
    batches = BatchSampler(sampler, each, drop_last=len(sampler) % each == 1 < each)
    loader = DataLoader(pictures, batch_size=None, sampler=batches)
    optimizer = make_optimizer(
        [each for each in network.parameters() if each.requires_grad]
    )
    plateau = scheduler = None
    if OPTIONS["schedule"] == "plateau":
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer,
            factor=OPTIONS["schedule_factor"],
            patience=OPTIONS["schedule_patience"] - 1,
            threshold=0.0,
        )
    else:
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: rate_factor(step / len(loader))
        )

    metrics = {"epochs": []}
    best, waited, seen, seconds = math.inf, 0, 0, 0.0
    for epoch in range(1, OPTIONS["epochs"] + 1):
        began = time.perf_counter()
        sampler.set_epoch(epoch)
        loss, accuracy, count = train_epoch(
            network, loader, prepare, optimizer, scheduler, processes
        )
        took = time.perf_counter() - began
        seen, seconds = seen + count, seconds + took
        found = (
            measure(model, validation, prepare, processes, whole=True)
            if len(validation)
            else (None, None)
        )
        test_loss, test_accuracy = measure(model, test, prepare, processes)
        processes.say(
            f"epoch {epoch:3}  loss {loss:.4f}  accuracy {accuracy:.2%}"
            + (f"  validation {found[1]:.2%}" if len(validation) else "")
            + f"  test accuracy {test_accuracy:.2%}  {took:.1f} s"
        )
        metrics["epochs"].append(
            {
                "epoch": epoch,
                "train_loss": loss,
                "train_accuracy": accuracy,
                "validation_loss": found[0],
                "validation_accuracy": found[1],
                "seconds": took,
            }
        )
        metrics |= {
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "images_per_second": seen / seconds,
        }
        if prepare.mean is not None:
            metrics |= {
                "mean": prepare.mean.flatten().tolist(),
                "spread": prepare.spread.flatten().tolist(),
            }
        if processes.rank == 0:
            save(model, metrics, arguments.out)
        judged = loss if found[0] is None else found[0]
        if plateau is not None:
            plateau.step(judged)
        if found[0] is not None:
            best, waited = (found[0], 0) if found[0] < best else (best, waited + 1)
            if OPTIONS["patience"] and waited >= OPTIONS["patience"]:
                processes.say("The validation loss no longer falls.")
                break


def save(model, metrics, folder):
    """Weights and figures, after each epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: array.cpu().contiguous() for name, array in model.state_dict().items()
    }
    # Whoever stops in the middle of it still has the file from before.
    unfinished = folder / "weights.safetensors.part"
    save_file(weights, unfinished)
    unfinished.replace(folder / "weights.safetensors")
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2), "utf-8")


if __name__ == "__main__":
    main()
