# expected: whole
# model: dream_model
# answer: dream_model(images)
# %%
import numpy as np
import tensorflow as tf

images = tf.constant(np.random.default_rng(0).random((1, 32, 32, 3)) * 2 - 1, tf.float32)
base_model = tf.keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
names = ["block_1_expand_relu", "block_3_expand_relu"]
layers = [base_model.get_layer(name).output for name in names]
dream_model = tf.keras.Model(inputs=base_model.input, outputs=layers)


def calc_loss(img, model):
    layer_activations = model(img)
    if len(layer_activations) == 1:
        layer_activations = [layer_activations]
    return tf.reduce_sum([tf.math.reduce_mean(act) for act in layer_activations])


# %%
class DeepDream(tf.Module):
    def __init__(self, model):
        self.model = model

    @tf.function(
        input_signature=(
            tf.TensorSpec(shape=[1, None, None, 3], dtype=tf.float32),
            tf.TensorSpec(shape=[], dtype=tf.int32),
            tf.TensorSpec(shape=[], dtype=tf.float32),
        )
    )
    def __call__(self, img, steps, step_size):
        loss = tf.constant(0.0)
        for n in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(img)
                loss = calc_loss(img, self.model)
            gradients = tape.gradient(loss, img)
            gradients /= tf.math.reduce_std(gradients) + 1e-8
            img = tf.clip_by_value(img + gradients * step_size, -1, 1)
        return loss, img


deepdream = DeepDream(dream_model)
loss, img = deepdream(images, tf.constant(1), tf.constant(0.01))
