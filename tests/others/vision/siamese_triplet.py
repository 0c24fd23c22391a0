# expected: whole
# model: siamese_model
# answer: siamese_model.predict([a, p, n], verbose=0)
# again: siamese_model.fit(triplets, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import Model, layers, metrics, ops, optimizers

rng = np.random.default_rng(0)
a, p, n = (rng.random((2, 10, 10, 3)).astype("float32") for _ in range(3))
triplets = tf.data.Dataset.from_tensors((a, p, n))
embedding = keras.Sequential(
    [layers.Input((10, 10, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(6), layers.BatchNormalization()],
    name="Embedding",
)


# %%
class DistanceLayer(layers.Layer):
    """Compute the distances between the anchor and the two others."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, anchor, positive, negative):
        ap_distance = ops.sum(tf.square(anchor - positive), -1)
        an_distance = ops.sum(tf.square(anchor - negative), -1)
        return (ap_distance, an_distance)


anchor_input = layers.Input(name="anchor", shape=(10, 10, 3))
positive_input = layers.Input(name="positive", shape=(10, 10, 3))
negative_input = layers.Input(name="negative", shape=(10, 10, 3))
distances = DistanceLayer()(embedding(anchor_input), embedding(positive_input), embedding(negative_input))
siamese_network = Model(inputs=[anchor_input, positive_input, negative_input], outputs=distances)


# %%
class SiameseModel(Model):
    def __init__(self, siamese_network, margin=0.5):
        super().__init__()
        self.siamese_network = siamese_network
        self.margin = margin
        self.loss_tracker = metrics.Mean(name="loss")

    def call(self, inputs):
        return self.siamese_network(inputs)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self._compute_loss(data)
        gradients = tape.gradient(loss, self.siamese_network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.siamese_network.trainable_weights))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data):
        loss = self._compute_loss(data)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def _compute_loss(self, data):
        ap_distance, an_distance = self.siamese_network(data)
        return tf.maximum(ap_distance - an_distance + self.margin, 0.0)

    @property
    def metrics(self):
        return [self.loss_tracker]


siamese_model = SiameseModel(siamese_network)
siamese_model.compile(optimizer=optimizers.Adam(0.0001), weighted_metrics=[])
siamese_model.fit(triplets, epochs=1, validation_data=triplets)
