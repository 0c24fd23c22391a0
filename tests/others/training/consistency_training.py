# expected: whole
# model: self_trainer
# answer: self_trainer.student.predict(x, verbose=0)
# %%
import numpy as np
import tensorflow as tf
import keras

x = np.random.default_rng(0).random((4, 6)).astype("float32")
y = np.arange(4) % 3


class SelfTrainer(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student = student
        self.teacher = teacher
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.teacher.trainable = False

    def compile(self, optimizer, student_loss, temperature=3):
        super().compile(optimizer=optimizer)
        self.student_loss = student_loss
        self.temperature = temperature

    def train_step(self, data):
        (clean, noisy), y = data
        p_teacher = self.teacher(clean, training=False)
        with tf.GradientTape() as tape:
            p_student = self.student(noisy, training=True)
            loss = self.student_loss(y, p_student) + keras.losses.kl_divergence(
                tf.nn.softmax(p_teacher / self.temperature), tf.nn.softmax(p_student / self.temperature)
            )
            loss = tf.reduce_mean(loss)
        gradients = tape.gradient(loss, self.student.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.student.trainable_variables))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


# %%
def small():
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3)])


self_trainer = SelfTrainer(student=small(), teacher=small())
self_trainer.compile(optimizer="adam", student_loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
self_trainer.fit((x, x + 0.1), y, epochs=1)
