# expected: whole
# model: densenet
# answer: densenet(images)
# again: densenet.fit(images, labels, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

growth = 4
rng = np.random.default_rng(0)
images, labels = rng.random((4, 16, 16, 3)).astype("float32"), np.array([0, 1, 1, 0])


class ConvBlock(layers.Layer):
    def __init__(self, num_channels):
        super(ConvBlock, self).__init__()
        self.bn = layers.BatchNormalization()
        self.relu = layers.ReLU()
        self.conv = layers.Conv2D(filters=num_channels, kernel_size=(3, 3), padding="same")
        self.listLayers = [self.bn, self.relu, self.conv]

    def call(self, x):
        y = x
        for layer in self.listLayers:
            y = layer(y)
        return layers.concatenate([x, y], axis=-1)


class DenseBlock(layers.Layer):
    def __init__(self, num_convs, num_channels):
        super(DenseBlock, self).__init__()
        self.listLayers = []
        for _ in range(num_convs):
            self.listLayers.append(ConvBlock(num_channels))

    def call(self, x):
        for layer in self.listLayers:
            x = layer(x)
        return x


class TransitionBlock(layers.Layer):
    def __init__(self, num_channels, **kwargs):
        super(TransitionBlock, self).__init__(**kwargs)
        self.batch_norm = layers.BatchNormalization()
        self.conv = layers.Conv2D(num_channels, kernel_size=1)
        self.avg_pool = layers.AvgPool2D(pool_size=2, strides=2)

    def call(self, x):
        x = tf.nn.relu(self.batch_norm(x))
        return self.avg_pool(self.conv(x))


# %%
def block_1():
    return tf.keras.Sequential([layers.Conv2D(8, 3, strides=2, padding="same"), layers.BatchNormalization()])


def block_2():
    net, num_channels = block_1(), 8
    for i, n in enumerate([2, 2]):
        net.add(DenseBlock(n, growth))
        num_channels += n * growth
        if i == 0:
            num_channels //= 2
            net.add(TransitionBlock(num_channels))
    return net


densenet = block_2()
densenet.add(layers.GlobalAvgPool2D())
densenet.add(layers.Flatten())
densenet.add(layers.Dense(2))
densenet.compile(
    tf.keras.optimizers.SGD(0.1), tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
densenet.fit(images, labels, batch_size=4)
