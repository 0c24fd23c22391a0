# expected: partial: losses that are methods of another object, which Keras cannot read
# model: model
# answer: model(obs)
# again: model.fit(obs, [acts_and_advs, returns], verbose=0)
# %%
import numpy as np
import tensorflow as tf
import tensorflow.keras.layers as kl
import tensorflow.keras.losses as kls
import tensorflow.keras.optimizers as ko

rng = np.random.default_rng(0)
obs = rng.random((8, 4)).astype("float32")
acts_and_advs = np.stack([rng.integers(0, 2, 8), rng.normal(size=8)], axis=-1).astype("float32")
returns = rng.random((8, 1)).astype("float32")


class ProbabilityDistribution(tf.keras.Model):
    def call(self, logits, **kwargs):
        return tf.squeeze(tf.random.categorical(logits, 1), axis=-1)


class Model(tf.keras.Model):
    def __init__(self, num_actions):
        super().__init__(name="mlp_policy")
        self.hidden1 = kl.Dense(8, activation="relu")
        self.hidden2 = kl.Dense(8, activation="relu")
        self.value_ = kl.Dense(1, name="value")
        self.logits = kl.Dense(num_actions, name="policy_logits")
        self.dist = ProbabilityDistribution()

    def call(self, inputs, **kwargs):
        x = tf.convert_to_tensor(inputs)
        return self.logits(self.hidden1(x)), self.value_(self.hidden2(x))

    def action_value(self, obs):
        logits, value = self(obs)
        return np.squeeze(self.dist(logits), axis=-1), np.squeeze(value, axis=-1)


# %%
class A2CAgent:
    def __init__(self, model, lr=7e-3, value_c=0.5, entropy_c=1e-4):
        self.value_c, self.entropy_c = value_c, entropy_c
        self.model = model
        self.model.compile(optimizer=ko.RMSprop(learning_rate=lr), loss=[self._logits_loss, self._value_loss])

    def _value_loss(self, returns, value):
        return self.value_c * kls.MeanSquaredError()(returns, value)

    def _logits_loss(self, actions_and_advantages, logits):
        actions, advantages = tf.split(actions_and_advantages, 2, axis=-1)
        weighted_sparse_ce = kls.SparseCategoricalCrossentropy(from_logits=True)
        policy_loss = weighted_sparse_ce(tf.cast(actions, tf.int32), logits, sample_weight=advantages)
        probs = tf.nn.softmax(logits)
        entropy_loss = kls.categorical_crossentropy(probs, probs)
        return policy_loss - self.entropy_c * entropy_loss


model = Model(num_actions=2)
agent = A2CAgent(model)
model.action_value(obs[:1])
model.train_on_batch(obs, [acts_and_advs, returns])
