# expected: whole
# needs: sonnet
# model: model
# answer: model(x)
# %%
import numpy as np
import sonnet as snt
import tensorflow as tf

x = np.random.default_rng(0).random((4, 3)).astype("float32")
y = np.ones((4, 2), "float32")


# %%
model = snt.Sequential([snt.Linear(8), tf.nn.relu, snt.nets.MLP([4, 2])])
optimizer = snt.optimizers.Adam(1e-2)
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
