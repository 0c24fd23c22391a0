# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import BatchNormalization, Dense, Dropout, Embedding, Input, Layer, PReLU
from tensorflow.keras.regularizers import l2

n_items, maxlen = 9, 4
rng = np.random.default_rng(0)
x = [rng.random((6, 2)).astype("float32"), rng.integers(1, n_items, (6, maxlen)), rng.integers(1, n_items, (6, 1))]
x[1][0, :2] = 0
y = rng.integers(0, 2, (6, 1)).astype("float32")


class Dice(Layer):
    def __init__(self):
        super(Dice, self).__init__()
        self.bn = BatchNormalization(center=False, scale=False)
        self.alpha = self.add_weight(shape=(), dtype=tf.float32, name="alpha")

    def call(self, x):
        x_normed = self.bn(x)
        x_p = tf.sigmoid(x_normed)
        return self.alpha * (1.0 - x_p) * x + x_p * x


class Attention_Layer(Layer):
    def __init__(self, att_hidden_units, activation="prelu"):
        super(Attention_Layer, self).__init__()
        self.att_dense = [
            Dense(unit, activation=PReLU() if activation == "prelu" else Dice()) for unit in att_hidden_units
        ]
        self.att_final_dense = Dense(1)

    def call(self, inputs):
        q, k, v, key_masks = inputs
        q = tf.reshape(tf.tile(q, multiples=[1, k.shape[1]]), shape=[-1, k.shape[1], k.shape[2]])
        info = tf.concat([q, k, q - k, q * k], axis=-1)
        for dense in self.att_dense:
            info = dense(info)
        outputs = tf.squeeze(self.att_final_dense(info), axis=-1)
        paddings = tf.ones_like(outputs) * (-(2**32) + 1)
        outputs = tf.where(tf.equal(key_masks, 0), paddings, outputs)
        outputs = tf.expand_dims(tf.nn.softmax(logits=outputs), axis=1)
        return tf.squeeze(tf.matmul(outputs, v), axis=1)


# %%
class DIN(tf.keras.Model):
    def __init__(self, feature_columns, att_hidden_units=(6, 4), ffn_hidden_units=(8, 4), dnn_dropout=0.2, maxlen=4):
        super(DIN, self).__init__()
        self.maxlen = maxlen
        self.dense_feature_columns, self.sparse_feature_columns = feature_columns
        self.embed_seq_layers = [
            Embedding(feat["feat_num"], feat["embed_dim"], embeddings_regularizer=l2(1e-6))
            for feat in self.sparse_feature_columns
        ]
        self.attention_layer = Attention_Layer(att_hidden_units)
        self.bn = BatchNormalization(trainable=True)
        self.ffn = [Dense(unit, activation=Dice()) for unit in ffn_hidden_units]
        self.dropout = Dropout(dnn_dropout)
        self.dense_final = Dense(1)

    def call(self, inputs):
        dense_inputs, seq_inputs, item_inputs = inputs
        mask = tf.cast(tf.not_equal(seq_inputs, 0), dtype=tf.float32)
        seq_embed = self.embed_seq_layers[0](seq_inputs)
        item_embed = self.embed_seq_layers[0](item_inputs[:, 0])
        user_info = self.attention_layer([item_embed, seq_embed, seq_embed, mask])
        info_all = self.bn(tf.concat([user_info, item_embed, dense_inputs], axis=-1))
        for dense in self.ffn:
            info_all = dense(info_all)
        return tf.nn.sigmoid(self.dense_final(self.dropout(info_all)))

    def summary(self):
        seq = [Input((2,)), Input((self.maxlen,), dtype="int32"), Input((1,), dtype="int32")]
        tf.keras.Model(inputs=seq, outputs=self.call(seq)).summary()


feature_columns = [[{"feat": "price"}, {"feat": "age"}], [{"feat": "item", "feat_num": n_items, "embed_dim": 4}]]
model = DIN(feature_columns, maxlen=maxlen)
model.compile(
    loss=tf.keras.losses.binary_crossentropy,
    optimizer=tf.keras.optimizers.Adam(learning_rate=0.001),
    metrics=[tf.keras.metrics.AUC()],
)
model.fit(x, y, epochs=1, batch_size=3)
