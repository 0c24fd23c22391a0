# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Activation, Add, BatchNormalization, Conv1D, Dense, Input, Lambda, Layer
from tensorflow.keras.layers import SpatialDropout1D
from tensorflow.keras.models import Model

x = np.random.default_rng(0).random((4, 16, 1)).astype("float32")
y = x[:, -1]


class ResidualBlock(Layer):
    def __init__(
        self, dilation_rate, nb_filters, kernel_size, padding, dropout_rate=0.0, use_batch_norm=False, **kwargs
    ):
        self.dilation_rate = dilation_rate
        self.nb_filters = nb_filters
        self.kernel_size = kernel_size
        self.padding = padding
        self.dropout_rate = dropout_rate
        self.use_batch_norm = use_batch_norm
        self.layers = []
        self.shape_match_conv = None
        self.final_activation = None
        super(ResidualBlock, self).__init__(**kwargs)

    def _build_layer(self, layer):
        self.layers.append(layer)
        self.layers[-1].build(self.res_output_shape)
        self.res_output_shape = self.layers[-1].compute_output_shape(self.res_output_shape)

    def build(self, input_shape):
        self.layers = []
        self.res_output_shape = input_shape
        for k in range(2):
            name = "conv1D_{}".format(k)
            self._build_layer(
                Conv1D(
                    self.nb_filters,
                    self.kernel_size,
                    dilation_rate=self.dilation_rate,
                    padding=self.padding,
                    kernel_initializer="he_normal",
                    name=name,
                )
            )
            if self.use_batch_norm:
                self._build_layer(BatchNormalization())
            self._build_layer(Activation("relu", name="Act_Conv1D_{}".format(k)))
            self._build_layer(SpatialDropout1D(rate=self.dropout_rate, name="SDropout_{}".format(k)))
        if self.nb_filters != input_shape[-1]:
            self.shape_match_conv = Conv1D(self.nb_filters, 1, padding="same", name="matching_conv1D")
        else:
            self.shape_match_conv = Lambda(lambda x: x, name="matching_identity")
        self.shape_match_conv.build(input_shape)
        self.final_activation = Activation("relu", name="Act_Res_Block")
        super(ResidualBlock, self).build(input_shape)

    def call(self, inputs, training=None, **kwargs):
        x1 = inputs
        for layer in self.layers:
            x1 = layer(x1, training=training) if isinstance(layer, SpatialDropout1D) else layer(x1)
        x2 = self.shape_match_conv(inputs)
        return [self.final_activation(x1 + x2), x1]


class TCN(Layer):
    def __init__(
        self, nb_filters=4, kernel_size=2, dilations=(1, 2, 4), dropout_rate=0.0, use_batch_norm=False, **kwargs
    ):
        self.dilations = dilations
        self.nb_filters, self.kernel_size = nb_filters, kernel_size
        self.dropout_rate, self.use_batch_norm = dropout_rate, use_batch_norm
        super(TCN, self).__init__(**kwargs)

    def build(self, input_shape):
        self.build_output_shape = input_shape
        self.residual_blocks = []
        for d in self.dilations:
            block = ResidualBlock(
                d, self.nb_filters, self.kernel_size, "causal", self.dropout_rate, self.use_batch_norm
            )
            self.residual_blocks.append(block)
            block.build(self.build_output_shape)
            self.build_output_shape = (*input_shape[:-1], self.nb_filters)
        self.slicer_layer = Lambda(lambda tt: tt[:, -1, :], name="Slice_Output")
        super(TCN, self).build(input_shape)

    @property
    def receptive_field(self):
        return 1 + 2 * (self.kernel_size - 1) * sum(self.dilations)

    def call(self, inputs, training=None):
        x, skips = inputs, []
        for block in self.residual_blocks:
            x, skip = block(x, training=training)
            skips.append(skip)
        return self.slicer_layer(Add(name="Add_Skip_Connections")(skips) if False else tf.add_n(skips))


# %%
i = Input(shape=(16, 1))
o = Dense(1)(TCN(nb_filters=4, dropout_rate=0.1)(i))
model = Model(inputs=[i], outputs=[o])
model.compile(optimizer="adam", loss="mse")
model.fit(x, y, epochs=1)
