# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# again: model.fit(images, labels, verbose=0)
# random: dropout
# %%
import numpy as np
from tensorflow.keras import backend as K
from tensorflow.keras.layers import (
    Activation,
    Concatenate,
    Convolution2D,
    Dropout,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
)
from tensorflow.keras.models import Model

sq1x1, exp1x1, exp3x3, relu = "squeeze1x1", "expand1x1", "expand3x3", "relu_"
images = np.random.default_rng(0).random((4, 24, 24, 3)).astype("float32")
labels = np.eye(3)[[0, 1, 2, 1]]


def fire_module(x, fire_id, squeeze=4, expand=8):
    s_id = "fire" + str(fire_id) + "_"
    channel_axis = 1 if K.image_data_format() == "channels_first" else 3
    x = Convolution2D(squeeze, (1, 1), padding="valid", name=s_id + sq1x1)(x)
    x = Activation("relu", name=s_id + relu + sq1x1)(x)
    left = Convolution2D(expand, (1, 1), padding="valid", name=s_id + exp1x1)(x)
    left = Activation("relu", name=s_id + relu + exp1x1)(left)
    right = Convolution2D(expand, (3, 3), padding="same", name=s_id + exp3x3)(x)
    right = Activation("relu", name=s_id + relu + exp3x3)(right)
    return Concatenate(axis=channel_axis, name=s_id + "concat")([left, right])


# %%
def SqueezeNet(input_shape, classes):
    img_input = Input(shape=input_shape)
    x = Convolution2D(8, (3, 3), strides=(2, 2), padding="valid", name="conv1")(img_input)
    x = Activation("relu", name="relu_conv1")(x)
    x = MaxPooling2D(pool_size=(3, 3), strides=(2, 2), name="pool1")(x)
    for i in range(2, 4):
        x = fire_module(x, fire_id=i, squeeze=4, expand=6)
    x = Dropout(0.5, name="drop9")(x)
    x = Convolution2D(classes, (1, 1), padding="valid", name="conv10")(x)
    x = GlobalAveragePooling2D()(x)
    x = Activation("softmax", name="loss")(x)
    return Model(img_input, x, name="squeezenet")


model = SqueezeNet((24, 24, 3), 3)
model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
model.fit(images, labels, epochs=1)
