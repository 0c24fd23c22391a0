# expected: whole
# needs: keras_hub
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import keras
import keras_hub
import numpy as np

x = np.random.default_rng(0).random((4, 32, 32, 3)).astype("float32")
y = np.array([0, 1, 0, 1])


# %%
backbone = keras_hub.models.ResNetBackbone(
    input_conv_filters=[64],
    input_conv_kernel_sizes=[7],
    stackwise_num_filters=[64, 64],
    stackwise_num_blocks=[1, 1],
    stackwise_num_strides=[1, 2],
    block_type="basic_block",
)
model = keras_hub.models.ImageClassifier(backbone=backbone, num_classes=2)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, verbose=0)
