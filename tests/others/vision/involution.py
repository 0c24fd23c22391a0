# expected: whole
# model: inv_model
# answer: inv_model.predict(x, verbose=0)
# again: inv_model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

x = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")
y = np.array([0, 1])


class Involution(keras.layers.Layer):
    def __init__(self, channel, group_number, kernel_size, stride, reduction_ratio, name):
        super().__init__(name=name)
        self.channel = channel
        self.group_number = group_number
        self.kernel_size = kernel_size
        self.stride = stride
        self.reduction_ratio = reduction_ratio

    def build(self, input_shape):
        (_, height, width, num_channels) = input_shape
        height = height // self.stride
        width = width // self.stride
        self.stride_layer = (
            keras.layers.AveragePooling2D(self.stride, self.stride, "same") if self.stride > 1 else tf.identity
        )
        self.kernel_gen = keras.Sequential(
            [
                keras.layers.Conv2D(self.channel // self.reduction_ratio, 1),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
                keras.layers.Conv2D(self.kernel_size * self.kernel_size * self.group_number, 1),
            ]
        )
        self.kernel_reshape = keras.layers.Reshape(
            (height, width, self.kernel_size * self.kernel_size, 1, self.group_number)
        )
        self.input_patches_reshape = keras.layers.Reshape(
            (height, width, self.kernel_size * self.kernel_size, num_channels // self.group_number, self.group_number)
        )
        self.output_reshape = keras.layers.Reshape((height, width, num_channels))

    def call(self, x):
        kernel = self.kernel_reshape(self.kernel_gen(self.stride_layer(x)))
        input_patches = tf.image.extract_patches(
            images=x,
            sizes=[1, self.kernel_size, self.kernel_size, 1],
            strides=[1, self.stride, self.stride, 1],
            rates=[1, 1, 1, 1],
            padding="SAME",
        )
        output = tf.reduce_sum(tf.multiply(kernel, self.input_patches_reshape(input_patches)), axis=3)
        return self.output_reshape(output), kernel


# %%
inputs = keras.Input(shape=(8, 8, 3))
out, _ = Involution(channel=3, group_number=1, kernel_size=3, stride=1, reduction_ratio=1, name="inv_1")(inputs)
out = keras.layers.ReLU()(out)
out = keras.layers.Flatten()(out)
outputs = keras.layers.Dense(2)(out)
inv_model = keras.Model(inputs=[inputs], outputs=[outputs], name="inv_model")
inv_model.compile(
    optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
inv_model.fit(x, y, epochs=1)
