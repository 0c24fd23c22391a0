# expected: whole
# model: agent
# answer: [agent["actor"](states), agent["critic"]([states, actions])]
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

num_states, num_actions, upper_bound = 3, 1, 2.0
rng = np.random.default_rng(0)
states, actions = rng.random((2, num_states)).astype("float32"), rng.random((2, num_actions)).astype("float32")


def get_actor():
    last_init = keras.initializers.RandomUniform(minval=-0.003, maxval=0.003)
    inputs = layers.Input(shape=(num_states,))
    out = layers.Dense(8, activation="relu")(inputs)
    outputs = layers.Dense(1, activation="tanh", kernel_initializer=last_init)(out)
    outputs = outputs * upper_bound
    return keras.Model(inputs, outputs)


def get_critic():
    state_input = layers.Input(shape=(num_states,))
    state_out = layers.Dense(4, activation="relu")(state_input)
    action_input = layers.Input(shape=(num_actions,))
    action_out = layers.Dense(4, activation="relu")(action_input)
    concat = layers.Concatenate()([state_out, action_out])
    return keras.Model([state_input, action_input], layers.Dense(1)(layers.Dense(8, activation="relu")(concat)))


# %%
actor_model, critic_model = get_actor(), get_critic()
target_actor, target_critic = get_actor(), get_critic()
target_actor.set_weights(actor_model.get_weights())
target_critic.set_weights(critic_model.get_weights())


@tf.function
def update(state_batch, action_batch):
    with tf.GradientTape() as tape:
        y = 1.0 + 0.9 * target_critic([state_batch, target_actor(state_batch, training=True)], training=True)
        critic_loss = keras.ops.mean(keras.ops.square(y - critic_model([state_batch, action_batch], training=True)))
    grads = tape.gradient(critic_loss, critic_model.trainable_variables)
    critic_optimizer.apply_gradients(zip(grads, critic_model.trainable_variables))


critic_optimizer = keras.optimizers.Adam(0.002)
update(states, actions)
agent = {"actor": actor_model, "critic": critic_model, "target_actor": target_actor, "target_critic": target_critic}
