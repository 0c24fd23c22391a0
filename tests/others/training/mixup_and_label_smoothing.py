# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

x = np.random.default_rng(0).random((8, 8, 8, 1)).astype("float32")
y = keras.utils.to_categorical(np.arange(8) % 3, 3).astype("float32")


def mix_up(one, two, alpha=0.2):
    (images_one, labels_one), (images_two, labels_two) = one, two
    l = tf.random.uniform((tf.shape(images_one)[0],))
    x_l, y_l = tf.reshape(l, (-1, 1, 1, 1)), tf.reshape(l, (-1, 1))
    return images_one * x_l + images_two * (1 - x_l), labels_one * y_l + labels_two * (1 - y_l)


ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
train = tf.data.Dataset.zip((ds, ds)).map(lambda one, two: mix_up(one, two))

# %%
model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3),
        keras.layers.GlobalMaxPool2D(),
        keras.layers.Dense(3, "softmax"),
    ]
)
model.compile(
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    optimizer=keras.optimizers.Lion(1e-4),
    metrics=["accuracy"],
)
model.fit(train, epochs=1)
