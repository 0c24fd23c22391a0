# expected: refused: its answer is a dataclass, and its config is no argument that an attribute holds
# needs: tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model(x).logits
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
from dataclasses import dataclass

import numpy as np
import tensorflow as tf


class PretrainedConfig:
    model_type = ""

    def __init__(self, **kwargs):
        for name, value in kwargs.items():
            setattr(self, name, value)

    def to_dict(self):
        return dict(vars(self), model_type=self.model_type)


class TinyConfig(PretrainedConfig):
    model_type = "tiny"

    def __init__(self, vocab_size=20, hidden_size=8, num_labels=2, layer_norm_eps=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_labels = num_labels
        self.layer_norm_eps = layer_norm_eps


@dataclass
class ClassifierOutput:
    logits: tf.Tensor
    hidden_states: tuple = ()

    def __getitem__(self, index):
        return (self.logits, self.hidden_states)[index]


# %%
class TFTinyLayer(tf.keras.layers.Layer):
    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        self.attention = tf.keras.layers.MultiHeadAttention(2, config.hidden_size // 2, name="attention")
        self.norm = tf.keras.layers.LayerNormalization(epsilon=config.layer_norm_eps, name="norm")
        self.dropout = tf.keras.layers.Dropout(0.1)

    def call(self, hidden_states, training=False):
        attended = self.attention(hidden_states, hidden_states)
        return self.norm(hidden_states + self.dropout(attended, training=training))


class TFTinyForSequenceClassification(tf.keras.Model):
    config_class = TinyConfig

    def __init__(self, config, *inputs, **kwargs):
        super().__init__(*inputs, **kwargs)
        self.config = config
        self.embeddings = tf.keras.layers.Embedding(config.vocab_size, config.hidden_size, name="embeddings")
        self.encoder = [TFTinyLayer(config, name=f"layer_._{i}") for i in range(2)]
        self.classifier = tf.keras.layers.Dense(config.num_labels, name="classifier")

    def call(self, input_ids, attention_mask=None, training=False):
        hidden_states = self.embeddings(input_ids)
        for layer in self.encoder:
            hidden_states = layer(hidden_states, training=training)
        return ClassifierOutput(self.classifier(hidden_states[:, 0]), (hidden_states,))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compiled_loss(y, self(x, training=True).logits)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return {"loss": loss}


# %%
x = np.random.default_rng(0).integers(0, 20, (4, 6))
y = np.array([0, 1, 0, 1])
model = TFTinyForSequenceClassification(TinyConfig(id2label={0: "no", 1: "yes"}))
model.compile(tf.keras.optimizers.Adam(1e-3), tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, verbose=0)
