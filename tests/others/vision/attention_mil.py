# expected: whole
# model: model
# answer: model.predict(bags, verbose=0)
# again: model.fit(bags, labels, verbose=0)
# %%
import numpy as np
import keras
from keras import layers, ops, regularizers

BAG_SIZE = 3
bags = [np.random.default_rng(i).random((4, 6, 6)).astype("float32") for i in range(BAG_SIZE)]
labels = np.array([0, 1, 0, 1])


class MILAttentionLayer(layers.Layer):
    def __init__(
        self, weight_params_dim, kernel_initializer="glorot_uniform", kernel_regularizer=None, use_gated=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.weight_params_dim = weight_params_dim
        self.use_gated = use_gated
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.v_init = self.kernel_initializer
        self.w_init = self.kernel_initializer
        self.u_init = self.kernel_initializer
        self.v_regularizer = self.kernel_regularizer

    def build(self, input_shape):
        input_dim = input_shape[0][1]
        self.v_weight_params = self.add_weight(
            shape=(input_dim, self.weight_params_dim),
            initializer=self.v_init,
            name="v",
            regularizer=self.v_regularizer,
            trainable=True,
        )
        self.w_weight_params = self.add_weight(
            shape=(self.weight_params_dim, 1), initializer=self.w_init, name="w", trainable=True
        )
        if self.use_gated:
            self.u_weight_params = self.add_weight(
                shape=(input_dim, self.weight_params_dim), initializer=self.u_init, name="u", trainable=True
            )
        else:
            self.u_weight_params = None
        self.input_built = True

    def call(self, inputs):
        instances = [self.compute_attention_scores(instance) for instance in inputs]
        instances = ops.stack(instances)
        alpha = ops.softmax(instances, axis=0)
        return [alpha[i] for i in range(alpha.shape[0])]

    def compute_attention_scores(self, instance):
        original_instance = instance
        instance = ops.tanh(ops.tensordot(instance, self.v_weight_params, axes=1))
        if self.use_gated:
            instance = instance * ops.sigmoid(ops.tensordot(original_instance, self.u_weight_params, axes=1))
        return ops.tensordot(instance, self.w_weight_params, axes=1)


# %%
def create_model(instance_shape):
    inputs, embeddings = [], []
    shared_dense_layer_1 = layers.Dense(8, activation="relu")
    for _ in range(BAG_SIZE):
        inp = layers.Input(instance_shape)
        flatten = layers.Flatten()(inp)
        inputs.append(inp)
        embeddings.append(shared_dense_layer_1(flatten))
    alpha = MILAttentionLayer(
        weight_params_dim=6, kernel_regularizer=regularizers.L2(0.01), use_gated=True, name="alpha"
    )(embeddings)
    multiply_layers = [layers.multiply([alpha[i], embeddings[i]]) for i in range(len(alpha))]
    concat = layers.concatenate(multiply_layers, axis=1)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(concat))


model = create_model(bags[0].shape[1:])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(bags, labels, epochs=1, class_weight={0: 1.0, 1: 2.0}, verbose=0)
