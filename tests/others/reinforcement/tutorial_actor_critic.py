# expected: whole
# model: model
# answer: model(states)
# %%
from typing import Tuple
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

states = tf.constant(np.random.default_rng(0).random((3, 4)), tf.float32)


class ActorCritic(tf.keras.Model):
    """Combined actor-critic network."""

    def __init__(self, num_actions: int, num_hidden_units: int):
        super().__init__()
        self.common = layers.Dense(num_hidden_units, activation="relu")
        self.actor = layers.Dense(num_actions)
        self.critic = layers.Dense(1)

    def call(self, inputs: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        x = self.common(inputs)
        return self.actor(x), self.critic(x)


model = ActorCritic(2, 8)
optimizer = tf.keras.optimizers.Adam(learning_rate=0.01)


# %%
@tf.function
def train_step(states: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        logits, values = model(states)
        loss = tf.reduce_mean(tf.square(values - 1.0)) - tf.reduce_mean(tf.nn.log_softmax(logits))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


train_step(states)
