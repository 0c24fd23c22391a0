# expected: whole
# model: model
# answer: model.predict(images, verbose=0)
# %%
import numpy as np
import keras
from keras import layers
from keras.applications import EfficientNetB0

NUM_CLASSES, IMG_SIZE = 3, 32
images = np.random.default_rng(0).random((2, IMG_SIZE, IMG_SIZE, 3)).astype("float32") * 255
labels = keras.utils.to_categorical([0, 2], NUM_CLASSES)
img_augmentation_layers = [layers.RandomRotation(factor=0.15), layers.RandomFlip(), layers.RandomContrast(factor=0.1)]


def img_augmentation(images):
    for layer in img_augmentation_layers:
        images = layer(images)
    return images


def build_model(num_classes):
    inputs = layers.Input(shape=(IMG_SIZE, IMG_SIZE, 3))
    model = EfficientNetB0(include_top=False, input_tensor=img_augmentation(inputs), weights=None)
    model.trainable = False
    x = layers.GlobalAveragePooling2D(name="avg_pool")(model.output)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.2, name="top_dropout")(x)
    outputs = layers.Dense(num_classes, activation="softmax", name="pred")(x)
    model = keras.Model(inputs, outputs, name="EfficientNet")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-2), loss="categorical_crossentropy", metrics=["accuracy"]
    )
    return model


# %%
model = build_model(NUM_CLASSES)
hist = model.fit(images, labels, epochs=1)
