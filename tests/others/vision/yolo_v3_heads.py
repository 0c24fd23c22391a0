# expected: whole
# model: model
# answer: model(x)
# again: model.fit(x, tuple(targets), verbose=0)
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras import Model
from tensorflow.keras.layers import Add, BatchNormalization, Concatenate, Conv2D, Input, Lambda, LeakyReLU
from tensorflow.keras.layers import UpSampling2D, ZeroPadding2D
from tensorflow.keras.losses import binary_crossentropy, sparse_categorical_crossentropy
from tensorflow.keras.regularizers import l2

classes, size = 2, 16
yolo_anchors = np.array([(3, 3), (5, 6), (8, 4), (10, 10)], np.float32) / size
yolo_anchor_masks = np.array([[2, 3], [0, 1]])
rng = np.random.default_rng(0)
x = rng.random((2, size, size, 3)).astype("float32")
targets = [np.zeros((2, 4, 4, 2, 6), "float32"), np.zeros((2, 8, 8, 2, 6), "float32")]
for target in targets:
    target[:, 1, 1, 0] = [0.2, 0.2, 0.4, 0.5, 1, 1]


def DarknetConv(x, filters, size, strides=1, batch_norm=True):
    if strides == 1:
        padding = "same"
    else:
        x = ZeroPadding2D(((1, 0), (1, 0)))(x)
        padding = "valid"
    x = Conv2D(filters, size, strides, padding, use_bias=not batch_norm, kernel_regularizer=l2(0.0005))(x)
    if batch_norm:
        x = BatchNormalization()(x)
        x = LeakyReLU(negative_slope=0.1)(x)
    return x


def DarknetResidual(x, filters):
    prev = x
    x = DarknetConv(DarknetConv(x, filters // 2, 1), filters, 3)
    return Add()([prev, x])


def Darknet(name=None):
    x = inputs = Input([None, None, 3])
    x = DarknetConv(x, 4, 3, strides=2)
    x = x_36 = DarknetResidual(x, 4)
    x = DarknetResidual(DarknetConv(x, 8, 3, strides=2), 8)
    return Model(inputs, (x_36, x), name=name)


# %%
def YoloConv(filters, name=None):
    def yolo_conv(x_in):
        if isinstance(x_in, tuple):
            inputs = Input(x_in[0].shape[1:]), Input(x_in[1].shape[1:])
            x, x_skip = inputs
            x = UpSampling2D(2)(DarknetConv(x, filters, 1))
            x = Concatenate()([x, x_skip])
        else:
            x = inputs = Input(x_in.shape[1:])
        return Model(inputs, DarknetConv(x, filters, 1), name=name)(x_in)

    return yolo_conv


def YoloOutput(filters, anchors, classes, name=None):
    def yolo_output(x_in):
        x = inputs = Input(x_in.shape[1:])
        x = DarknetConv(DarknetConv(x, filters * 2, 3), anchors * (classes + 5), 1, batch_norm=False)
        x = Lambda(lambda x: tf.reshape(x, (-1, tf.shape(x)[1], tf.shape(x)[2], anchors, classes + 5)))(x)
        return tf.keras.Model(inputs, x, name=name)(x_in)

    return yolo_output


def YoloLoss(anchors, classes=2):
    def yolo_loss(y_true, y_pred):
        pred_xy, pred_wh, pred_obj, pred_class = tf.split(y_pred, (2, 2, 1, classes), axis=-1)
        true_box, true_obj, true_class = tf.split(y_true, (4, 1, 1), axis=-1)
        true_wh = true_box[..., 2:4] - true_box[..., 0:2]
        wh = tf.math.log(true_wh / anchors)
        wh = tf.where(tf.math.is_inf(wh), tf.zeros_like(wh), wh)
        obj_mask = tf.squeeze(true_obj, -1)
        xy_loss = obj_mask * tf.reduce_sum(tf.square(true_box[..., 0:2] - tf.sigmoid(pred_xy)), axis=-1)
        wh_loss = obj_mask * tf.reduce_sum(tf.square(wh - pred_wh), axis=-1)
        obj_loss = binary_crossentropy(true_obj, tf.sigmoid(pred_obj))
        class_loss = obj_mask * sparse_categorical_crossentropy(true_class, tf.nn.softmax(pred_class))
        total = xy_loss + wh_loss + obj_loss + class_loss
        return tf.reduce_sum(total, axis=(1, 2, 3))

    return yolo_loss


# %%
inputs = Input([size, size, 3], name="input")
x_36, h = Darknet(name="yolo_darknet")(inputs)
h = YoloConv(8, name="yolo_conv_0")(h)
output_0 = YoloOutput(8, len(yolo_anchor_masks[0]), classes, name="yolo_output_0")(h)
h = YoloConv(4, name="yolo_conv_1")((h, x_36))
output_1 = YoloOutput(4, len(yolo_anchor_masks[1]), classes, name="yolo_output_1")(h)
model = Model(inputs, (output_0, output_1), name="yolov3")
loss = [YoloLoss(yolo_anchors[mask], classes=classes) for mask in yolo_anchor_masks]
model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss=tuple(loss))
model.fit(x, tuple(targets), epochs=1)
