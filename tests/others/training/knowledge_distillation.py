# expected: whole
# model: distiller
# answer: distiller.student.predict(x, verbose=0)
# again: distiller.fit(x, y, verbose=0)
# %%
import numpy as np
import keras
from keras import layers
from keras import ops

x, y = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32"), np.arange(4) % 3


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher = teacher
        self.student = student

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False, training=True):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        distillation_loss = self.distillation_loss_fn(
            ops.softmax(teacher_pred / self.temperature, axis=1), ops.softmax(y_pred / self.temperature, axis=1)
        ) * (self.temperature**2)
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


# %%
teacher = keras.Sequential(
    [keras.Input(shape=(8, 8, 1)), layers.Conv2D(4, 3, strides=2), layers.Flatten(), layers.Dense(3)], name="teacher"
)
student = keras.Sequential(
    [keras.Input(shape=(8, 8, 1)), layers.Conv2D(2, 3, strides=2), layers.Flatten(), layers.Dense(3)], name="student"
)
distiller = Distiller(student=student, teacher=teacher)
distiller.compile(
    optimizer=keras.optimizers.Adam(),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
    student_loss_fn=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    distillation_loss_fn=keras.losses.KLDivergence(),
    alpha=0.1,
    temperature=10,
)
distiller.fit(x, y, epochs=1)
