# expected: whole
# model: agent
# answer: [agent["online"](frames), agent["target"](frames)]
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

num_actions = 4
frames = np.random.default_rng(0).random((2, 8, 8, 2)).astype("float32")


def create_q_model():
    return keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Lambda(lambda tensor: keras.ops.transpose(tensor, [0, 2, 1, 3]), output_shape=(8, 8, 2)),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(num_actions, activation="linear"),
        ]
    )


model = create_q_model()
model_target = create_q_model()
optimizer = keras.optimizers.Adam(learning_rate=0.00025, clipnorm=1.0)
loss_function = keras.losses.Huber()

# %%
future_rewards = model_target.predict(frames, verbose=0)
updated_q_values = 1.0 + 0.99 * keras.ops.amax(future_rewards, axis=1)
masks = keras.ops.one_hot([0, 2], num_actions)
with tf.GradientTape() as tape:
    q_values = model(frames)
    q_action = keras.ops.sum(keras.ops.multiply(q_values, masks), axis=1)
    loss = loss_function(updated_q_values, q_action)
grads = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(grads, model.trainable_variables))
model_target.set_weights(model.get_weights())
agent = {"online": model, "target": model_target}
