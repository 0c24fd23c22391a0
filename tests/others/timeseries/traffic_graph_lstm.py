# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import typing
import numpy as np
import tensorflow as tf
import keras
from keras import layers
from keras import ops

rng = np.random.default_rng(0)
x, y = rng.random((2, 4, 3, 1)).astype("float32"), rng.random((2, 2, 3)).astype("float32")


class GraphInfo:
    def __init__(self, edges: typing.Tuple[list, list], num_nodes: int):
        self.edges = edges
        self.num_nodes = num_nodes


graph = GraphInfo(edges=([0, 0, 1, 2], [1, 2, 0, 0]), num_nodes=3)


class GraphConv(layers.Layer):
    def __init__(self, in_feat, out_feat, graph_info: GraphInfo, activation: typing.Optional[str] = None, **kwargs):
        super().__init__(**kwargs)
        self.in_feat = in_feat
        self.out_feat = out_feat
        self.graph_info = graph_info
        self.weight = self.add_weight(
            initializer=keras.initializers.GlorotUniform(), shape=(in_feat, out_feat), dtype="float32", trainable=True
        )
        self.activation = layers.Activation(activation)

    def call(self, features):
        nodes = ops.matmul(features, self.weight)
        neighbours = tf.gather(features, self.graph_info.edges[1])
        aggregated = tf.math.unsorted_segment_mean(
            neighbours, self.graph_info.edges[0], num_segments=self.graph_info.num_nodes
        )
        return self.activation(ops.concatenate([nodes, ops.matmul(aggregated, self.weight)], axis=-1))


# %%
class LSTMGC(layers.Layer):
    def __init__(
        self, in_feat, out_feat, lstm_units, input_seq_len, output_seq_len, graph_info, graph_conv_params=None, **kwargs
    ):
        super().__init__(**kwargs)
        if graph_conv_params is None:
            graph_conv_params = {"activation": None}
        self.graph_conv = GraphConv(in_feat, out_feat, graph_info, **graph_conv_params)
        self.lstm = layers.LSTM(lstm_units, activation="relu")
        self.dense = layers.Dense(output_seq_len)
        self.input_seq_len, self.output_seq_len = input_seq_len, output_seq_len

    def call(self, inputs):
        inputs = ops.transpose(inputs, [2, 0, 1, 3])
        gcn_out = self.graph_conv(inputs)
        shape = ops.shape(gcn_out)
        num_nodes, batch_size, input_seq_len, out_feat = shape[0], shape[1], shape[2], shape[3]
        gcn_out = ops.reshape(gcn_out, (batch_size * num_nodes, input_seq_len, out_feat))
        output = self.dense(self.lstm(gcn_out))
        output = ops.reshape(output, (num_nodes, batch_size, self.output_seq_len))
        return ops.transpose(output, [1, 2, 0])


st_gcn = LSTMGC(1, 2, 4, 4, 2, graph, {"activation": "relu"})
inputs = layers.Input((4, graph.num_nodes, 1))
model = keras.models.Model(inputs, st_gcn(inputs))
model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=0.0002), loss=keras.losses.MeanSquaredError())
model.fit(x, y, epochs=1)
