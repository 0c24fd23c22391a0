# expected: whole
# model: agent
# answer: [agent["actor"](observations), agent["critic"](observations)]
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

observations = np.random.default_rng(0).random((4, 4)).astype("float32")


def mlp(x, sizes, activation=keras.activations.tanh, output_activation=None):
    for size in sizes[:-1]:
        x = layers.Dense(units=size, activation=activation)(x)
    return layers.Dense(units=sizes[-1], activation=output_activation)(x)


def logprobabilities(logits, a):
    logprobabilities_all = keras.ops.log_softmax(logits)
    return keras.ops.sum(keras.ops.one_hot(a, 2) * logprobabilities_all, axis=1)


observation_input = keras.Input(shape=(4,), dtype="float32")
actor = keras.Model(inputs=observation_input, outputs=mlp(observation_input, [8, 2]))
value = keras.ops.squeeze(mlp(observation_input, [8, 1]), axis=1)
critic = keras.Model(inputs=observation_input, outputs=value)
policy_optimizer, value_optimizer = keras.optimizers.Adam(3e-4), keras.optimizers.Adam(1e-3)

# %%
action = np.array([0, 1, 1, 0])
with tf.GradientTape() as tape:
    ratio = keras.ops.exp(logprobabilities(actor(observations), action) - 0.1)
    policy_loss = -keras.ops.mean(keras.ops.minimum(ratio * 1.0, 1.2))
policy_grads = tape.gradient(policy_loss, actor.trainable_variables)
policy_optimizer.apply_gradients(zip(policy_grads, actor.trainable_variables))
agent = {"actor": actor, "critic": critic}
