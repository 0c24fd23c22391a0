# expected: whole
# model: model
# answer: model(states)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops

gamma, num_inputs, num_actions, num_hidden = 0.99, 4, 2, 8
states = np.random.default_rng(0).random((3, num_inputs)).astype("float32")
inputs = layers.Input(shape=(num_inputs,))
common = layers.Dense(num_hidden, activation="relu")(inputs)
action = layers.Dense(num_actions, activation="softmax")(common)
critic = layers.Dense(1)(common)
model = keras.Model(inputs=inputs, outputs=[action, critic])

# %%
optimizer = keras.optimizers.Adam(learning_rate=0.01)
huber_loss = keras.losses.Huber()
action_probs_history, critic_value_history = [], []
with tf.GradientTape() as tape:
    for state in states:
        action_probs, critic_value = model(ops.expand_dims(state, 0))
        critic_value_history.append(critic_value[0, 0])
        chosen = np.random.choice(num_actions, p=np.squeeze(action_probs) / np.sum(action_probs))
        action_probs_history.append(ops.log(action_probs[0, chosen]))
    actor_losses = [-log_prob * (1.0 - value) for log_prob, value in zip(action_probs_history, critic_value_history)]
    critic_losses = [huber_loss(ops.expand_dims(value, 0), ops.expand_dims(1.0, 0)) for value in critic_value_history]
    loss_value = sum(actor_losses) + sum(critic_losses)
grads = tape.gradient(loss_value, model.trainable_variables)
optimizer.apply_gradients(zip(grads, model.trainable_variables))
