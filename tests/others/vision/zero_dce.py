# expected: whole
# model: zero_dce_model
# answer: zero_dce_model.dce_model.predict(images, verbose=0)
# again: zero_dce_model.fit(images, verbose=0)
# %%
import numpy as np
import keras
from keras import layers
import tensorflow as tf

images = np.random.default_rng(0).random((2, 16, 16, 3)).astype("float32")


def build_dce_net():
    input_img = keras.Input(shape=[None, None, 3])
    conv1 = layers.Conv2D(4, (3, 3), activation="relu", padding="same")(input_img)
    conv2 = layers.Conv2D(4, (3, 3), activation="relu", padding="same")(conv1)
    int_con = layers.Concatenate(axis=-1)([conv2, conv1])
    x_r = layers.Conv2D(24, (3, 3), activation="tanh", padding="same")(int_con)
    return keras.Model(inputs=input_img, outputs=x_r)


# %%
def color_constancy_loss(x):
    mean_rgb = tf.reduce_mean(x, axis=(1, 2), keepdims=True)
    mr, mg, mb = mean_rgb[:, :, :, 0], mean_rgb[:, :, :, 1], mean_rgb[:, :, :, 2]
    return tf.sqrt(tf.square(mr - mg) ** 2 + tf.square(mr - mb) ** 2 + tf.square(mb - mg) ** 2 + 1e-9)


def exposure_loss(x, mean_val=0.6):
    x = tf.reduce_mean(x, axis=3, keepdims=True)
    mean = tf.nn.avg_pool2d(x, ksize=4, strides=4, padding="VALID")
    return tf.reduce_mean(tf.square(mean - mean_val))


# %%
class ZeroDCE(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dce_model = build_dce_net()

    def compile(self, learning_rate, **kwargs):
        super().compile(**kwargs)
        self.optimizer = keras.optimizers.Adam(learning_rate=learning_rate)
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker]

    def get_enhanced_image(self, data, output):
        x = data
        for start in range(0, 24, 3):
            r = output[:, :, :, start : start + 3]
            x = x + r * (tf.square(x) - x)
        return x

    def call(self, data):
        return self.get_enhanced_image(data, self.dce_model(data))

    def compute_losses(self, data, output):
        enhanced_image = self.get_enhanced_image(data, output)
        return 5 * tf.reduce_mean(color_constancy_loss(enhanced_image)) + 10 * exposure_loss(enhanced_image)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self.compute_losses(data, self.dce_model(data))
        gradients = tape.gradient(loss, self.dce_model.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.dce_model.trainable_weights))
        self.total_loss_tracker.update_state(loss)
        return {"total_loss": self.total_loss_tracker.result()}


zero_dce_model = ZeroDCE()
zero_dce_model.compile(learning_rate=1e-4)
zero_dce_model.fit(images, epochs=1)
