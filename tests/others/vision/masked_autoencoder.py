# expected: whole
# model: mae_model
# answer: mae_model.encoder(rows)
# again: mae_model.fit(images, verbose=0)
# random: masking and dropout
# %%
import numpy as np
import tensorflow as tf
import keras
from keras import layers

IMAGE_SIZE, PATCH_SIZE, ENC_DIM, DEC_DIM, MASK_PROPORTION = 12, 4, 8, 6, 0.75
NUM_PATCHES = (IMAGE_SIZE // PATCH_SIZE) ** 2
rng = np.random.default_rng(0)
images = rng.random((4, IMAGE_SIZE, IMAGE_SIZE, 3)).astype("float32")
rows = rng.random((2, NUM_PATCHES, ENC_DIM)).astype("float32")


class Patches(layers.Layer):
    def __init__(self, patch_size=PATCH_SIZE, **kwargs):
        super().__init__(**kwargs)
        self.patch_size = patch_size
        self.resize = layers.Reshape((-1, patch_size * patch_size * 3))

    def call(self, images):
        patches = tf.image.extract_patches(
            images=images,
            sizes=[1, self.patch_size, self.patch_size, 1],
            strides=[1, self.patch_size, self.patch_size, 1],
            rates=[1, 1, 1, 1],
            padding="VALID",
        )
        return self.resize(patches)


class PatchEncoder(layers.Layer):
    def __init__(self, patch_size=PATCH_SIZE, projection_dim=ENC_DIM, mask_proportion=MASK_PROPORTION, **kwargs):
        super().__init__(**kwargs)
        self.patch_size = patch_size
        self.projection_dim = projection_dim
        self.mask_proportion = mask_proportion
        self.mask_token = tf.Variable(tf.random.normal([1, patch_size * patch_size * 3]), trainable=True)

    def build(self, input_shape):
        (_, self.num_patches, self.patch_area) = input_shape
        self.projection = layers.Dense(units=self.projection_dim)
        self.position_embedding = layers.Embedding(input_dim=self.num_patches, output_dim=self.projection_dim)
        self.num_mask = int(self.mask_proportion * self.num_patches)

    def call(self, patches):
        batch_size = tf.shape(patches)[0]
        positions = tf.range(start=0, limit=self.num_patches, delta=1)
        pos_embeddings = self.position_embedding(positions[tf.newaxis, ...])
        pos_embeddings = tf.tile(pos_embeddings, [batch_size, 1, 1])
        patch_embeddings = self.projection(patches) + pos_embeddings
        rand_indices = tf.argsort(tf.random.uniform(shape=(batch_size, self.num_patches)), axis=-1)
        mask_indices, unmask_indices = rand_indices[:, : self.num_mask], rand_indices[:, self.num_mask :]
        unmasked_embeddings = tf.gather(patch_embeddings, unmask_indices, axis=1, batch_dims=1)
        unmasked_positions = tf.gather(pos_embeddings, unmask_indices, axis=1, batch_dims=1)
        masked_positions = tf.gather(pos_embeddings, mask_indices, axis=1, batch_dims=1)
        mask_tokens = tf.repeat(self.mask_token, repeats=self.num_mask, axis=0)
        mask_tokens = tf.repeat(mask_tokens[tf.newaxis, ...], repeats=batch_size, axis=0)
        masked_embeddings = self.projection(mask_tokens) + masked_positions
        return unmasked_embeddings, masked_embeddings, unmasked_positions, mask_indices, unmask_indices


# %%
def block(x, dim, num_heads=2):
    x1 = layers.LayerNormalization(epsilon=1e-6)(x)
    x2 = layers.Add()([layers.MultiHeadAttention(num_heads, dim, dropout=0.1)(x1, x1), x])
    x3 = layers.LayerNormalization(epsilon=1e-6)(x2)
    x3 = layers.Dropout(0.1)(layers.Dense(dim, activation=tf.nn.gelu)(x3))
    return layers.Add()([x3, x2])


def create_encoder():
    inputs = layers.Input((None, ENC_DIM))
    return keras.Model(inputs, layers.LayerNormalization(epsilon=1e-6)(block(inputs, ENC_DIM)), name="mae_encoder")


def create_decoder():
    inputs = layers.Input((NUM_PATCHES, ENC_DIM))
    x = block(layers.Dense(DEC_DIM)(inputs), DEC_DIM)
    x = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(x))
    pre_final = layers.Dense(units=IMAGE_SIZE * IMAGE_SIZE * 3, activation="sigmoid")(x)
    return keras.Model(inputs, layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 3))(pre_final), name="mae_decoder")


class MaskedAutoencoder(keras.Model):
    def __init__(self, patch_layer, patch_encoder, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.patch_layer = patch_layer
        self.patch_encoder = patch_encoder
        self.encoder = encoder
        self.decoder = decoder

    def calculate_loss(self, images):
        patches = self.patch_layer(images)
        unmasked, masked, positions, mask_indices, unmask_indices = self.patch_encoder(patches)
        encoder_outputs = self.encoder(unmasked) + positions
        decoder_outputs = self.decoder(tf.concat([encoder_outputs, masked], axis=1))
        decoder_patches = self.patch_layer(decoder_outputs)
        loss_patch = tf.gather(patches, mask_indices, axis=1, batch_dims=1)
        loss_output = tf.gather(decoder_patches, mask_indices, axis=1, batch_dims=1)
        return self.compute_loss(y=loss_patch, y_pred=loss_output), loss_patch, loss_output

    def train_step(self, images):
        with tf.GradientTape() as tape:
            total_loss, loss_patch, loss_output = self.calculate_loss(images)
        train_vars = [
            self.patch_layer.trainable_variables,
            self.patch_encoder.trainable_variables,
            self.encoder.trainable_variables,
            self.decoder.trainable_variables,
        ]
        grads = tape.gradient(total_loss, [v for each in train_vars for v in each])
        tv_list = [(g, v) for g, v in zip(grads, [v for each in train_vars for v in each])]
        self.optimizer.apply_gradients(tv_list)
        for metric in self.metrics:
            metric.update_state(loss_patch, loss_output) if metric.name != "loss" else metric.update_state(total_loss)
        return {m.name: m.result() for m in self.metrics}


mae_model = MaskedAutoencoder(Patches(), PatchEncoder(), create_encoder(), create_decoder())
mae_model.compile(optimizer=keras.optimizers.AdamW(1e-3), loss=keras.losses.MeanSquaredError())
mae_model.fit(images, epochs=1)
