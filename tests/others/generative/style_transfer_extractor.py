# expected: whole
# model: extractor
# answer: extractor(image)
# %%
import numpy as np
import tensorflow as tf

image = tf.constant(np.random.default_rng(0).random((1, 16, 16, 3)), tf.float32)
inputs = tf.keras.Input((None, None, 3))
x = tf.keras.layers.Conv2D(4, 3, name="block1_conv1")(inputs)
x = tf.keras.layers.Conv2D(4, 3, name="block2_conv1")(x)
vgg = tf.keras.Model([inputs], tf.keras.layers.Conv2D(4, 3, name="block5_conv2")(x))


def vgg_layers(layer_names):
    vgg.trainable = False
    outputs = [vgg.get_layer(name).output for name in layer_names]
    return tf.keras.Model([vgg.input], outputs)


def gram_matrix(input_tensor):
    result = tf.linalg.einsum("bijc,bijd->bcd", input_tensor, input_tensor)
    input_shape = tf.shape(input_tensor)
    num_locations = tf.cast(input_shape[1] * input_shape[2], tf.float32)
    return result / (num_locations)


# %%
class StyleContentModel(tf.keras.models.Model):
    def __init__(self, style_layers, content_layers):
        super(StyleContentModel, self).__init__()
        self.vgg = vgg_layers(style_layers + content_layers)
        self.style_layers = style_layers
        self.content_layers = content_layers
        self.num_style_layers = len(style_layers)
        self.vgg.trainable = False

    def call(self, inputs):
        inputs = inputs * 255.0
        outputs = self.vgg(inputs)
        style_outputs, content_outputs = (outputs[: self.num_style_layers], outputs[self.num_style_layers :])
        style_outputs = [gram_matrix(style_output) for style_output in style_outputs]
        content_dict = {content_name: value for content_name, value in zip(self.content_layers, content_outputs)}
        style_dict = {style_name: value for style_name, value in zip(self.style_layers, style_outputs)}
        return {"content": content_dict, "style": style_dict}


extractor = StyleContentModel(["block1_conv1", "block2_conv1"], ["block5_conv2"])
results = extractor(image)
