# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# again: model.fit(images, labels, verbose=0)
# random: dropout
# %%
import numpy as np
import keras

images = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32") * 255
labels = np.array([[0.0], [1.0]])
base_model = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(32, 32, 3), include_top=False)
base_model.trainable = False
inputs = keras.Input(shape=(32, 32, 3))
x = keras.layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
x = base_model(x, training=False)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.2)(x)
outputs = keras.layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)

# %%
model.fit(images, labels, epochs=1)
