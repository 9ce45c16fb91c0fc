"""The end of the exported NumPy script: reading pictures and saying what they show."""

import sys

import numpy as np

CLASSES, INPUTS, INPUT_SHAPES = [], [], []


def forward(x):
    """Stands for the network's own."""
    return x


# begin
def predict(*inputs, batch=64):
    """The network's answers for float32 pictures from 0 (black) to 1 (white), a batch at a time to save memory."""
    starts = range(0, len(inputs[0]), batch)
    answers = [forward(*(x[start:start + batch] for x in inputs)) for start in starts]
    # Of several outputs the first is the main one.
    return np.concatenate([answer[0] if isinstance(answer, tuple) else answer for answer in answers])


def read(path):
    """The pictures in a .npy, or in a .npz: by the inputs' names, or as x_test, or as its only array."""
    found = np.load(path, allow_pickle=False)
    if not isinstance(found, np.ndarray):
        names = INPUTS if all(name in found for name in INPUTS) else ["x_test" if "x_test" in found else found.files[0]]
        return [as_pictures(found[name], shape) for name, shape in zip(names, INPUT_SHAPES)]
    return [as_pictures(found, INPUT_SHAPES[0])]


def as_pictures(x, shape):
    """Whole numbers from 0 to 255 become 0 to 1; one picture becomes a batch of one."""
    x = x / np.float32(255) if x.dtype == np.uint8 else x.astype(np.float32)
    if x.size % np.prod(shape):
        sys.exit(f"The pictures must be {'x'.join(map(str, shape))} (channels x height x width) but are {x.shape}.")
    return x.reshape(-1, *shape)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("Use: python model.py PICTURES.npy [ANSWERS.npy]")
    answers = predict(*read(sys.argv[1]))
    if len(sys.argv) == 3:
        np.save(sys.argv[2], answers)
    else:
        for number, answer in enumerate(answers.reshape(len(answers), -1)):
            best = answer.argmax()
            print(f"picture {number}: {CLASSES[best] if best < len(CLASSES) else best} ({answer[best]:.4f})")
