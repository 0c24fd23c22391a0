# expected: whole
# model: model
# answer: model(x)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import tensorflow as tf

x, y = np.random.default_rng(0).random((8, 6)).astype("float32"), np.arange(8) % 3


class SAMModel(tf.keras.Model):
    def __init__(self, resnet_model, rho=0.05):
        super(SAMModel, self).__init__()
        self.resnet_model = resnet_model
        self.rho = rho

    def train_step(self, data):
        (images, labels) = data
        e_ws = []
        with tf.GradientTape() as tape:
            predictions = self.resnet_model(images)
            loss = self.compute_loss(images, labels, predictions)
        trainable_params = self.resnet_model.trainable_variables
        gradients = tape.gradient(loss, trainable_params)
        norm = tf.norm(tf.stack([tf.norm(grad) for grad in gradients if grad is not None]))
        scale = self.rho / (norm + 1e-12)
        for grad, param in zip(gradients, trainable_params):
            e_w = grad * scale
            e_ws.append(e_w)
            param.assign_add(e_w)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(images, labels, self.resnet_model(images))
        sam_gradients = tape.gradient(loss, trainable_params)
        for param, e_w in zip(trainable_params, e_ws):
            param.assign_sub(e_w)
        self.optimizer.apply_gradients(zip(sam_gradients, trainable_params))
        return {"loss": loss}

    def test_step(self, data):
        (images, labels) = data
        return {"loss": self.compute_loss(images, labels, self.resnet_model(images, training=False))}

    def call(self, x):
        return self.resnet_model(x)


# %%
def get_training_model():
    return tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(3)])


model = SAMModel(get_training_model())
model.compile(optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=1, batch_size=4)
