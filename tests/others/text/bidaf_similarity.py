# expected: partial: a layer in two wrappers, of which Keras makes two when it loads
# model: model
# answer: model.predict([passage, question], verbose=0)
# again: model.fit([passage, question], [starts, ends], verbose=0)
# %%
import numpy as np
import keras
from keras import ops
from keras.layers import LSTM, Bidirectional, Concatenate, Dense, Input, Layer, Softmax, TimeDistributed

rng = np.random.default_rng(0)
passage, question = rng.random((4, 7, 5)).astype("float32"), rng.random((4, 4, 5)).astype("float32")
starts, ends = np.array([0, 2, 3, 1]), np.array([1, 2, 6, 4])


class Highway(Layer):
    def __init__(self, transform_gate_bias=-1, **kwargs):
        self.transform_gate_bias = transform_gate_bias
        super().__init__(**kwargs)

    def build(self, input_shape):
        dim = input_shape[-1]
        bias = keras.initializers.Constant(self.transform_gate_bias)
        self.dense_1 = Dense(units=dim, bias_initializer=bias)
        self.dense_1.build(input_shape)
        self.dense_2 = Dense(units=dim)
        self.dense_2.build(input_shape)
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, x):
        gate = ops.sigmoid(self.dense_1(x))
        return gate * ops.relu(self.dense_2(x)) + (1.0 - gate) * x


class Similarity(Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[0][-1] * 3, 1), initializer="uniform", name="similarity_weight"
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], input_shape[0][1], input_shape[1][1])

    def call(self, inputs):
        context, query = inputs
        c = ops.repeat(ops.expand_dims(context, 2), query.shape[1], axis=2)
        q = ops.repeat(ops.expand_dims(query, 1), context.shape[1], axis=1)
        return ops.squeeze(ops.matmul(ops.concatenate([c, q, c * q], axis=-1), self.kernel), axis=-1)


class ContextToQuery(Layer):
    def call(self, inputs):
        similarity, query = inputs
        return ops.matmul(ops.softmax(similarity, axis=-1), query)


class QueryToContext(Layer):
    def call(self, inputs):
        similarity, context = inputs
        attention = ops.softmax(ops.max(similarity, axis=-1))
        attended = ops.sum(ops.expand_dims(attention, -1) * context, axis=1, keepdims=True)
        return ops.broadcast_to(attended, ops.shape(context))


# %%
passage_input, question_input = Input((7, 5), name="passage"), Input((4, 5), name="question")
highway_layer = Highway(name="highway_1")
question_layer = TimeDistributed(highway_layer, name="highway_1_qtd")
passage_layer = TimeDistributed(highway_layer, name="highway_1_ptd")
encoder_layer = Bidirectional(LSTM(3, recurrent_dropout=0.0, return_sequences=True), name="bidirectional_encoder")
encoded_question = encoder_layer(question_layer(question_input))
encoded_passage = encoder_layer(passage_layer(passage_input))
similarity_matrix = Similarity(name="similarity_layer")([encoded_passage, encoded_question])
c2q = ContextToQuery(name="c2q")([similarity_matrix, encoded_question])
q2c = QueryToContext(name="q2c")([similarity_matrix, encoded_passage])
merged = Concatenate()([encoded_passage, c2q, encoded_passage * c2q, encoded_passage * q2c])
modeled = Bidirectional(LSTM(3, return_sequences=True), name="decoder_1")(merged)
span_begin = Softmax(name="span_begin")(ops.squeeze(TimeDistributed(Dense(1))(Concatenate()([merged, modeled])), -1))
span_end = Softmax(name="span_end")(ops.squeeze(TimeDistributed(Dense(1))(modeled), -1))
model = keras.Model(inputs=[passage_input, question_input], outputs=[span_begin, span_end])


def negative_avg_log_error(y_true, y_pred):
    picked = ops.take_along_axis(y_pred, ops.cast(ops.reshape(y_true, (-1, 1)), "int32"), axis=1)
    return -ops.mean(ops.log(picked))


model.compile(loss=negative_avg_log_error, optimizer=keras.optimizers.Adadelta(learning_rate=0.5))
model.fit([passage, question], [starts, ends], epochs=1)
