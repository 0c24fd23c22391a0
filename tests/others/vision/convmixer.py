# expected: whole
# model: conv_mixer_model
# answer: conv_mixer_model.predict(x, verbose=0)
# again: conv_mixer_model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

x = np.random.default_rng(3).random((4, 16, 16, 3)).astype("float32")
y = np.array([0, 1, 2, 1])


def activation_block(x):
    x = layers.Activation("gelu")(x)
    return layers.BatchNormalization()(x)


def conv_stem(x, filters, patch_size):
    x = layers.Conv2D(filters, kernel_size=patch_size, strides=patch_size)(x)
    return activation_block(x)


def conv_mixer_block(x, filters, kernel_size):
    x0 = x
    x = layers.DepthwiseConv2D(kernel_size=kernel_size, padding="same")(x)
    x = layers.Add()([activation_block(x), x0])
    x = layers.Conv2D(filters, kernel_size=1)(x)
    return activation_block(x)


def get_conv_mixer(image_size=16, filters=6, depth=2, kernel_size=3, patch_size=2, num_classes=3):
    inputs = keras.Input((image_size, image_size, 3))
    x = layers.Rescaling(scale=1.0 / 255)(inputs)
    x = conv_stem(x, filters, patch_size)
    for _ in range(depth):
        x = conv_mixer_block(x, filters, kernel_size)
    x = layers.GlobalAvgPool2D()(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))


# %%
conv_mixer_model = get_conv_mixer()
conv_mixer_model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
conv_mixer_model.fit(x, y, epochs=1)
