# expected: whole
# model: bert_masked_model
# answer: bert_masked_model.predict(x, verbose=0)
# again: bert_masked_model.fit(x, y, sample_weight=weights, verbose=0)
# random: dropout
# %%
from dataclasses import dataclass
import numpy as np
import keras
from keras import layers


@dataclass
class Config:
    MAX_LEN = 6
    LR = 0.001
    VOCAB_SIZE = 20
    EMBED_DIM = 4
    NUM_HEAD = 2
    FF_DIM = 4
    NUM_LAYERS = 1


config = Config()
x = np.random.default_rng(0).integers(0, 20, (4, 6))
y, weights = x + 0, np.ones((4, 6), "float32")


def bert_module(query, key, value, i):
    attention_output = layers.MultiHeadAttention(
        num_heads=config.NUM_HEAD, key_dim=config.EMBED_DIM // config.NUM_HEAD, name=f"encoder_{i}_multiheadattention"
    )(query, key, value)
    attention_output = layers.Dropout(0.1, name=f"encoder_{i}_att_dropout")(attention_output)
    attention_output = layers.LayerNormalization(epsilon=1e-6, name=f"encoder_{i}_att_layernormalization")(
        query + attention_output
    )
    ffn = keras.Sequential(
        [layers.Dense(config.FF_DIM, activation="relu"), layers.Dense(config.EMBED_DIM)], name=f"encoder_{i}_ffn"
    )
    ffn_output = ffn(attention_output)
    return layers.LayerNormalization(epsilon=1e-6, name=f"encoder_{i}_ffn_layernormalization")(
        attention_output + ffn_output
    )


loss_fn = keras.losses.SparseCategoricalCrossentropy(reduction=None)
loss_tracker = keras.metrics.Mean(name="loss")


# %%
class MaskedLanguageModel(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = loss_fn(y, y_pred, sample_weight)
        loss_tracker.update_state(loss, sample_weight=sample_weight)
        return keras.ops.sum(loss)

    def compute_metrics(self, x, y, y_pred, sample_weight):
        return {"loss": loss_tracker.result()}

    @property
    def metrics(self):
        return [loss_tracker]


def create_masked_language_bert_model():
    inputs = layers.Input((config.MAX_LEN,), dtype="int64")
    word_embeddings = layers.Embedding(config.VOCAB_SIZE, config.EMBED_DIM, name="word_embedding")(inputs)
    position_embeddings = layers.Embedding(config.MAX_LEN, config.EMBED_DIM, name="position_embedding")(
        keras.ops.arange(config.MAX_LEN)
    )
    encoder_output = word_embeddings + position_embeddings
    for i in range(config.NUM_LAYERS):
        encoder_output = bert_module(encoder_output, encoder_output, encoder_output, i)
    mlm_output = layers.Dense(config.VOCAB_SIZE, name="mlm_cls", activation="softmax")(encoder_output)
    mlm_model = MaskedLanguageModel(inputs, mlm_output, name="masked_bert_model")
    mlm_model.compile(optimizer=keras.optimizers.Adam(learning_rate=config.LR))
    return mlm_model


bert_masked_model = create_masked_language_bert_model()
bert_masked_model.fit(x, y, sample_weight=weights, epochs=1)
