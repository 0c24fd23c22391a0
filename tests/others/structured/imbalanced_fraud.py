# expected: whole
# model: model
# answer: model.predict(features, verbose=0)
# again: model.fit(features, targets, class_weight={0: 1.0, 1: 5.0}, verbose=0)
# random: dropout
# %%
import numpy as np
import keras

features = np.random.default_rng(0).random((16, 5)).astype("float32")
targets = np.array([[0], [0], [0], [1]] * 4, "uint8")
model = keras.Sequential(
    [
        keras.Input(shape=features.shape[1:]),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
metrics = [
    keras.metrics.FalseNegatives(name="fn"),
    keras.metrics.FalsePositives(name="fp"),
    keras.metrics.TrueNegatives(name="tn"),
    keras.metrics.TruePositives(name="tp"),
    keras.metrics.Precision(name="precision"),
    keras.metrics.Recall(name="recall"),
    keras.metrics.AUC(name="prc", curve="PR"),
]
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy", metrics=metrics)

# %%
callbacks = [keras.callbacks.ModelCheckpoint("fraud_model_at_epoch_{epoch}.keras")]
class_weight = {0: 1.0 / 12, 1: 1.0 / 4}
model.fit(features, targets, batch_size=16, epochs=1, verbose=2, callbacks=callbacks, class_weight=class_weight)
