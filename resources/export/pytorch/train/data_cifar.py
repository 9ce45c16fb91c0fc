import tarfile


def load_data(path):
    """Pictures N×C×H×W, labels, those of the test part, and the scale of the pixels: CIFAR's binary archive."""
    archive = place(path)
    archive = next(archive.glob("*.tar.gz"), archive) if archive.is_dir() else archive
    parts = {"train": [], "test": []}
    with tarfile.open(archive) as members:
        for member in sorted(members.getmembers(), key=lambda each: each.name):
            name = Path(member.name).name
            if name.endswith(".bin"):
                part = "test" if name.startswith("test") else "train"
                parts[part].append(
                    read_records(members.extractfile(member).read(), name)
                )
    train, test = (
        [np.concatenate(each) for each in zip(*parts[name])]
        for name in ("train", "test")
    )
    return parts_of(*train, *test)


def read_records(content, name):
    """A label (CIFAR-100: a coarse one before it) and 3×32×32 pixels each."""
    labels = 2 if name in ("train.bin", "test.bin") else 1
    records = np.frombuffer(content, np.uint8).reshape(-1, labels + 3072)
    return records[:, labels:].reshape(-1, 3, 32, 32), records[:, labels - 1]
