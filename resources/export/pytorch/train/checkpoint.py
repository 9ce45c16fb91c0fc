import json
import math
import pickle

import torch


class Progress:
    """The figures so far, and the weights of the best epoch where training may end early."""

    def __init__(self):
        self.metrics = {"epochs": []}
        self.best, self.best_epoch, self.waited = math.inf, 0, 0
        self.best_weights = None
        self.pictures, self.seconds = 0, 0.0

    @property
    def ended(self):
        """Whether the validation loss has not fallen for too many epochs."""
        return bool(OPTIONS["patience"]) and self.waited >= OPTIONS["patience"]

    def add(self, figures, pictures, model):
        """Count an epoch."""
        self.metrics["epochs"].append(figures)
        self.pictures += pictures
        self.seconds += figures["seconds"]
        self.metrics["images_per_second"] = self.pictures / self.seconds
        loss = figures["validation_loss"]
        if loss is None:
            return
        if loss < self.best:
            self.best, self.best_epoch, self.waited = loss, figures["epoch"], 0
            self.best_weights = weights_of(model) if OPTIONS["patience"] else None
        else:
            self.waited += 1


def weights_of(model):
    """A copy of all weights, on the CPU."""
    return {
        name: array.detach().cpu().contiguous().clone()
        for name, array in model.state_dict().items()
    }


def save(model, metrics, folder):
    """Weights and figures, after each epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = weights_of(model)
    write(folder / "weights.safetensors", lambda path: save_file(weights, path))
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2), "utf-8")


def write(path, how):
    """Whoever stops in the middle of it still has the file from before."""
    unfinished = path.with_name(f"{path.name}.part")
    how(unfinished)
    unfinished.replace(path)


def save_checkpoint(training):
    """All that --resume needs."""
    content = {
        "made": made(),
        "epoch": training.epoch,
        "model": weights_of(training.model),
        "optimizer": training.optimizer.state_dict(),
        "schedule": training.schedule.state_dict(),
        "progress": vars(training.progress),
    }
    write(training.out / "checkpoint.pt", lambda path: torch.save(content, path))


def load_checkpoint(path):
    """What save_checkpoint wrote; nothing in the file is run."""
    if not path.is_file():
        raise SystemExit(f"There is no {path} to go on from. Start without --resume.")
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except (EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise SystemExit(f"{path} is damaged: {error}") from None
    if kept["made"] != made():
        raise SystemExit(
            "config.json names another optimizer or schedule than checkpoint.pt was made with."
        )
    return kept


def made():
    """The options that decide what an optimizer and a schedule remember."""
    return [OPTIONS["optimizer"], OPTIONS["schedule"]]
