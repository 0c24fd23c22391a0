# expected: whole
# model: model
# answer: [model.user_model(rows["user_id"]), model.item_model(rows["movie_title"])]
# again: model.fit(ratings, verbose=0)
# %%
import numpy as np
import tensorflow as tf

users, titles = ["42", "7", "13"], ["Alien", "Brazil", "Cube", "Dune"]
rows = {
    "user_id": tf.constant(["42", "7", "13", "42"]),
    "movie_title": tf.constant(["Dune", "Cube", "Alien", "Brazil"]),
}
ratings = tf.data.Dataset.from_tensor_slices(rows).batch(2)


class Retrieval(tf.keras.layers.Layer):
    """Every other item of the batch is a negative."""

    def __init__(self, temperature=None):
        super().__init__()
        self._temperature = temperature
        self._loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum")

    def call(self, query_embeddings, candidate_embeddings):
        scores = tf.linalg.matmul(query_embeddings, candidate_embeddings, transpose_b=True)
        if self._temperature is not None:
            scores = scores / self._temperature
        return self._loss(y_true=tf.eye(tf.shape(scores)[0]), y_pred=scores)


# %%
class MovielensModel(tf.keras.Model):
    def __init__(self, user_model, movie_model, task):
        super().__init__()
        self.item_model: tf.keras.Model = movie_model
        self.user_model: tf.keras.Model = user_model
        self.task: tf.keras.layers.Layer = task

    def compute_loss(self, features=None, training=False, **kwargs):
        user_embeddings = self.user_model(features["user_id"])
        positive_movie_embeddings = self.item_model(features["movie_title"])
        return self.task(user_embeddings, positive_movie_embeddings)

    def train_step(self, features):
        with tf.GradientTape() as tape:
            loss = self.compute_loss(features, training=True)
            regularization_loss = sum(self.losses)
            total_loss = loss + regularization_loss
        gradients = tape.gradient(total_loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss, "total_loss": total_loss}


user_tower = tf.keras.Sequential(
    [
        tf.keras.layers.StringLookup(vocabulary=users, mask_token=None),
        tf.keras.layers.Embedding(len(users) + 1, 4),
    ]
)
movie_tower = tf.keras.Sequential(
    [
        tf.keras.layers.StringLookup(vocabulary=titles, mask_token=None),
        tf.keras.layers.Embedding(len(titles) + 1, 4),
    ]
)
model = MovielensModel(user_tower, movie_tower, Retrieval(temperature=0.5))
model.compile(optimizer=tf.keras.optimizers.Adagrad(learning_rate=0.5))
model.fit(ratings, epochs=2)
