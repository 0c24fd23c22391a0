# expected: whole
# needs: keras_hub tensorflow_text
# model: model
# answer: model.predict(x, verbose=0)
# again: model.fit(x, y, verbose=0)
# random: dropout
# %%
import keras_hub
import numpy as np

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "brown", "fox", "jumped", "dog", "cat"]
x = ["the quick fox", "brown dog cat"]
y = np.array([0, 1])
tokenizer = keras_hub.tokenizers.BertTokenizer(vocabulary=VOCABULARY)
preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=12)
backbone = keras_hub.models.BertBackbone(
    vocabulary_size=len(VOCABULARY),
    num_layers=1,
    num_heads=2,
    hidden_dim=8,
    intermediate_dim=16,
    max_sequence_length=12,
)


# %%
model = keras_hub.models.BertTextClassifier(backbone=backbone, preprocessor=preprocessor, num_classes=2)
model.fit(x, y, batch_size=1, verbose=0)
