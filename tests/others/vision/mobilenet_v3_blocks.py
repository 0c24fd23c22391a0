# expected: whole
# model: net
# answer: net.predict(x, verbose=0)
# again: net.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    Input,
    Lambda,
    Multiply,
    Reshape,
)
from tensorflow.keras.models import Model

x, y = np.random.default_rng(0).random((4, 16, 16, 3)).astype("float32"), np.array([0, 1, 2, 1])


def relu6(x):
    return tf.keras.activations.relu(x, max_value=6.0)


def hard_swish(x):
    return x * relu6(x + 3.0) / 6.0


class MobileNetBase:
    def __init__(self, shape, n_class, alpha=1.0):
        self.shape = shape
        self.n_class = n_class
        self.alpha = alpha

    def _return_activation(self, x, nl):
        return Lambda(hard_swish)(x) if nl == "HS" else Lambda(relu6)(x)

    def _squeeze(self, inputs):
        channels = int(inputs.shape[-1])
        x = GlobalAveragePooling2D()(inputs)
        x = Dense(channels // 2, activation="relu")(x)
        x = Dense(channels, activation="hard_sigmoid")(x)
        return Multiply()([inputs, Reshape((1, 1, channels))(x)])

    def _bottleneck(self, inputs, filters, kernel, e, s, squeeze, nl):
        r = s == 1 and inputs.shape[3] == filters
        x = Conv2D(e, (1, 1), padding="same")(inputs)
        x = self._return_activation(BatchNormalization()(x), nl)
        x = DepthwiseConv2D(kernel, strides=(s, s), depth_multiplier=1, padding="same")(x)
        x = self._return_activation(BatchNormalization()(x), nl)
        if squeeze:
            x = self._squeeze(x)
        x = BatchNormalization()(Conv2D(int(self.alpha * filters), (1, 1), padding="same")(x))
        return Add()([x, inputs]) if r else x


# %%
class MobileNetV3_Small(MobileNetBase):
    def build(self):
        inputs = Input(shape=self.shape)
        x = Conv2D(4, 3, strides=2, padding="same")(inputs)
        x = self._bottleneck(x, 4, (3, 3), e=8, s=1, squeeze=True, nl="RE")
        x = self._bottleneck(x, 8, (5, 5), e=8, s=2, squeeze=False, nl="HS")
        x = GlobalAveragePooling2D()(x)
        x = Reshape((1, 1, 8))(x)
        x = self._return_activation(Conv2D(8, (1, 1))(x), "HS")
        x = Conv2D(self.n_class, (1, 1), activation="softmax")(x)
        return Model(inputs, Reshape((self.n_class,))(x))


net = MobileNetV3_Small((16, 16, 3), 3).build()
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(x, y, epochs=1)
