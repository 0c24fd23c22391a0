# expected: whole
# model: unet
# answer: unet.predict(imgs, verbose=0)
# again: unet.fit(imgs, masks, verbose=0)
# random: dropout
# %%
import numpy as np
from keras.layers import *
from keras.models import *
from keras.optimizers import *
from keras import backend as K
import keras

rng = np.random.default_rng(0)
imgs, masks = rng.random((4, 16, 16, 1)), (rng.random((4, 16, 16, 1)) > 0.5).astype("float32")
smooth = 1.0


def dice_coef(y_true, y_pred):
    y_true_f = keras.ops.reshape(y_true, (-1,))
    y_pred_f = keras.ops.reshape(y_pred, (-1,))
    inter = keras.ops.sum(y_true_f * y_pred_f)
    return (2.0 * inter + smooth) / (keras.ops.sum(y_true_f) + keras.ops.sum(y_pred_f) + smooth)


def dice_loss(y_true, y_pred):
    return 1 - dice_coef(y_true, y_pred)


# %%
inputs = Input((16, 16, 1))
c1 = Conv2D(4, 3, activation="relu", padding="same", kernel_initializer="he_normal")(inputs)
p1 = MaxPooling2D(pool_size=(2, 2))(c1)
c2 = Dropout(0.5)(Conv2D(8, 3, activation="relu", padding="same")(p1))
u1 = concatenate([c1, Conv2DTranspose(4, 2, strides=2)(c2)], axis=3)
outputs = Conv2D(1, 1, activation="sigmoid")(u1)
unet = Model(inputs, outputs)
unet.compile(optimizer=Adam(learning_rate=1e-4), loss=dice_loss, metrics=[dice_coef])
unet.fit(imgs, masks, batch_size=2, epochs=1, verbose=0)
