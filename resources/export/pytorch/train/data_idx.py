import gzip


def load_data(path):
    """Pictures N×C×H×W, labels, those of the test part, and the scale of the pixels: four IDX files."""
    folder = place(path)
    found = [
        find(folder, name)
        for name in (
            "train-images-idx3",
            "train-labels-idx1",
            "t10k-images-idx3",
            "t10k-labels-idx1",
        )
    ]
    if found[0] is None or found[1] is None:
        raise SystemExit(
            f"{folder} has no train-images-idx3-ubyte and train-labels-idx1-ubyte (.gz)."
        )
    arrays = [read_idx(file) for file in found if file is not None]
    return parts_of(*(each[:, None] if each.ndim == 3 else each for each in arrays))


def find(folder, name):
    """The file of that name in any of its usual spellings."""
    names = [f"{name}-ubyte{end}" for end in ("", ".gz")]
    names += [each.replace("-idx", ".idx") for each in names]
    return next((folder / each for each in names if (folder / each).is_file()), None)


def read_idx(path):
    """One IDX file: two zero bytes, the type, the number of axes, their lengths, then bytes."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read()
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4).astype(int)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()
