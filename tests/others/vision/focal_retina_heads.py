# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# again: model.fit(images, targets, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

images = np.random.default_rng(0).random((2, 16, 16, 3)).astype("float32")
targets = np.random.default_rng(1).random((2, 16, 7)).astype("float32")


class FocalLoss(keras.losses.Loss):
    def __init__(self, alpha=0.25, gamma=2.0, num_classes=3):
        super().__init__(name="FocalLoss", reduction="sum_over_batch_size")
        self._alpha = alpha
        self._gamma = gamma
        self.num_classes = num_classes

    def call(self, y_true, y_pred):
        labels = ops.cast(y_true[..., 4:] > 0.5, "float32")
        logits = y_pred[..., 4:]
        cross_entropy = ops.binary_crossentropy(labels, ops.sigmoid(logits))
        probs = ops.sigmoid(logits)
        alpha = ops.where(labels == 1.0, self._alpha, (1.0 - self._alpha))
        pt = ops.where(labels == 1.0, probs, 1 - probs)
        return ops.sum(alpha * (1.0 - pt) ** self._gamma * cross_entropy, axis=-1)


def build_head(output_filters, bias_init):
    head = keras.Sequential([keras.Input(shape=[None, None, 4])])
    kernel_init = keras.initializers.RandomNormal(0.0, 0.01)
    for _ in range(2):
        head.add(layers.Conv2D(4, 3, padding="same", kernel_initializer=kernel_init))
        head.add(layers.ReLU())
    head.add(
        layers.Conv2D(output_filters, 3, 1, padding="same", kernel_initializer=kernel_init, bias_initializer=bias_init)
    )
    return head


# %%
inputs = keras.Input((16, 16, 3))
features = layers.Conv2D(4, 4, strides=4, activation="relu")(inputs)
boxes = layers.Reshape((-1, 4))(build_head(4, "zeros")(features))
classes = layers.Reshape((-1, 3))(build_head(3, keras.initializers.Constant(-np.log((1 - 0.01) / 0.01)))(features))
model = keras.Model(inputs, layers.Concatenate(axis=-1)([boxes, classes]))
boundaries, rates = [125, 250], [2.5e-06, 0.000625, 0.00125]
learning_rate_fn = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries=boundaries, values=rates)
model.compile(loss=FocalLoss(), optimizer=keras.optimizers.SGD(learning_rate=learning_rate_fn, momentum=0.9))
model.fit(images, targets, epochs=1)
