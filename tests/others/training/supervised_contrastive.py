# expected: whole
# model: classifier
# answer: classifier.predict(x, verbose=0)
# again: classifier.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers, ops

temperature, num_classes = 0.05, 3
x, y = np.random.default_rng(0).random((8, 8, 8, 3)).astype("float32"), np.arange(8) % num_classes


class SupervisedContrastiveLoss(keras.losses.Loss):
    def __init__(self, temperature=1, name=None):
        super().__init__(name=name)
        self.temperature = temperature

    def __call__(self, labels, feature_vectors, sample_weight=None):
        vectors = ops.divide(feature_vectors, ops.sqrt(ops.sum(feature_vectors**2, axis=1, keepdims=True)))
        logits = ops.divide(ops.matmul(vectors, ops.transpose(vectors)), self.temperature)
        labels = ops.reshape(labels, (-1, 1))
        positive = ops.cast(ops.equal(labels, ops.transpose(labels)), "float32")
        positive = positive / ops.sum(positive, axis=1, keepdims=True)
        return ops.mean(ops.sum(-positive * ops.log_softmax(logits, axis=-1), axis=1))


def create_encoder():
    inputs = keras.Input(shape=(8, 8, 3))
    h = layers.Conv2D(4, 3, activation="relu")(inputs)
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(h), name="encoder")


def create_classifier(encoder, trainable=True):
    for layer in encoder.layers:
        layer.trainable = trainable
    inputs = keras.Input(shape=(8, 8, 3))
    features = layers.Dropout(0.5)(encoder(inputs))
    features = layers.Dense(6, activation="relu")(features)
    outputs = layers.Dense(num_classes, activation="softmax")(features)
    model = keras.Model(inputs=inputs, outputs=outputs, name="classifier")
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    return model


# %%
encoder = create_encoder()
inputs = keras.Input(shape=(8, 8, 3))
outputs = layers.Dense(4, activation="relu")(encoder(inputs))
encoder_with_projection_head = keras.Model(inputs=inputs, outputs=outputs, name="encoder_with_projection-head")
encoder_with_projection_head.compile(optimizer=keras.optimizers.Adam(1e-3), loss=SupervisedContrastiveLoss(temperature))
encoder_with_projection_head.fit(x=x, y=y, batch_size=4, epochs=1)
classifier = create_classifier(encoder, trainable=False)
classifier.fit(x=x, y=y, batch_size=4, epochs=1)
