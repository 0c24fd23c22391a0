# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras

x = np.random.default_rng(0).random((8, 20, 1)).astype("float32")
y = np.random.default_rng(1).integers(0, 2, 8)


def make_model(input_shape):
    input_layer = keras.layers.Input(input_shape)
    conv = input_layer
    for _ in range(2):
        conv = keras.layers.Conv1D(filters=4, kernel_size=3, padding="same")(conv)
        conv = keras.layers.BatchNormalization()(conv)
        conv = keras.layers.ReLU()(conv)
    gap = keras.layers.GlobalAveragePooling1D()(conv)
    return keras.models.Model(inputs=input_layer, outputs=keras.layers.Dense(2, activation="softmax")(gap))


model = make_model(input_shape=x.shape[1:])

# %%
callbacks = [
    keras.callbacks.ModelCheckpoint("best_model.keras", save_best_only=True, monitor="val_loss"),
    keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=20, min_lr=0.0001),
    keras.callbacks.EarlyStopping(monitor="val_loss", patience=50, verbose=1),
]
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
history = model.fit(x, y, batch_size=8, epochs=1, callbacks=callbacks, validation_split=0.2, verbose=1)
