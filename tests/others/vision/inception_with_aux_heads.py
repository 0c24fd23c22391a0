# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, [y, y], verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras.layers import AveragePooling2D, Concatenate, Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D
from keras.layers import Input, MaxPooling2D

kernel_init = keras.initializers.GlorotUniform()
bias_init = keras.initializers.Constant(value=0.2)
x = np.random.default_rng(0).random((4, 16, 16, 3)).astype("float32")
y = keras.utils.to_categorical([0, 1, 2, 0], 3)


def inception_module(x, f1, f3r, f3, f5r, f5, fpool, name=None):
    conv = dict(padding="same", activation="relu", kernel_initializer=kernel_init, bias_initializer=bias_init)
    conv_1x1 = Conv2D(f1, (1, 1), **conv)(x)
    conv_3x3 = Conv2D(f3, (3, 3), **conv)(Conv2D(f3r, (1, 1), **conv)(x))
    conv_5x5 = Conv2D(f5, (5, 5), **conv)(Conv2D(f5r, (1, 1), **conv)(x))
    pool_proj = Conv2D(fpool, (1, 1), **conv)(MaxPooling2D((3, 3), strides=(1, 1), padding="same")(x))
    return Concatenate(axis=3, name=name)([conv_1x1, conv_3x3, conv_5x5, pool_proj])


# %%
input_layer = Input(shape=(16, 16, 3))
h = Conv2D(4, (7, 7), padding="same", strides=(2, 2), activation="relu", name="conv_1_7x7_2")(input_layer)
h = inception_module(h, 2, 2, 4, 2, 2, 2, name="inception_3a")
x1 = AveragePooling2D((5, 5), strides=3)(h)
x1 = Conv2D(4, (1, 1), padding="same", activation="relu")(x1)
x1 = Dropout(0.7)(Dense(8, activation="relu")(Flatten()(x1)))
x1 = Dense(3, activation="softmax", name="auxilliary_output_1")(x1)
h = inception_module(h, 3, 2, 4, 2, 2, 2, name="inception_4b")
h = GlobalAveragePooling2D(name="avg_pool_5_3x3_1")(h)
h = Dense(3, activation="softmax", name="output")(Dropout(0.4)(h))
model = keras.Model(input_layer, [h, x1], name="inception_v1")


# %%
def decay(epoch, steps=100):
    drop, epochs_drop = 0.96, 8
    return 0.01 * drop ** ((1 + epoch) // epochs_drop)


sgd = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=False)
lr_sc = keras.callbacks.LearningRateScheduler(decay, verbose=1)
model.compile(
    loss=["categorical_crossentropy", "categorical_crossentropy"],
    loss_weights=[1, 0.3],
    optimizer=sgd,
    metrics=[["accuracy"], ["accuracy"]],
)
history = model.fit(x, [y, y], epochs=2, callbacks=[lr_sc])
