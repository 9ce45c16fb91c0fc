from collections import Counter

from PIL import Image

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pbm")


def load_data(path):
    """Pictures N×C×H×W, labels, those of the test part, and the scale of the pixels: a folder for each class."""
    folder = place(path)
    train = folder / "train" if (folder / "train").is_dir() else folder
    test = folder / "test" if train != folder and (folder / "test").is_dir() else None
    classes = sorted(
        each.name
        for each in train.iterdir()
        if each.is_dir() and each.name[0] not in "._"
    )
    files = list_files(train, classes)
    size = common_size([file for file, _ in files])
    return parts_of(
        *read_files(files, size),
        *(read_files(list_files(test, classes), size) if test else ()),
    )


def list_files(root, classes):
    """Every picture with the number of its class."""
    return [
        (file, number)
        for number, name in enumerate(classes)
        for file in sorted((root / name).iterdir())
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".")
    ]


def common_size(files):
    """The commonest width and height, at most 256 on a side."""
    counts = Counter(size_of(file) for file in files)
    width, height = min(counts, key=lambda size: (-counts[size], size[0] * size[1]))
    shrink = max(1.0, max(width, height) / 256)
    return max(1, round(width / shrink)), max(1, round(height / shrink))


def size_of(file):
    """Width and height of one picture."""
    with Image.open(file) as image:
        return image.size


def read_files(files, size):
    """All pictures of one size, in grey or in colour as the network takes them."""
    grey = DATA["pictures"][0] == 1
    x = np.zeros((len(files), 1 if grey else 3, size[1], size[0]), np.uint8)
    for number, (file, _) in enumerate(files):
        with Image.open(file) as image:
            picture = image.convert("L" if grey else "RGB")
            if picture.size != size:
                picture = picture.resize(size, Image.Resampling.BILINEAR)
            pixels = np.asarray(picture)
        x[number] = pixels if grey else pixels.transpose(2, 0, 1)
    return x, np.array([label for _, label in files])
