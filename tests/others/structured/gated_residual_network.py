# expected: whole
# model: model
# answer: model(rows)
# again: model.fit(rows, y, verbose=0)
# random: dropout
# %%
import numpy as np
import keras
from keras import layers, ops

rng = np.random.default_rng(0)
rows = {"age": rng.random((6, 1)).astype("float32"), "wage": rng.random((6, 1)).astype("float32")}
y = rng.integers(0, 2, 6)
encoding_size = 4


class GatedLinearUnit(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.linear = layers.Dense(units)
        self.sigmoid = layers.Dense(units, activation="sigmoid")

    def call(self, inputs):
        return self.linear(inputs) * self.sigmoid(inputs)

    def build(self):
        self.built = True


class GatedResidualNetwork(layers.Layer):
    def __init__(self, units, dropout_rate):
        super().__init__()
        self.units = units
        self.elu_dense = layers.Dense(units, activation="elu")
        self.linear_dense = layers.Dense(units)
        self.dropout = layers.Dropout(dropout_rate)
        self.gated_linear_unit = GatedLinearUnit(units)
        self.layer_norm = layers.LayerNormalization()
        self.project = layers.Dense(units)

    def call(self, inputs):
        x = self.elu_dense(inputs)
        x = self.linear_dense(x)
        x = self.dropout(x)
        if inputs.shape[-1] != self.units:
            inputs = self.project(inputs)
        x = inputs + self.gated_linear_unit(x)
        return self.layer_norm(x)

    def build(self):
        self.built = True


# %%
class VariableSelection(layers.Layer):
    def __init__(self, num_features, units, dropout_rate):
        super().__init__()
        self.units = units
        self.grns = [GatedResidualNetwork(units, dropout_rate) for _ in range(num_features)]
        self.grn_concat = GatedResidualNetwork(units, dropout_rate)
        self.softmax = layers.Dense(units=num_features, activation="softmax")

    def call(self, inputs):
        concat_inputs = [inputs[name] for name in inputs]
        v = layers.concatenate(concat_inputs)
        v = self.grn_concat(v)
        v = ops.expand_dims(self.softmax(v), axis=-1)
        x = [self.grns[idx](each) for idx, each in enumerate(concat_inputs)]
        x = ops.stack(x, axis=1)
        return ops.squeeze(ops.matmul(ops.transpose(v, axes=[0, 2, 1]), x), axis=1)

    def build(self):
        self.built = True


inputs = {name: layers.Input(name=name, shape=(1,)) for name in rows}
features = VariableSelection(len(inputs), encoding_size, 0.15)(inputs)
model = keras.Model(inputs=inputs, outputs=layers.Dense(units=1, activation="sigmoid")(features))
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(rows, y, epochs=1, callbacks=[keras.callbacks.EarlyStopping(monitor="loss", patience=5)])
