# expected: whole
# model: sac
# answer: [sac["actor"](s), sac["critic_1"]([s, a]), sac["critic_2"]([s, a])]
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Concatenate, Dense, Input

rng = np.random.default_rng(0)
s = tf.constant(rng.random((4, 3)), tf.float32)
a = tf.constant(rng.random((4, 1)), tf.float32)
log_alpha = tf.Variable(0.0, name="log_alpha")


class Actor(tf.keras.Model):
    LOG_STD_MIN, LOG_STD_MAX = -20, 2

    def __init__(self, action_dim, max_action=2.0):
        super().__init__()
        self.max_action = max_action
        self.l1 = Dense(8, "relu")
        self.l2 = Dense(8, "relu")
        self.mu, self.log_std = Dense(action_dim), Dense(action_dim)

    def call(self, state):
        h = self.l2(self.l1(state))
        log_std = tf.clip_by_value(self.log_std(h), self.LOG_STD_MIN, self.LOG_STD_MAX)
        return self.mu(h), log_std

    def sample(self, state):
        mu, log_std = self(state)
        std = tf.exp(log_std)
        u = mu + std * tf.random.normal(tf.shape(mu))
        action = tf.tanh(u)
        log_prob = -0.5 * (((u - mu) / std) ** 2 + 2 * log_std + np.log(2 * np.pi))
        log_prob -= tf.math.log(1 - action**2 + 1e-6)
        return action * self.max_action, tf.reduce_sum(log_prob, 1, keepdims=True)


def Critic(name):
    state, action = Input((3,)), Input((1,))
    h = Dense(8, "relu")(Concatenate()([state, action]))
    return tf.keras.Model([state, action], Dense(1)(h), name=name)


# %%
actor = Actor(1)
critics = [Critic("critic_1"), Critic("critic_2")]
targets = [tf.keras.models.clone_model(critic) for critic in critics]
actor_opt, alpha_opt = tf.keras.optimizers.Adam(3e-4), tf.keras.optimizers.Adam(3e-4)
critic_opts = [tf.keras.optimizers.Adam(3e-4) for _ in critics]


def update(s, a, r, s2):
    alpha = tf.exp(log_alpha)
    a2, logp2 = actor.sample(s2)
    q_target = r + 0.99 * (tf.minimum(*[t([s2, a2]) for t in targets]) - alpha * logp2)
    for critic, opt in zip(critics, critic_opts):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((critic([s, a]) - q_target) ** 2)
        opt.apply_gradients(zip(tape.gradient(loss, critic.trainable_variables), critic.trainable_variables))
    with tf.GradientTape(persistent=True) as tape:
        a_new, logp = actor.sample(s)
        q = tf.minimum(*[c([s, a_new]) for c in critics])
        actor_loss = tf.reduce_mean(alpha * logp - q)
        alpha_loss = -tf.reduce_mean(log_alpha * tf.stop_gradient(logp - 1.0))
    actor_opt.apply_gradients(zip(tape.gradient(actor_loss, actor.trainable_variables), actor.trainable_variables))
    alpha_opt.apply_gradients([(tape.gradient(alpha_loss, log_alpha), log_alpha)])
    for target, critic in zip(targets, critics):
        target.set_weights([0.995 * t + 0.005 * c for t, c in zip(target.get_weights(), critic.get_weights())])


for _ in range(2):
    update(s, a, np.ones((4, 1), "float32"), tf.reverse(s, [0]))
sac = {"actor": actor, "critic_1": critics[0], "critic_2": critics[1], "targets": targets}
