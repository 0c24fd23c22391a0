# expected: whole
# model: feature_extractor
# answer: feature_extractor.predict(images, verbose=0)
# %%
import numpy as np
import keras

images = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")
backbone = keras.applications.ResNet50V2(weights=None, include_top=False, input_shape=(32, 32, 3))
outputs = [backbone.get_layer(name).output for name in ["conv2_block3_1_relu", "conv3_block4_1_relu"]]
feature_extractor = keras.Model(inputs=[backbone.inputs], outputs=outputs)
features = feature_extractor(images)
