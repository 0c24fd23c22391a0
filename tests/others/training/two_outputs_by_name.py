# expected: whole
# model: model
# answer: model.predict([title, body], verbose=0)
# again: model.fit([title, body], {"priority": y, "department": z}, verbose=0)
# %%
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(0)
title, body = rng.integers(0, 10, (4, 5)), rng.integers(0, 10, (4, 6))
y, z = rng.random((4, 1)), keras.utils.to_categorical(rng.integers(0, 3, 4), 3)
title_input, body_input = keras.Input(shape=(None,), name="title"), keras.Input(shape=(None,), name="body")
x = layers.concatenate(
    [layers.LSTM(4)(layers.Embedding(10, 4)(title_input)), layers.LSTM(3)(layers.Embedding(10, 4)(body_input))]
)
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(3, name="department")(x)
model = keras.Model(
    inputs=[title_input, body_input], outputs={"priority": priority_pred, "department": department_pred}
)

# %%
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
    metrics={"department": ["accuracy"]},
)
model.fit([title, body], {"priority": y, "department": z}, epochs=1)
