# expected: whole
# model: feedback_model
# answer: feedback_model(x)
# again: feedback_model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf

OUT_STEPS, num_features = 3, 2
x = np.random.default_rng(0).random((4, 5, num_features)).astype("float32")
y = np.random.default_rng(1).random((4, OUT_STEPS, num_features)).astype("float32")


class FeedBack(tf.keras.Model):
    def __init__(self, units, out_steps):
        super().__init__()
        self.out_steps = out_steps
        self.units = units
        self.lstm_cell = tf.keras.layers.LSTMCell(units)
        self.lstm_rnn = tf.keras.layers.RNN(self.lstm_cell, return_state=True)
        self.dense = tf.keras.layers.Dense(num_features)

    def warmup(self, inputs):
        x, *state = self.lstm_rnn(inputs)
        prediction = self.dense(x)
        return prediction, state

    def call(self, inputs, training=None):
        predictions = []
        prediction, state = self.warmup(inputs)
        predictions.append(prediction)
        for n in range(1, self.out_steps):
            x, state = self.lstm_cell(prediction, states=state, training=training)
            prediction = self.dense(x)
            predictions.append(prediction)
        predictions = tf.stack(predictions)
        return tf.transpose(predictions, [1, 0, 2])


# %%
feedback_model = FeedBack(units=4, out_steps=OUT_STEPS)
feedback_model.compile(
    loss=tf.keras.losses.MeanSquaredError(),
    optimizer=tf.keras.optimizers.Adam(),
    metrics=[tf.keras.metrics.MeanAbsoluteError()],
)
feedback_model.fit(x, y, epochs=1)
