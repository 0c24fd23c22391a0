# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import numpy as np
from tensorflow.keras.layers import Concatenate, Conv2D, Dense, Dropout, Embedding, Flatten, Input, MaxPool2D, Reshape
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam

sequence_length, vocabulary_size, embedding_dim, num_filters, drop = 12, 30, 6, 4, 0.5
filter_sizes = [3, 4, 5]
rng = np.random.default_rng(0)
x, y = rng.integers(0, vocabulary_size, (8, sequence_length)), np.eye(2)[rng.integers(0, 2, 8)]

# %%
inputs = Input(shape=(sequence_length,), dtype="int32")
embedding = Embedding(input_dim=vocabulary_size, output_dim=embedding_dim)(inputs)
reshape = Reshape((sequence_length, embedding_dim, 1))(embedding)
maxpools = []
for size in filter_sizes:
    conv = Conv2D(num_filters, kernel_size=(size, embedding_dim), kernel_initializer="normal", activation="relu")(
        reshape
    )
    maxpools.append(MaxPool2D(pool_size=(sequence_length - size + 1, 1), strides=(1, 1))(conv))
flatten = Flatten()(Concatenate(axis=1)(maxpools))
output = Dense(units=2, activation="softmax")(Dropout(drop)(flatten))
model = Model(inputs=inputs, outputs=output)

# %%
adam = Adam(learning_rate=1e-4, beta_1=0.9, beta_2=0.999, epsilon=1e-08)
model.compile(optimizer=adam, loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=4, epochs=1, validation_data=(x, y))
