# expected: whole
# needs: spektral tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model([x, a])
# %%
import numpy as np
import scipy.sparse
import tensorflow as tf
from spektral.layers import GCNConv, GlobalSumPool
from spektral.utils.sparse import sp_matrix_to_sp_tensor

rng = np.random.default_rng(0)
x = rng.random((6, 4)).astype("float32")
graph = scipy.sparse.random(6, 6, 0.4, "csr", np.float32, rng=rng)
a = sp_matrix_to_sp_tensor(GCNConv.preprocess(graph + graph.T).astype("float32"))
y = np.eye(2, dtype="float32")[[0, 1, 0, 1, 0, 1]]


# %%
nodes = tf.keras.Input((4,))
edges = tf.keras.Input((None,), sparse=True)
hidden = GCNConv(8, activation="relu")([nodes, edges])
model = tf.keras.Model([nodes, edges], GCNConv(2, activation="softmax")([hidden, edges]))
optimizer = tf.keras.optimizers.Adam(1e-2)
model.compile(optimizer, "categorical_crossentropy")
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(y, model([x, a], training=True)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
