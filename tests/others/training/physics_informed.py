# expected: whole
# model: pinn
# answer: pinn(t)
# again: pinn.fit(t, u, verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

t = np.linspace(0, 1, 16)[:, None].astype("float32")
u = np.exp(-t)


class PINN(keras.Model):
    def __init__(self, hidden=8, depth=2, k=1.0, **kwargs):
        super().__init__(**kwargs)
        self.hidden = hidden
        self.depth = depth
        self.k = k
        self.blocks = [keras.layers.Dense(hidden, activation="tanh") for _ in range(depth)]
        self.out = keras.layers.Dense(1)

    def call(self, t):
        h = t
        for b in self.blocks:
            h = b(h)
        return self.out(h)

    def train_step(self, data):
        t, u = data
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(t)
                pred = self(t, training=True)
            du = inner.gradient(pred, t)
            loss = tf.reduce_mean((du + self.k * pred) ** 2) + tf.reduce_mean((pred - u) ** 2)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


pinn = PINN()
pinn.compile(optimizer="adam")
pinn.fit(t, u, epochs=1, verbose=0)
