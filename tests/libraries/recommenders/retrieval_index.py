# expected: partial: an index is built by a method that no load calls
# needs: tensorflow_recommenders tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: index
# answer: index(tf.constant(["u1", "u2"]), k=2)
# %%
import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs

users, movies = ["u1", "u2", "u3"], ["Alien", "Brazil", "Casablanca", "Dune"]
ratings = tf.data.Dataset.from_tensor_slices(
    {"user_id": ["u1", "u2", "u3", "u1"], "movie_title": ["Alien", "Brazil", "Dune", "Casablanca"]}
)
titles = tf.data.Dataset.from_tensor_slices(movies)


# %%
class MovieLensModel(tfrs.Model):
    def __init__(self, user_model, movie_model, task):
        super().__init__()
        self.user_model = user_model
        self.movie_model = movie_model
        self.task = task

    def compute_loss(self, features, training=False):
        return self.task(self.user_model(features["user_id"]), self.movie_model(features["movie_title"]))


def tower(words):
    return tf.keras.Sequential(
        [tf.keras.layers.StringLookup(vocabulary=words, mask_token=None), tf.keras.layers.Embedding(len(words) + 1, 4)]
    )


user_model, movie_model = tower(users), tower(movies)
task = tfrs.tasks.Retrieval()
trained = MovieLensModel(user_model, movie_model, task)
trained.compile(optimizer=tf.keras.optimizers.Adagrad(0.1))
trained.fit(ratings.batch(2), epochs=2, verbose=0)


# %%
index = tfrs.layers.factorized_top_k.BruteForce(user_model, k=3)
index.index_from_dataset(tf.data.Dataset.zip((titles.batch(2), titles.batch(2).map(movie_model))))
index(tf.constant(["u1"]))
