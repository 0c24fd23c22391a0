# expected: whole
# model: gin
# answer: gin((x, a, segment))
# %%
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
x = tf.constant(rng.random((7, 3)), tf.float32)
segment = tf.constant([0, 0, 0, 0, 1, 1, 1])
edges = np.array([[0, 1], [1, 0], [1, 2], [2, 1], [3, 0], [4, 5], [5, 4], [6, 5]], "int64")
a = tf.sparse.reorder(tf.SparseTensor(edges, np.ones(len(edges), "float32"), (7, 7)))
target = tf.constant([[0.0], [1.0]])


class GINConv(tf.keras.layers.Layer):
    def __init__(self, channels, epsilon=None):
        super().__init__()
        self.channels = channels
        self.epsilon = epsilon

    def build(self, _):
        self.mlp = tf.keras.Sequential(
            [tf.keras.layers.Dense(self.channels, "relu"), tf.keras.layers.Dense(self.channels)]
        )
        if self.epsilon is None:
            self.eps = self.add_weight(name="eps", shape=(), initializer="zeros")
        else:
            self.eps = float(self.epsilon)

    def call(self, inputs):
        x, a = inputs
        return self.mlp((1.0 + self.eps) * x + tf.sparse.sparse_dense_matmul(a, x))


# %%
class GIN0(tf.keras.Model):
    def __init__(self, channels, n_layers):
        super().__init__()
        self.conv1 = GINConv(channels, epsilon=0)
        self.convs = []
        for _ in range(1, n_layers):
            self.convs.append(GINConv(channels))
        self.pool = tf.math.segment_mean
        self.dense = tf.keras.layers.Dense(1)

    def call(self, inputs):
        x, a, i = inputs
        x = self.conv1([x, a])
        for conv in self.convs:
            x = conv([x, a])
        return self.dense(self.pool(x, i))


gin = GIN0(4, n_layers=2)
optimizer = tf.keras.optimizers.Adam(0.01)
loss_fn = tf.keras.losses.BinaryCrossentropy(from_logits=True)
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = loss_fn(target, gin((x, a, segment)))
    optimizer.apply_gradients(zip(tape.gradient(loss, gin.trainable_variables), gin.trainable_variables))
