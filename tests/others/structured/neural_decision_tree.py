# expected: whole
# model: tree_model
# answer: tree_model.predict(x, verbose=0)
# again: tree_model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers
from keras.layers import StringLookup
from keras import ops

x = np.random.default_rng(0).random((6, 4)).astype("float32")
y = np.array([0, 1, 1, 0, 1, 0])


class NeuralDecisionTree(keras.Model):
    def __init__(self, depth, num_features, used_features_rate, num_classes):
        super().__init__()
        self.depth = depth
        self.num_leaves = 2**depth
        self.num_classes = num_classes
        num_used_features = int(num_features * used_features_rate)
        one_hot = np.eye(num_features)
        sampled_feature_indices = np.random.choice(np.arange(num_features), num_used_features, replace=False)
        self.used_features_mask = ops.convert_to_tensor(one_hot[sampled_feature_indices], dtype="float32")
        self.pi = self.add_weight(
            initializer="random_normal", shape=[self.num_leaves, self.num_classes], dtype="float32", trainable=True
        )
        self.decision_fn = layers.Dense(units=self.num_leaves, activation="sigmoid", name="decision")

    def call(self, features):
        batch_size = ops.shape(features)[0]
        features = ops.matmul(features, ops.transpose(self.used_features_mask))
        decisions = ops.expand_dims(self.decision_fn(features), axis=2)
        decisions = layers.concatenate([decisions, 1 - decisions], axis=2)
        mu = ops.ones([batch_size, 1, 1])
        begin_idx = 1
        end_idx = 2
        for level in range(self.depth):
            mu = ops.reshape(mu, [batch_size, -1, 1])
            mu = ops.tile(mu, (1, 1, 2))
            level_decisions = decisions[:, begin_idx:end_idx, :]
            mu = mu * level_decisions
            begin_idx = end_idx
            end_idx = begin_idx + 2 ** (level + 1)
        mu = ops.reshape(mu, [batch_size, self.num_leaves])
        probabilities = keras.activations.softmax(self.pi)
        return ops.matmul(mu, probabilities)


# %%
inputs = layers.Input((4,))
features = layers.BatchNormalization()(inputs)
tree = NeuralDecisionTree(2, 4, 0.5, 2)
outputs = tree(features)
tree_model = keras.Model(inputs=inputs, outputs=outputs)
tree_model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
tree_model.fit(x, y, epochs=1)
