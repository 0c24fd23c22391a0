# expected: whole
# model: model
# answer: model(x)
# again: model.fit((x, y, x, y), verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.default_rng(0)
x = rng.uniform(-5, 5, (4, 6, 1)).astype("float32")
y = np.sin(x)


class SineModel(keras.Model):
    def __init__(self, inner_lr=0.01):
        super().__init__()
        self.inner_lr = inner_lr
        self.w1 = self.add_weight(shape=(1, 8), initializer="glorot_uniform", name="w1")
        self.b1 = self.add_weight(shape=(8,), initializer="zeros", name="b1")
        self.w2 = self.add_weight(shape=(8, 1), initializer="glorot_uniform", name="w2")
        self.b2 = self.add_weight(shape=(1,), initializer="zeros", name="b2")

    def forward(self, x, weights):
        w1, b1, w2, b2 = weights
        return tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2

    def call(self, x):
        return self.forward(x, [self.w1, self.b1, self.w2, self.b2])

    def adapt(self, x, y):
        weights = [tf.convert_to_tensor(w) for w in (self.w1, self.b1, self.w2, self.b2)]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = tf.reduce_mean((self.forward(x, weights) - y) ** 2)
        return [w - self.inner_lr * g for w, g in zip(weights, tape.gradient(loss, weights))]

    def train_step(self, data):
        ((x_support, y_support, x_query, y_query),) = data if len(data) == 1 else (data,)
        with tf.GradientTape() as tape:
            loss = 0.0
            for i in range(4):
                fast = self.adapt(x_support[i], y_support[i])
                loss += tf.reduce_mean((self.forward(x_query[i], fast) - y_query[i]) ** 2)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"meta_loss": loss / 4}


# %%
model = SineModel(inner_lr=0.02)
model.compile(optimizer=keras.optimizers.Adam(1e-3))
model.fit((x, y, x, y), epochs=1)
