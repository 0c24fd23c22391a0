# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# %%
import numpy as np
import tensorflow as tf

images = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32") * 255
labels = np.array([0, 1])
base_model = tf.keras.applications.MobileNetV3Small(
    input_shape=(32, 32, 3), include_top=False, weights=None, minimalistic=True, alpha=0.75, pooling="avg"
)
model = tf.keras.Sequential([tf.keras.Input((32, 32, 3)), base_model, tf.keras.layers.Dense(2)])

# %%
base_model.trainable = True
for layer in base_model.layers[:-10]:
    layer.trainable = False
model.compile(
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    optimizer=tf.keras.optimizers.RMSprop(learning_rate=1e-5),
    metrics=["accuracy"],
)
history_fine = model.fit(images, labels, epochs=1)
