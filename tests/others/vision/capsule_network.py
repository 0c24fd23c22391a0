# expected: whole
# model: model
# answer: model.predict([x, y], verbose=0)
# again: model.fit([x, y], [y, x], verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import backend, callbacks, initializers, layers, models, optimizers

n_class, routings = 3, 2
x = np.random.default_rng(0).random((4, 12, 12, 1)).astype("float32")
y = np.eye(n_class, dtype="float32")[[0, 1, 2, 1]]


class Length(layers.Layer):
    def call(self, inputs, **kwargs):
        return tf.sqrt(tf.reduce_sum(tf.square(inputs), -1) + 1e-7)

    def compute_output_shape(self, input_shape):
        return input_shape[:-1]


class Mask(layers.Layer):
    def call(self, inputs, **kwargs):
        if type(inputs) is list:
            inputs, mask = inputs
        else:
            lengths = tf.sqrt(tf.reduce_sum(tf.square(inputs), -1))
            mask = tf.one_hot(indices=tf.argmax(lengths, 1), depth=lengths.shape[1])
        return tf.reshape(inputs * tf.expand_dims(mask, -1), [-1, inputs.shape[1] * inputs.shape[2]])


def squash(vectors, axis=-1):
    s_squared_norm = tf.reduce_sum(tf.square(vectors), axis, keepdims=True)
    scale = s_squared_norm / (1 + s_squared_norm) / tf.sqrt(s_squared_norm + backend.epsilon())
    return scale * vectors


# %%
class CapsuleLayer(layers.Layer):
    def __init__(self, num_capsule, dim_capsule, routings=3, kernel_initializer="glorot_uniform", **kwargs):
        super(CapsuleLayer, self).__init__(**kwargs)
        self.num_capsule = num_capsule
        self.dim_capsule = dim_capsule
        self.routings = routings
        self.kernel_initializer = initializers.get(kernel_initializer)

    def build(self, input_shape):
        self.input_num_capsule = input_shape[1]
        self.input_dim_capsule = input_shape[2]
        self.W = self.add_weight(
            shape=[self.num_capsule, self.input_num_capsule, self.dim_capsule, self.input_dim_capsule],
            initializer=self.kernel_initializer,
            name="W",
        )
        self.built = True

    def call(self, inputs, training=None):
        inputs_hat = tf.einsum("cido,bio->bcid", self.W, inputs)
        b = tf.zeros([tf.shape(inputs)[0], self.num_capsule, self.input_num_capsule])
        for i in range(self.routings):
            c = tf.nn.softmax(b, axis=1)
            outputs = squash(tf.einsum("bci,bcid->bcd", c, inputs_hat))
            if i < self.routings - 1:
                b += tf.einsum("bcd,bcid->bci", outputs, inputs_hat)
        return outputs


def PrimaryCap(inputs, dim_capsule, n_channels, kernel_size, strides, padding):
    output = layers.Conv2D(dim_capsule * n_channels, kernel_size, strides=strides, padding=padding)(inputs)
    outputs = layers.Reshape(target_shape=[-1, dim_capsule], name="primarycap_reshape")(output)
    return layers.Lambda(squash, name="primarycap_squash")(outputs)


def margin_loss(y_true, y_pred):
    L = y_true * tf.square(tf.maximum(0.0, 0.9 - y_pred)) + 0.5 * (1 - y_true) * tf.square(
        tf.maximum(0.0, y_pred - 0.1)
    )
    return tf.reduce_mean(tf.reduce_sum(L, 1))


# %%
image = layers.Input(shape=(12, 12, 1))
conv1 = layers.Conv2D(4, 5, activation="relu", name="conv1")(image)
primarycaps = PrimaryCap(conv1, dim_capsule=4, n_channels=2, kernel_size=5, strides=2, padding="valid")
digitcaps = CapsuleLayer(num_capsule=n_class, dim_capsule=4, routings=routings, name="digitcaps")(primarycaps)
out_caps = Length(name="capsnet")(digitcaps)
label = layers.Input(shape=(n_class,))
masked_by_y, masked = Mask()([digitcaps, label]), Mask()(digitcaps)
decoder = models.Sequential(name="decoder")
decoder.add(layers.Dense(8, activation="relu", input_dim=4 * n_class))
decoder.add(layers.Dense(144, activation="sigmoid"))
decoder.add(layers.Reshape(target_shape=(12, 12, 1), name="out_recon"))
model = models.Model([image, label], [out_caps, decoder(masked_by_y)])
eval_model = models.Model(image, [out_caps, decoder(masked)])
model.compile(
    optimizer=optimizers.Adam(learning_rate=0.001),
    loss=[margin_loss, "mse"],
    loss_weights=[1.0, 0.392],
    metrics=[["accuracy"], None],
)
lr_decay = callbacks.LearningRateScheduler(schedule=lambda epoch: 0.001 * (0.9**epoch))
model.fit([x, y], [y, x], batch_size=4, epochs=1, callbacks=[lr_decay])
