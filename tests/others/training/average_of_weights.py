# expected: whole
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# %%
import numpy as np
import keras

x, y = np.random.default_rng(0).random((4, 6)).astype("float32"), np.array([0, 1, 1, 0])
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
optimizer = keras.optimizers.Adam(
    1e-3, use_ema=True, ema_momentum=0.9, gradient_accumulation_steps=2, weight_decay=1e-4
)
optimizer.exclude_from_weight_decay(var_names=["bias"])

# %%
model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, batch_size=1, epochs=1, callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=False)])
