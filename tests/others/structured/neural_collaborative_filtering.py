# expected: whole
# model: model
# answer: model.predict([users, items], verbose=0)
# again: model.fit([users, items], labels, verbose=0)
# %%
import numpy as np
from tensorflow.keras import initializers
from tensorflow.keras.layers import Concatenate, Dense, Embedding, Flatten, Input, Multiply
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adamax
from tensorflow.keras.regularizers import l2

num_users, num_items = 6, 8
rng = np.random.default_rng(0)
users, items = rng.integers(0, num_users, (8, 1)), rng.integers(0, num_items, (8, 1))
labels = rng.integers(0, 2, 8)


def init_normal():
    return initializers.RandomNormal(stddev=0.01)


def get_GMF_model(num_users, num_items, latent_dim, regs=[0, 0]):
    user_input = Input(shape=(1,), dtype="int32", name="user_input")
    item_input = Input(shape=(1,), dtype="int32", name="item_input")
    kw = dict(output_dim=latent_dim, embeddings_initializer=init_normal())
    U = Embedding(input_dim=num_users, name="user_embedding", embeddings_regularizer=l2(regs[0]), **kw)
    V = Embedding(input_dim=num_items, name="item_embedding", embeddings_regularizer=l2(regs[1]), **kw)
    predict_vector = Multiply()([Flatten()(U(user_input)), Flatten()(V(item_input))])
    prediction = Dense(1, activation="sigmoid", kernel_initializer="lecun_uniform", name="prediction")(predict_vector)
    return Model(inputs=[user_input, item_input], outputs=prediction)


# %%
def get_model(num_users, num_items, mf_dim=4, layers=[8, 4], reg_layers=[0.01, 0]):
    user_input = Input(shape=(1,), dtype="int32", name="user_input")
    item_input = Input(shape=(1,), dtype="int32", name="item_input")
    mf_user = Embedding(num_users, mf_dim, name="user_embedding", embeddings_initializer=init_normal())
    mf_item = Embedding(num_items, mf_dim, name="item_embedding", embeddings_initializer=init_normal())
    mlp_user = Embedding(num_users, layers[0] // 2, name="mlp_embedding_user", embeddings_regularizer=l2(reg_layers[0]))
    mlp_item = Embedding(num_items, layers[0] // 2, name="mlp_embedding_item", embeddings_regularizer=l2(reg_layers[0]))
    mf_vector = Multiply()([Flatten()(mf_user(user_input)), Flatten()(mf_item(item_input))])
    vector = Concatenate()([Flatten()(mlp_user(user_input)), Flatten()(mlp_item(item_input))])
    for idx in range(1, len(layers)):
        layer = Dense(layers[idx], kernel_regularizer=l2(reg_layers[idx]), activation="relu", name="layer%d" % idx)
        vector = layer(vector)
    prediction = Dense(1, activation="sigmoid", name="prediction")(Concatenate()([mf_vector, vector]))
    return Model(inputs=[user_input, item_input], outputs=prediction)


gmf_model = get_GMF_model(num_users, num_items, 4)
gmf_model.compile(optimizer=Adamax(0.001), loss="binary_crossentropy")
gmf_model.fit([users, items], labels, epochs=1)
model = get_model(num_users, num_items)
for name in ("user_embedding", "item_embedding"):
    model.get_layer(name).set_weights(gmf_model.get_layer(name).get_weights())
model.compile(optimizer=Adamax(0.001), loss="binary_crossentropy")
hist = model.fit([users, items], labels, batch_size=4, epochs=1, verbose=0, shuffle=True)
