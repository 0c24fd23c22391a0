# expected: whole
# model: model
# answer: model.predict(X, verbose=0)
# again: model.fit(X, y, verbose=0)
# %%
import numpy as np
import keras
from keras.layers import Dense, Dropout
from keras.callbacks import EarlyStopping, ReduceLROnPlateau, LambdaCallback

X = np.random.default_rng(0).random((32, 5))
y = X.sum(1)


def build_model():
    model = keras.Sequential()
    model.add(keras.Input(shape=(5,)))
    model.add(Dense(8, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-4)))
    model.add(Dense(1))
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
        metrics=["mae", "mse"],
    )
    return model


# %%
model = build_model()
losses = []
model.fit(
    X,
    y,
    epochs=3,
    validation_split=0.2,
    verbose=0,
    callbacks=[
        EarlyStopping(patience=1, restore_best_weights=True),
        ReduceLROnPlateau(patience=0, factor=0.5),
        LambdaCallback(on_epoch_end=lambda e, logs: losses.append(logs["loss"])),
    ],
)
