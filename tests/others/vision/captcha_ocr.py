# expected: whole
# model: model
# answer: model.predict(batch, verbose=0)
# again: model.fit(batch, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops

characters = ["a", "b", "c"]
char_to_num = layers.StringLookup(vocabulary=list(characters), mask_token=None)
num_to_char = layers.StringLookup(vocabulary=char_to_num.get_vocabulary(), mask_token=None, invert=True)
img_width, img_height = 16, 8
batch = {
    "image": np.random.default_rng(0).random((2, img_width, img_height, 1)).astype("float32"),
    "label": np.array([[1, 2], [3, 1]], "float32"),
}


# %%
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    loss = tf.nn.ctc_loss(
        labels=tf.cast(y_true, tf.int32),
        logits=tf.math.log(tf.transpose(y_pred, [1, 0, 2]) + 1e-7),
        label_length=tf.cast(tf.squeeze(label_length, -1), tf.int32),
        logit_length=tf.cast(tf.squeeze(input_length, -1), tf.int32),
        blank_index=-1,
    )
    return tf.expand_dims(loss, 1)


class CTCLayer(layers.Layer):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.loss_fn = ctc_batch_cost

    def call(self, y_true, y_pred):
        batch_len = ops.cast(ops.shape(y_true)[0], dtype="int64")
        input_length = ops.cast(ops.shape(y_pred)[1], dtype="int64")
        label_length = ops.cast(ops.shape(y_true)[1], dtype="int64")
        input_length = input_length * ops.ones(shape=(batch_len, 1), dtype="int64")
        label_length = label_length * ops.ones(shape=(batch_len, 1), dtype="int64")
        loss = self.loss_fn(y_true, y_pred, input_length, label_length)
        self.add_loss(loss)
        return y_pred


# %%
def build_model():
    input_img = layers.Input(shape=(img_width, img_height, 1), name="image", dtype="float32")
    labels = layers.Input(name="label", shape=(None,), dtype="float32")
    x = layers.Conv2D(4, (3, 3), activation="relu", kernel_initializer="he_normal", padding="same", name="Conv1")(
        input_img
    )
    x = layers.MaxPooling2D((2, 2), name="pool1")(x)
    x = layers.Reshape(target_shape=(img_width // 2, (img_height // 2) * 4), name="reshape")(x)
    x = layers.Dense(8, activation="relu", name="dense1")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True, dropout=0.25))(x)
    x = layers.Dense(len(char_to_num.get_vocabulary()) + 1, activation="softmax", name="dense2")(x)
    output = CTCLayer(name="ctc_loss")(labels, x)
    model = keras.models.Model(inputs=[input_img, labels], outputs=output, name="ocr_model_v1")
    model.compile(optimizer=keras.optimizers.Adam())
    return model


model = build_model()
history = model.fit(tf.data.Dataset.from_tensors(batch), epochs=1)
