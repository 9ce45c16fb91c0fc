"""Layers that Keras lacks, for the exported model. Only those that a network uses are copied.

x are pictures [N, height, width, channels] or vectors [N, numbers]; padding is (top, left, bottom, right) in pixels.
"""

import keras
import numpy as np
from keras import layers, ops


def pad(x, padding, value=0.0):
    """Rows and columns of one value around each feature map."""
    top, left, bottom, right = padding
    return ops.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value)


@keras.saving.register_keras_serializable("exported")
class PadWith(layers.Layer):
    """Rows and columns of one value around each feature map; ZeroPadding2D with any value."""

    def __init__(self, padding, value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.padding, self.value = tuple(padding), float(value)

    def call(self, x):
        return pad(x, self.padding, self.value)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding, "value": self.value}


@keras.saving.register_keras_serializable("exported")
class EveryPixel(layers.Layer):
    """Keeps every so many rows and columns. Keras has no strides together with dilation, so they follow as this."""

    def __init__(self, strides, **kwargs):
        super().__init__(**kwargs)
        self.strides = tuple(strides)

    def call(self, x):
        return x[:, ::self.strides[0], ::self.strides[1]]

    def get_config(self):
        return {**super().get_config(), "strides": self.strides}


@keras.saving.register_keras_serializable("exported")
class MeanPool2D(layers.Layer):
    """The mean of each window over the real pixels and those of the padding that count."""

    def __init__(self, pool_size, strides, padding, counted=(0, 0, 0, 0), **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides = tuple(pool_size), tuple(strides)
        self.padding, self.counted = tuple(padding), tuple(counted)

    def build(self, input_shape):
        top, left, bottom, right = self.counted
        ones = np.pad(np.ones(input_shape[1:3]), ((top, bottom), (left, right)), constant_values=1)
        before = self.padding[0] - top, self.padding[1] - left
        behind = self.padding[2] - bottom, self.padding[3] - right
        ones = np.pad(ones, ((before[0], behind[0]), (before[1], behind[1])))
        windows = np.lib.stride_tricks.sliding_window_view(ones, self.pool_size)
        counts = windows[::self.strides[0], ::self.strides[1]].sum(axis=(2, 3))
        area = self.pool_size[0] * self.pool_size[1]
        self.share = (area / np.maximum(counts, 1)).astype("float32")[..., None]

    def call(self, x):
        x = pad(x, self.padding)
        mean = ops.average_pool(x, self.pool_size, self.strides, "valid", data_format="channels_last")
        return mean * ops.convert_to_tensor(self.share)

    def get_config(self):
        more = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding, "counted": self.counted}
        return {**super().get_config(), **more}


@keras.saving.register_keras_serializable("exported")
class L2Pool2D(layers.Layer):
    """The length of each window: the root of the sum of its squares."""

    def __init__(self, pool_size, strides, padding=(0, 0, 0, 0), **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.padding = tuple(pool_size), tuple(strides), tuple(padding)

    def call(self, x):
        squares = ops.square(pad(x, self.padding))
        mean = ops.average_pool(squares, self.pool_size, self.strides, "valid", data_format="channels_last")
        # The slope of the root is infinite at 0, which would spoil the training.
        return ops.sqrt(ops.maximum(mean * (self.pool_size[0] * self.pool_size[1]), 1e-30))

    def get_config(self):
        more = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **more}


@keras.saving.register_keras_serializable("exported")
class GaussianPool2D(layers.Layer):
    """A mean of each window with the weights exp(-d^2 / (2 sigma^2)) at the distance d from its centre."""

    def __init__(self, pool_size, strides, padding=(0, 0, 0, 0), sigma=1.0, **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.padding = tuple(pool_size), tuple(strides), tuple(padding)
        self.sigma = sigma

    def call(self, x):
        x = pad(x, self.padding)
        rows = (x.shape[1] - self.pool_size[0]) // self.strides[0] + 1
        columns = (x.shape[2] - self.pool_size[1]) // self.strides[1] + 1
        y = 0.0
        for (a, b), weight in np.ndenumerate(self.bell()):
            y = y + float(weight) * x[:, a:a + (rows - 1) * self.strides[0] + 1:self.strides[0],
                                      b:b + (columns - 1) * self.strides[1] + 1:self.strides[1]]
        return y

    def bell(self):
        """The weights [height, width], which add up to 1."""
        rows, columns = ((np.arange(size) - (size - 1) / 2) ** 2 for size in self.pool_size)
        squares = rows[:, None] + columns
        bell = np.exp(-(squares - squares.min()) / (2 * self.sigma ** 2))
        return bell / bell.sum()

    def get_config(self):
        more = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding, "sigma": self.sigma}
        return {**super().get_config(), **more}


@keras.saving.register_keras_serializable("exported")
class ChannelPool(layers.Layer):
    """The largest ("max") or the mean ("average") of every `size` neighbouring channels."""

    def __init__(self, size, mode="max", **kwargs):
        super().__init__(**kwargs)
        self.size, self.mode = size, mode

    def call(self, x):
        groups = ops.reshape(x, (-1, *x.shape[1:-1], x.shape[-1] // self.size, self.size))
        return ops.max(groups, axis=-1) if self.mode == "max" else ops.mean(groups, axis=-1)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "mode": self.mode}


@keras.saving.register_keras_serializable("exported")
class LocalResponseNorm(layers.Layer):
    """x / (k + alpha / size * sum of the squares of `size` neighbouring channels) ^ beta."""

    def __init__(self, size=5, alpha=1e-4, beta=0.75, k=1.0, **kwargs):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x):
        channels = x.shape[-1]
        before, after = min(self.size // 2, channels - 1), min((self.size - 1) // 2, channels - 1)
        squares = ops.pad(ops.square(x), ((0, 0),) * (len(x.shape) - 1) + ((before, after),))
        total = sum(squares[..., shift:shift + channels] for shift in range(before + after + 1))
        return x * ops.power(self.k + self.alpha / self.size * total, -self.beta)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "alpha": self.alpha, "beta": self.beta, "k": self.k}


@keras.saving.register_keras_serializable("exported")
class Maxout(layers.Layer):
    """Several dense layers at once, of which each unit keeps the largest answer."""

    def __init__(self, units, pieces=2, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.units, self.pieces, self.use_bias = units, pieces, use_bias

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(self.pieces, input_shape[-1], self.units))
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.pieces, 1, self.units), initializer="zeros")

    def call(self, x):
        y = ops.einsum("ni,piu->pnu", x, self.kernel)
        return ops.max(y + self.bias if self.use_bias else y, axis=0)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "pieces": self.pieces, "use_bias": self.use_bias}


@keras.saving.register_keras_serializable("exported")
class APL(layers.Layer):
    """max(x, 0) + sum over s of slopes[s] * max(0, offsets[s] - x), for each channel."""

    def __init__(self, segments=2, **kwargs):
        super().__init__(**kwargs)
        self.segments = segments

    def build(self, input_shape):
        shape = (self.segments, input_shape[-1])
        self.slopes = self.add_weight(name="slopes", shape=shape, initializer="zeros")
        self.offsets = self.add_weight(name="offsets", shape=shape, initializer="random_normal")

    def call(self, x):
        y = ops.relu(x)
        for number in range(self.segments):
            y = y + self.slopes[number] * ops.relu(self.offsets[number] - x)
        return y

    def get_config(self):
        return {**super().get_config(), "segments": self.segments}


@keras.saving.register_keras_serializable("exported")
class Scale(layers.Layer):
    """gamma * x + beta, for each channel."""

    def build(self, input_shape):
        self.gamma = self.add_weight(name="gamma", shape=(input_shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(input_shape[-1],), initializer="zeros")

    def call(self, x):
        return self.gamma * x + self.beta


@keras.saving.register_keras_serializable("exported")
class RReLU(layers.Layer):
    """x above zero; below it x times a slope drawn anew for every number in training, and the middle one at use."""

    def __init__(self, low, high, **kwargs):
        super().__init__(**kwargs)
        self.low, self.high = low, high
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x, training=False):
        slope = (self.low + self.high) / 2
        if training:
            slope = keras.random.uniform(ops.shape(x), self.low, self.high, seed=self.seed_generator)
        return ops.where(x > 0, x, slope * x)

    def get_config(self):
        return {**super().get_config(), "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("exported")
class NoisyReLU(layers.Layer):
    """max(0, x + noise), the noise normal with deviation sigma in training, and none at use."""

    def __init__(self, sigma, **kwargs):
        super().__init__(**kwargs)
        self.sigma = sigma
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x, training=False):
        if training:
            x = x + keras.random.normal(ops.shape(x), 0.0, self.sigma, seed=self.seed_generator)
        return ops.relu(x)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}


@keras.saving.register_keras_serializable("exported")
class CentredSoftplus(layers.Layer):
    """ln(1 + e^x) - ln 2, which is 0 at 0."""

    def call(self, x):
        return ops.softplus(x) - float(np.log(2))
