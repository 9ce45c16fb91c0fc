"""The layers of the exported NumPy script: each as a short function. Only those that a network uses are copied.

x are pictures [N, channels, height, width] or vectors [N, numbers]; padding is (top, left, bottom, right) in pixels.
"""

import numpy as np


def pad(x, padding, value=0.0):
    """Rows and columns of one value around each feature map."""
    top, left, bottom, right = padding
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def windows(x, kernel, stride):
    """Every place of a sliding window: [N, channels, rows, columns, kernel height, kernel width]."""
    views = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return views[:, :, ::stride[0], ::stride[1]]


def per_channel(values, x):
    """One number per channel, shaped so that it meets every pixel of its channel in x."""
    return values.reshape(-1, 1, 1) if x.ndim == 4 else values


def conv2d(x, weight, bias=None, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1):
    """y[o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[c, i * stride + a * dilation, j * ...]."""
    if groups > 1:  # each group of filters sees its own group of channels only
        xs, weights = np.split(x, groups, axis=1), np.split(weight, groups)
        maps = [conv2d(part, w, None, stride, padding, dilation) for part, w in zip(xs, weights)]
        y = np.concatenate(maps, axis=1)
    else:
        x = pad(x, padding)
        filters, channels, height, width = weight.shape
        rows = (x.shape[2] - dilation[0] * (height - 1) - 1) // stride[0] + 1
        columns = (x.shape[3] - dilation[1] * (width - 1) - 1) // stride[1] + 1
        y = np.zeros((len(x), filters, rows * columns), x.dtype)
        for a in range(height):
            for b in range(width):
                # What position (a, b) of the filters sees as they slide over the picture.
                top, left = a * dilation[0], b * dilation[1]
                seen = x[:, :, top:top + (rows - 1) * stride[0] + 1:stride[0],
                         left:left + (columns - 1) * stride[1] + 1:stride[1]]
                y += np.ascontiguousarray(weight[:, :, a, b]) @ seen.reshape(len(x), channels, -1)
        y = y.reshape(len(x), filters, rows, columns)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def dense(x, weight, bias=None):
    """y[j] = bias[j] + sum over i of weight[j, i] * x[i]."""
    y = x @ weight.T
    return y if bias is None else y + bias


def maxout(x, weight, bias=None):
    """Several dense layers at once, of which each unit keeps the largest answer; weight [pieces, units, inputs]."""
    pieces = [dense(x, weight[p], None if bias is None else bias[p]) for p in range(len(weight))]
    return np.max(pieces, axis=0)


def flatten(x):
    """All numbers of a picture in a row: channel by channel, in each row by row."""
    return x.reshape(len(x), -1)


def reshape(x, shape):
    """The same numbers in another shape."""
    return x.reshape(len(x), *shape)


def max_pool(x, kernel, stride, padding=(0, 0, 0, 0)):
    """The largest number of each window; padding never wins."""
    return windows(pad(x, padding, -np.inf), kernel, stride).max(axis=(4, 5))


def average_pool(x, kernel, stride, padding=(0, 0, 0, 0)):
    """The mean of each window over its real pixels; padding does not count."""
    ones = pad(np.ones((1, 1, *x.shape[2:]), x.dtype), padding)
    counts = windows(ones, kernel, stride).sum(axis=(4, 5))
    return windows(pad(x, padding), kernel, stride).sum(axis=(4, 5)) / np.maximum(counts, 1)


def average_pool_counting(x, kernel, stride, padding=(0, 0, 0, 0), over=(0, 0)):
    """The mean of each window with the padding's zeros; what hangs over (rows, columns) at the end does not count."""
    behind = (0, 0, *over)
    ones = pad(pad(np.ones((1, 1, *x.shape[2:]), x.dtype), padding, 1.0), behind)
    counts = windows(ones, kernel, stride).sum(axis=(4, 5))
    return windows(pad(pad(x, padding), behind), kernel, stride).sum(axis=(4, 5)) / np.maximum(counts, 1)


def l2_pool(x, kernel, stride, padding=(0, 0, 0, 0)):
    """The length of each window: the root of the sum of its squares."""
    return np.sqrt((windows(pad(x, padding), kernel, stride) ** 2).sum(axis=(4, 5)))


def gaussian_pool(x, kernel, stride, padding=(0, 0, 0, 0), sigma=1.0):
    """A mean of each window with the weights exp(-d^2 / (2 sigma^2)) at the distance d from its centre."""
    rows, columns = ((np.arange(size) - (size - 1) / 2) ** 2 for size in kernel)
    squares = rows[:, None] + columns
    bell = np.exp(-(squares - squares.min()) / (2 * sigma ** 2))
    return (windows(pad(x, padding), kernel, stride) * (bell / bell.sum()).astype(x.dtype)).sum(axis=(4, 5))


def channel_max_pool(x, size):
    """The largest of every `size` neighbouring channels."""
    return x.reshape(len(x), -1, size, *x.shape[2:]).max(axis=2)


def channel_average_pool(x, size):
    """The mean of every `size` neighbouring channels."""
    return x.reshape(len(x), -1, size, *x.shape[2:]).mean(axis=2)


def global_average_pool(x):
    """The mean of each whole feature map."""
    return x.mean(axis=(2, 3))


def global_max_pool(x):
    """The largest number of each whole feature map."""
    return x.max(axis=(2, 3))


def relu(x):
    """max(x, 0)."""
    return np.maximum(x, 0)


def leaky_relu(x, slope):
    """x above zero, slope * x below."""
    return np.where(x > 0, x, np.float32(slope) * x)


def prelu(x, slopes):
    """Like leaky_relu, with a learned slope for each channel."""
    return np.where(x > 0, x, per_channel(slopes, x) * x)


def elu(x, alpha):
    """x above zero, alpha * (e^x - 1) below."""
    return np.where(x > 0, x, np.float32(alpha) * np.expm1(np.minimum(x, 0)))


def apl(x, slopes, offsets):
    """max(x, 0) + sum over s of slopes[s] * max(0, offsets[s] - x), for each channel."""
    y = np.maximum(x, 0)
    for slope, offset in zip(slopes, offsets):
        y = y + per_channel(slope, x) * np.maximum(0, per_channel(offset, x) - x)
    return y


def softplus(x):
    """ln(1 + e^x), written so that e^x never overflows."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def centred_softplus(x):
    """ln(1 + e^x) - ln 2, which is 0 at 0."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))) - np.float32(np.log(2))


def sigmoid(x):
    """1 / (1 + e^-x), written so that nothing overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def tanh(x):
    """(e^x - e^-x) / (e^x + e^-x)."""
    return np.tanh(x)


def softmax(x):
    """e^x[j] / sum over i of e^x[i]; the largest is subtracted first so that nothing overflows."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def batch_norm(x, weight, bias, mean, variance, epsilon):
    """weight * (x - mean) / sqrt(variance + epsilon) + bias, with the running mean and variance of the training."""
    scale = weight / np.sqrt(variance + np.float32(epsilon))
    return per_channel(scale, x) * (x - per_channel(mean, x)) + per_channel(bias, x)


def local_response_norm(x, size, alpha, beta, k):
    """x / (k + alpha / size * sum of the squares of `size` neighbouring channels) ^ beta."""
    before, after = size // 2, (size - 1) // 2
    squares = np.pad(x * x, ((0, 0), (before, after), *((0, 0),) * (x.ndim - 2)))
    total = sum(squares[:, shift:shift + x.shape[1]] for shift in range(size))
    return x * (np.float32(k) + np.float32(alpha / size) * total) ** np.float32(-beta)


def scale(x, weight, bias):
    """weight * x + bias, for each channel."""
    return per_channel(weight, x) * x + per_channel(bias, x)


def add(*inputs):
    """The sum of all inputs, number by number."""
    return sum(inputs[1:], inputs[0])


def concatenate(*inputs):
    """The channels of all inputs behind each other."""
    return np.concatenate(inputs, axis=1)
