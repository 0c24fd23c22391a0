# expected: whole
# model: model
# answer: model.predict(scans, verbose=0)
# again: model.fit(scans, labels, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

scans = np.random.default_rng(0).random((2, 12, 12, 8, 1)).astype("float32")
labels = np.array([0.0, 1.0])


def get_model(width=12, height=12, depth=8):
    inputs = keras.Input((width, height, depth, 1))
    x = layers.Conv3D(filters=3, kernel_size=3, activation="relu")(inputs)
    x = layers.MaxPool3D(pool_size=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.GlobalAveragePooling3D()(x)
    x = layers.Dense(units=4, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(units=1, activation="sigmoid")(x), name="3dcnn")


model = get_model()

# %%
lr_schedule = keras.optimizers.schedules.ExponentialDecay(0.0001, decay_steps=100000, decay_rate=0.96, staircase=True)
model.compile(
    loss="binary_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=lr_schedule),
    metrics=["acc"],
    run_eagerly=True,
)
checkpoint_cb = keras.callbacks.ModelCheckpoint("3d_image_classification.keras", save_best_only=True)
model.fit(
    tf.data.Dataset.from_tensor_slices((scans, labels)).batch(2),
    validation_data=(scans, labels),
    epochs=1,
    callbacks=[checkpoint_cb],
)
