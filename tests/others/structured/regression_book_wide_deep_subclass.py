# expected: whole
# model: model
# answer: model.predict((a, b), verbose=0)
# again: model.fit((a, b), (y, y), verbose=0)
# %%
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
X, y = rng.random((8, 8)).astype("float32"), rng.random((8, 1)).astype("float32")
a, b = X[:, :5], X[:, 2:]


class WideAndDeepModel(tf.keras.Model):
    def __init__(self, units=30, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.norm_layer_wide = tf.keras.layers.Normalization()
        self.norm_layer_deep = tf.keras.layers.Normalization()
        self.hidden1 = tf.keras.layers.Dense(units, activation=activation)
        self.hidden2 = tf.keras.layers.Dense(units, activation=activation)
        self.main_output = tf.keras.layers.Dense(1)
        self.aux_output = tf.keras.layers.Dense(1)

    def call(self, inputs):
        input_wide, input_deep = inputs
        norm_wide = self.norm_layer_wide(input_wide)
        norm_deep = self.norm_layer_deep(input_deep)
        hidden2 = self.hidden2(self.hidden1(norm_deep))
        concat = tf.keras.layers.concatenate([norm_wide, hidden2])
        return self.main_output(concat), self.aux_output(hidden2)


# %%
tf.random.set_seed(42)
model = WideAndDeepModel(6, activation="relu", name="my_cool_model")
optimizer = tf.keras.optimizers.Adam(learning_rate=1e-3)
model.compile(loss=["mse", "mse"], loss_weights=[0.9, 0.1], optimizer=optimizer, metrics=[["RootMeanSquaredError"]] * 2)
model.norm_layer_wide.adapt(a)
model.norm_layer_deep.adapt(b)
history = model.fit((a, b), (y, y), epochs=2, validation_data=((a, b), (y, y)))
