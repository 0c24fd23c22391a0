# expected: partial: the name that the package registers for an activation of its own is not found in a fresh process
# needs: keras_cv_attention_models tf_keras
# environment: TF_USE_LEGACY_KERAS=1
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
from keras_cv_attention_models import ghostnet

x = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")
y = np.array([0, 1])


# %%
model = ghostnet.GhostNet_050(input_shape=(32, 32, 3), num_classes=2, pretrained=None)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, verbose=0)
