# expected: whole
# model: networks
# answer: [networks["q"](states), networks["target"](states)]
# again: (networks["q"].reset_metrics(), networks["q"].train_on_batch(states, networks["target"](states).numpy() + 1))[1]
# %%
import random
from collections import deque

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
states = rng.random((3, 4)).astype("float32")


class DuelingDoubleDeepQNetwork(tf.keras.Model):
    def __init__(self, n_actions, fc1_dims, fc2_dims):
        super(DuelingDoubleDeepQNetwork, self).__init__()
        self.dense1 = tf.keras.layers.Dense(fc1_dims, activation="relu")
        self.dense2 = tf.keras.layers.Dense(fc2_dims, activation="relu")
        self.V = tf.keras.layers.Dense(1, activation=None)
        self.A = tf.keras.layers.Dense(n_actions, activation=None)

    def call(self, state):
        x = self.dense2(self.dense1(state))
        V, A = self.V(x), self.A(x)
        return V + (A - tf.math.reduce_mean(A, axis=1, keepdims=True))

    def advantage(self, state):
        return self.A(self.dense2(self.dense1(state)))


class Agent:
    def __init__(self, n_actions=2, gamma=0.99, lr=1e-3, replace=2):
        self.action_space = [i for i in range(n_actions)]
        self.gamma, self.epsilon, self.replace, self.learn_step = gamma, 1.0, replace, 0
        self.memory = deque(maxlen=100)
        self.q_net = DuelingDoubleDeepQNetwork(n_actions, 8, 8)
        self.target_net = DuelingDoubleDeepQNetwork(n_actions, 8, 8)
        self.q_net.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=lr), loss="mean_squared_error")
        self.target_net.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=lr), loss="mean_squared_error")

    def choose_action(self, observation):
        if random.random() < self.epsilon:
            return random.choice(self.action_space)
        return int(tf.math.argmax(self.q_net.advantage(observation[None]), axis=1)[0])

    def learn(self, batch_size=4):
        if len(self.memory) < batch_size:
            return
        if self.learn_step % self.replace == 0:
            self.target_net.set_weights(self.q_net.get_weights())
        s, a, r, s2, done = map(np.array, zip(*random.sample(self.memory, batch_size)))
        q_pred, q_next = self.q_net(s), self.target_net(s2)
        best = tf.math.argmax(self.q_net(s2), axis=1)
        q_target = q_pred.numpy()
        for idx, terminal in enumerate(done):
            q_target[idx, a[idx]] = r[idx] + self.gamma * q_next[idx, best[idx]] * (1 - int(terminal))
        self.q_net.train_on_batch(s, q_target)
        self.epsilon = max(0.01, self.epsilon - 1e-3)
        self.learn_step += 1


# %%
agent = Agent()
agent.q_net(states), agent.target_net(states)
for _ in range(6):
    s = rng.random(4).astype("float32")
    agent.memory.append((s, agent.choose_action(s), 1.0, rng.random(4).astype("float32"), False))
    agent.learn()
networks = {"q": agent.q_net, "target": agent.target_net}
