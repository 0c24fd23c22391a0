# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# again: model.fit(images, masks, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops

IMAGE_SIZE = 32
images = np.random.default_rng(0).random((2, IMAGE_SIZE, IMAGE_SIZE, 3)).astype("float32")
masks = np.random.default_rng(1).integers(0, 4, (2, IMAGE_SIZE, IMAGE_SIZE, 1))


def convolution_block(block_input, num_filters=4, kernel_size=3, dilation_rate=1, use_bias=False):
    x = layers.Conv2D(
        num_filters,
        kernel_size=kernel_size,
        dilation_rate=dilation_rate,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=keras.initializers.HeNormal(),
    )(block_input)
    x = layers.BatchNormalization()(x)
    return ops.nn.relu(x)


def DilatedSpatialPyramidPooling(dspp_input):
    dims = dspp_input.shape
    x = layers.AveragePooling2D(pool_size=(dims[-3], dims[-2]))(dspp_input)
    x = convolution_block(x, kernel_size=1, use_bias=True)
    out_pool = layers.UpSampling2D(size=(dims[-3] // x.shape[1], dims[-2] // x.shape[2]), interpolation="bilinear")(x)
    out_1 = convolution_block(dspp_input, kernel_size=1, dilation_rate=1)
    out_6 = convolution_block(dspp_input, kernel_size=3, dilation_rate=6)
    x = layers.Concatenate(axis=-1)([out_pool, out_1, out_6])
    return convolution_block(x, kernel_size=1)


def DeeplabV3Plus(image_size, num_classes):
    model_input = keras.Input(shape=(image_size, image_size, 3))
    low = convolution_block(layers.MaxPooling2D(4)(model_input))
    deep = convolution_block(layers.MaxPooling2D(2)(low))
    x = DilatedSpatialPyramidPooling(deep)
    input_a = layers.UpSampling2D(
        size=(low.shape[1] // x.shape[1], low.shape[2] // x.shape[2]), interpolation="bilinear"
    )(x)
    input_b = convolution_block(low, num_filters=3, kernel_size=1)
    x = layers.Concatenate(axis=-1)([input_a, input_b])
    x = convolution_block(x)
    x = layers.UpSampling2D(size=(image_size // x.shape[1], image_size // x.shape[2]), interpolation="bilinear")(x)
    return keras.Model(model_input, layers.Conv2D(num_classes, kernel_size=(1, 1), padding="same")(x))


# %%
model = DeeplabV3Plus(image_size=IMAGE_SIZE, num_classes=4)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss=loss, metrics=["accuracy"])
history = model.fit(images, masks, epochs=1)
