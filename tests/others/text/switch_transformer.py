# expected: whole
# model: classifier
# answer: classifier.predict(x, verbose=0)
# again: classifier.fit(x, y, verbose=0)
# random: routing noise and dropout
# %%
import numpy as np
import keras
from keras import layers, ops

vocab_size, num_tokens_per_example, embed_dim, num_heads, ff_dim, num_experts = 20, 6, 4, 2, 6, 3
num_tokens_per_batch = 4 * num_tokens_per_example
x = np.random.default_rng(0).integers(0, vocab_size, (4, num_tokens_per_example))
y = np.array([0, 1, 1, 0])


def create_feedforward_network(ff_dim, embed_dim, name=None):
    return keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)], name=name)


def load_balanced_loss(router_probs, expert_mask):
    num_experts = ops.shape(expert_mask)[-1]
    density = ops.mean(expert_mask, axis=0)
    density_proxy = ops.mean(router_probs, axis=0)
    return ops.mean(density_proxy * density) * ops.cast((num_experts**2), "float32")


# %%
class Router(layers.Layer):
    def __init__(self, num_experts, expert_capacity):
        self.num_experts = num_experts
        self.route = layers.Dense(units=num_experts)
        self.expert_capacity = expert_capacity
        super().__init__()

    def call(self, inputs, training=False):
        router_logits = self.route(inputs)
        if training:
            router_logits += keras.random.uniform(shape=ops.shape(router_logits), minval=0.9, maxval=1.1)
        router_probs = keras.activations.softmax(router_logits, axis=-1)
        expert_gate, expert_index = ops.top_k(router_probs, k=1)
        expert_mask = ops.squeeze(ops.one_hot(expert_index, self.num_experts), axis=1)
        self.add_loss(load_balanced_loss(router_probs, expert_mask))
        return expert_mask * expert_gate


class Switch(layers.Layer):
    def __init__(self, num_experts, embed_dim, ff_dim, num_tokens_per_batch, capacity_factor=1):
        self.num_experts = num_experts
        self.embed_dim = embed_dim
        self.experts = [create_feedforward_network(ff_dim, embed_dim) for _ in range(num_experts)]
        self.expert_capacity = num_tokens_per_batch // self.num_experts
        self.router = Router(self.num_experts, self.expert_capacity)
        super().__init__()

    def call(self, inputs):
        shape = ops.shape(inputs)
        flat = ops.reshape(inputs, [-1, self.embed_dim])
        gates = self.router(flat)
        outputs = [gates[:, i : i + 1] * self.experts[i](flat) for i in range(self.num_experts)]
        return ops.reshape(sum(outputs), shape)


# %%
class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ffn, dropout_rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = ffn
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(dropout_rate)

    def call(self, inputs, training=False):
        out1 = self.layernorm1(inputs + self.dropout1(self.att(inputs, inputs), training=training))
        return self.layernorm2(out1 + self.ffn(out1))


def create_classifier():
    switch = Switch(num_experts, embed_dim, ff_dim, num_tokens_per_batch)
    transformer_block = TransformerBlock(embed_dim, num_heads, switch)
    inputs = layers.Input(shape=(num_tokens_per_example,))
    x = layers.Embedding(vocab_size, embed_dim)(inputs)
    x = transformer_block(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs=inputs, outputs=layers.Dense(2, activation="softmax")(x))


classifier = create_classifier()
classifier.compile(optimizer=keras.optimizers.Adam(0.001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = classifier.fit(x, y, batch_size=4, epochs=1)
