# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

x, y = np.random.default_rng(0).random((8, 4)).astype("float32"), np.arange(8) % 3
inputs = keras.Input(shape=(4,), name="digits")
z = keras.layers.Dense(6, activation="relu", name="dense_1")(inputs)
outputs = keras.layers.Dense(3, name="predictions")(z)
model = keras.Model(inputs=inputs, outputs=outputs)
optimizer = keras.optimizers.Adam(learning_rate=1e-3)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()


# %%
@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits)
        loss_value += sum(model.losses)
    grads = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply(grads, model.trainable_weights)
    train_acc_metric.update_state(y, logits)
    return loss_value


for step, (x_batch, y_batch) in enumerate(tf.data.Dataset.from_tensor_slices((x, y)).batch(4)):
    loss_value = train_step(x_batch, y_batch)
