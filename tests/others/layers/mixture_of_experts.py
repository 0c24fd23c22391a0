# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, {"income": a, "marital": b}, verbose=0)
# %%
import numpy as np
from tensorflow.keras import backend as K
from tensorflow.keras import initializers, ops, regularizers
from tensorflow.keras.layers import Dense, Input, InputSpec, Layer
from tensorflow.keras.models import Model

rng = np.random.default_rng(0)
x, a, b = rng.random((6, 5)).astype("float32"), rng.integers(0, 2, (6, 1)), rng.integers(0, 2, (6, 1))


class MMoE(Layer):
    def __init__(self, units, num_experts, num_tasks, use_expert_bias=True, gate_regularizer=None, **kwargs):
        super(MMoE, self).__init__(**kwargs)
        self.units, self.num_experts, self.num_tasks = units, num_experts, num_tasks
        self.use_expert_bias = use_expert_bias
        self.gate_kernel_regularizer = regularizers.get(gate_regularizer)
        self.expert_kernel_initializer = initializers.get("variance_scaling")
        self.expert_kernels = self.expert_bias = self.gate_kernels = None
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        input_dimension = input_shape[-1]
        self.expert_kernels = self.add_weight(
            name="expert_kernel",
            shape=(input_dimension, self.units, self.num_experts),
            initializer=self.expert_kernel_initializer,
        )
        if self.use_expert_bias:
            self.expert_bias = self.add_weight(name="expert_bias", shape=(self.units, self.num_experts))
        self.gate_kernels = [
            self.add_weight(
                name="gate_kernel_task_{}".format(i),
                shape=(input_dimension, self.num_experts),
                regularizer=self.gate_kernel_regularizer,
            )
            for i in range(self.num_tasks)
        ]
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_dimension})
        super(MMoE, self).build(input_shape)

    def call(self, inputs, **kwargs):
        expert_outputs = ops.tensordot(inputs, self.expert_kernels, axes=1)
        if self.use_expert_bias:
            expert_outputs = expert_outputs + self.expert_bias
        expert_outputs = ops.relu(expert_outputs)
        final_outputs = []
        for kernel in self.gate_kernels:
            gate = ops.softmax(ops.matmul(inputs, kernel))
            weighted = expert_outputs * ops.expand_dims(gate, axis=1)
            final_outputs.append(ops.sum(weighted, axis=2))
        return final_outputs

    def compute_output_shape(self, input_shape):
        return [(input_shape[0], self.units)] * self.num_tasks


# %%
output_info = [(1, "income"), (1, "marital")]
input_layer = Input(shape=(5,))
mmoe_layers = MMoE(units=4, num_experts=3, num_tasks=2, gate_regularizer="l2")(input_layer)
output_layers = []
for index, task_layer in enumerate(mmoe_layers):
    tower_layer = Dense(units=4, activation="relu", kernel_initializer=initializers.VarianceScaling())(task_layer)
    output_layers.append(Dense(units=1, name=output_info[index][1], activation="sigmoid")(tower_layer))
model = Model(inputs=[input_layer], outputs=output_layers)
model.compile(
    loss={"income": "binary_crossentropy", "marital": "binary_crossentropy"},
    optimizer="adam",
    metrics={"income": ["accuracy"], "marital": ["AUC"]},
)
model.fit(x, {"income": a, "marital": b}, epochs=1)
