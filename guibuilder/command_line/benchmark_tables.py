"""What `guibuilder benchmark` prints for people."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from guibuilder.command_line.common import bytes_in_words, count_of, table

if TYPE_CHECKING:
    from core.benchmark.growth import Growth
    from core.benchmark.layer_speeds import LayerSpeed, Way
    from core.benchmark.rounds import Spread
    from core.benchmark.speed import Result, Speed

_NONE = "–"
_BUSY = "Other programs were busy all the time, so disturbed rounds count as well: true speeds are higher."
_UNKNOWN_LOAD = "This system does not tell what other programs use, so no round was left out."


def print_result(results: "Sequence[Result]") -> None:
    """All about a network, and a table of its layers where they were measured."""
    for result in results:
        threads = count_of(result.threads, "thread")
        print(f"{result.network}: batch {result.batch:,}, {threads}, {result.parameters:,} parameters, "
              f"{result.macs:,} multiply-adds a picture")
        print(f"The register tile's peak: {_billions(result.peak_one_thread)} GFLOP/s on one thread, "
              f"{_billions(result.peak_all_threads)} on {result.threads}.\n")
        print(_speeds(result))
        for note in _notes(result):
            print(note)
        if result.layers is not None:
            print(f"\n{_layers(result.layers)}")
        if result.between_layers is not None:
            print(f"Between the layers: {1e3 * result.between_layers.median:,.3f} ms (the loss, bringing the pictures "
                  "into order, threads waiting for each other).")
        print()


def _speeds(result: "Result") -> str:
    variants = list(result.training.torch)
    rows = [["", "Pictures/s", "[min, max]", "GFLOP/s", "Of the peak", *(f"PyTorch {name}" for name in variants),
             *(["Ratio", "[min, max]"] if variants else [])]]
    for name, speed in (("Training", result.training), ("Inference", result.inference)):
        rows.append([name, _count(speed.pictures_per_second), _counts(speed.pictures_per_second),
                     _billions(speed.operations_per_second.median), _percent(speed.share),
                     *(_count(speed.torch[variant]) for variant in variants), *_ratio(speed)])
    return table(rows, "<" + ">" * (len(rows[0]) - 1))


def _notes(result: "Result") -> Iterable[str]:
    theirs = result.torch_memory_bytes
    memory = "not known on this system" if result.memory_bytes is None else bytes_in_words(result.memory_bytes)
    yield f"\nMemory of training: {memory}" + (f"; PyTorch {bytes_in_words(theirs)}." if theirs is not None else ".")
    if result.first_losses is not None:
        yield "The first losses agree: {:.6f} and {:.6f}.".format(*result.first_losses)
    for variant, reason in result.skipped.items():
        yield f"PyTorch {variant} is not there: {reason}."
    speeds = (result.training, result.inference)
    if not all(speed.quiet for speed in speeds):
        yield _BUSY
    elif not all(speed.load_known for speed in speeds):
        yield _UNKNOWN_LOAD
    elif gone := sum(speed.discarded for speed in speeds):
        yield f"{count_of(gone, 'round')} that other programs disturbed {'was' if gone == 1 else 'were'} left out."


def _layers(layers: "Sequence[LayerSpeed]") -> str:
    rows = [["Layer", "Type", "Channels", "Forward", "GFLOP/s", "Of the peak", "Backward", "GFLOP/s", "Of the peak",
             "Kernel"]]
    for layer in layers:
        names, channels = (layer.layer, *layer.together), f"{layer.input_channels} → {layer.output_channels}"
        rows.append([" + ".join(names), layer.type, channels, *_way(layer.forward), *_way(layer.backward),
                     layer.kernel])
    return table(rows, "<<>>>>>>><")


def _way(way: "Way") -> list[str]:
    speed = _NONE if way.operations_per_second is None else _billions(way.operations_per_second.median)
    return [f"{1e3 * way.seconds.median:,.3f} ms", speed, _NONE if way.share is None else _percent(way.share)]


def print_summary(results: "Sequence[Result]") -> None:
    """One line for each network."""
    against = any(result.training.ratio is not None for result in results)
    heads = ["Network", "Training", "Ratio", "[min, max]", "Inference", "Ratio", "[min, max]", "Memory"]
    rows = [heads]
    for result in results:
        memory = _NONE if result.memory_bytes is None else bytes_in_words(result.memory_bytes)
        ratios = [_ratio(speed) or [_NONE, _NONE] for speed in (result.training, result.inference)]
        rows.append([result.network, f"{_count(result.training.pictures_per_second)}/s", *ratios[0],
                     f"{_count(result.inference.pictures_per_second)}/s", *ratios[1], memory])
    keep = [place for place, head in enumerate(heads) if against or head not in ("Ratio", "[min, max]")]
    print(table([[row[place] for place in keep] for row in rows], "<" + ">" * (len(keep) - 1)))


def print_growth(found: "Sequence[Growth]") -> None:
    """How time grows with the work, for one network."""
    if not found:
        return
    print(f"{found[0].network}: a training step with twice the …\n")
    rows = [["Twice the", "Multiply-adds", "Time", "[min, max]", "Time : multiply-adds"]]
    rows += [[each.doubled, f"× {each.macs:.2f}", f"× {each.time.median:.2f}",
              f"[{each.time.low:.2f}, {each.time.high:.2f}]", f"{each.excess.median:.2f}"] for each in found]
    print(table(rows, "<>>>>"))
    if not all(each.quiet for each in found):
        print(_BUSY)
    print()


def _ratio(speed: "Speed") -> list[str]:
    ratio = speed.ratio
    return [] if ratio is None else [f"{ratio.median:.2f}", f"[{ratio.low:.2f}, {ratio.high:.2f}]"]


def _count(spread: "Spread") -> str:
    return f"{spread.median:,.0f}"


def _counts(spread: "Spread") -> str:
    return f"[{spread.low:,.0f}, {spread.high:,.0f}]"


def _billions(value: float) -> str:
    return f"{value / 1e9:,.1f}" if value < 1e11 else f"{value / 1e9:,.0f}"


def _percent(spread: "Spread") -> str:
    return f"{spread.median:.0%}".replace("%", " %")
