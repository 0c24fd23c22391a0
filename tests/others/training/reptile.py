# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

learning_rate, meta_step_size, inner_iters, meta_iters, classes = 0.003, 0.25, 2, 2, 3
rng = np.random.default_rng(0)
images, labels = rng.random((6, 8, 8, 1)).astype("float32"), np.arange(6) % classes


def conv_bn(x):
    x = layers.Conv2D(filters=4, kernel_size=3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


inputs = layers.Input(shape=(8, 8, 1))
x = conv_bn(inputs)
x = conv_bn(x)
x = layers.Flatten()(x)
outputs = layers.Dense(classes, activation="softmax")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile()
optimizer = keras.optimizers.SGD(learning_rate=learning_rate)

# %%
import tensorflow as tf

for meta_iter in range(meta_iters):
    frac_done = meta_iter / meta_iters
    cur_meta_step_size = (1 - frac_done) * meta_step_size
    old_vars = model.get_weights()
    for _ in range(inner_iters):
        with tf.GradientTape() as tape:
            preds = model(images)
            loss = keras.losses.sparse_categorical_crossentropy(labels, preds)
        grads = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
    new_vars = model.get_weights()
    for var in range(len(new_vars)):
        new_vars[var] = old_vars[var] + ((new_vars[var] - old_vars[var]) * cur_meta_step_size)
    model.set_weights(new_vars)
