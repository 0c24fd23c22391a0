# expected: whole
# model: pretraining_model
# answer: pretraining_model.encoder.predict(images, verbose=0)
# again: pretraining_model.fit(images, verbose=0)
# random: augmentation
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops

width, temperature = 6, 0.1
images = np.random.default_rng(0).random((4, 12, 12, 3)).astype("float32")


class RandomColorAffine(layers.Layer):
    def __init__(self, brightness=0, jitter=0, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)
        self.brightness = brightness
        self.jitter = jitter

    def get_config(self):
        config = super().get_config()
        config.update({"brightness": self.brightness, "jitter": self.jitter})
        return config

    def call(self, images, training=True):
        if training:
            batch_size = ops.shape(images)[0]
            brightness_scales = 1 + keras.random.uniform(
                (batch_size, 1, 1, 1), minval=-self.brightness, maxval=self.brightness, seed=self.seed_generator
            )
            images = ops.clip(images * brightness_scales, 0, 1)
        return images


def get_augmenter(min_area, brightness, jitter):
    return keras.Sequential(
        [
            layers.Rescaling(1 / 255),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.2, 0.2),
            RandomColorAffine(brightness, jitter),
        ]
    )


def get_encoder():
    return keras.Sequential(
        [
            layers.Conv2D(width, kernel_size=3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(width, activation="relu"),
        ],
        name="encoder",
    )


# %%
class ContrastiveModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.temperature = temperature
        self.contrastive_augmenter = get_augmenter(min_area=0.25, brightness=0.6, jitter=0.2)
        self.encoder = get_encoder()
        self.projection_head = keras.Sequential(
            [keras.Input(shape=(width,)), layers.Dense(width)], name="projection_head"
        )
        self.encoder.build((None, 12, 12, 3))

    def compile(self, contrastive_optimizer, **kwargs):
        super().compile(**kwargs)
        self.contrastive_optimizer = contrastive_optimizer
        self.contrastive_loss_tracker = keras.metrics.Mean(name="c_loss")

    @property
    def metrics(self):
        return [self.contrastive_loss_tracker]

    def contrastive_loss(self, projections_1, projections_2):
        projections_1 = ops.normalize(projections_1, axis=1)
        projections_2 = ops.normalize(projections_2, axis=1)
        similarities = ops.matmul(projections_1, ops.transpose(projections_2)) / self.temperature
        contrastive_labels = ops.arange(ops.shape(projections_1)[0])
        return keras.losses.sparse_categorical_crossentropy(contrastive_labels, similarities, from_logits=True)

    def train_step(self, data):
        augmented_1 = self.contrastive_augmenter(data, training=True)
        augmented_2 = self.contrastive_augmenter(data, training=True)
        with tf.GradientTape() as tape:
            projections_1 = self.projection_head(self.encoder(augmented_1, training=True), training=True)
            projections_2 = self.projection_head(self.encoder(augmented_2, training=True), training=True)
            contrastive_loss = self.contrastive_loss(projections_1, projections_2)
        weights = self.encoder.trainable_weights + self.projection_head.trainable_weights
        gradients = tape.gradient(contrastive_loss, weights)
        self.contrastive_optimizer.apply_gradients(zip(gradients, weights))
        self.contrastive_loss_tracker.update_state(contrastive_loss)
        return {m.name: m.result() for m in self.metrics}


pretraining_model = ContrastiveModel()
pretraining_model.compile(contrastive_optimizer=keras.optimizers.Adam())
pretraining_model.fit(images, epochs=1)
