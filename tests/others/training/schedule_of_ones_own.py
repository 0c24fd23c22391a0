# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

x, y = np.random.default_rng(0).random((4, 6)).astype("float32"), np.array([0, 1, 1, 0])


class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, learning_rate_base, total_steps, warmup_learning_rate, warmup_steps):
        super().__init__()
        self.learning_rate_base = learning_rate_base
        self.total_steps = total_steps
        self.warmup_learning_rate = warmup_learning_rate
        self.warmup_steps = warmup_steps
        self.pi = tf.constant(np.pi)

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        cos_annealed_lr = tf.cos(self.pi * (step - self.warmup_steps) / float(self.total_steps - self.warmup_steps))
        learning_rate = 0.5 * self.learning_rate_base * (1 + cos_annealed_lr)
        slope = (self.learning_rate_base - self.warmup_learning_rate) / self.warmup_steps
        warmup_rate = slope * step + self.warmup_learning_rate
        return tf.where(step < self.warmup_steps, warmup_rate, learning_rate)


# %%
scheduled_lrs = WarmUpCosine(learning_rate_base=1e-3, total_steps=100, warmup_learning_rate=0.0, warmup_steps=10)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=scheduled_lrs, weight_decay=1e-4),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
)
model.fit(x, y, epochs=1)
