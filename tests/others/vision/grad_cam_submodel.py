# expected: partial: an activation set to None, which Keras cannot write
# model: grad_model
# answer: grad_model.predict(images, verbose=0)
# %%
import numpy as np
import keras

images = np.random.default_rng(0).random((2, 12, 12, 3)).astype("float32")
model = keras.Sequential(
    [
        keras.Input((12, 12, 3)),
        keras.layers.Conv2D(4, 3, name="block_conv"),
        keras.layers.GlobalMaxPooling2D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(images, np.array([0, 1]), verbose=0)

# %%
model.layers[-1].activation = None
grad_model = keras.models.Model(model.inputs, [model.get_layer("block_conv").output, model.layers[-1].output])
last_conv, preds = grad_model(images)
