# expected: whole
# needs: keras_hub tensorflow_text
# model: model
# answer: model.generate({"encoder_text": [" a fox"], "decoder_text": [" a"]}, max_length=8)
# again: model.fit(x, verbose=0)
# random: dropout
# %%
import keras_hub

letters = "abcdefghijklmnopqrstuvwxyz"
merges = ["\u0120 a", "\u0120 q", "u i", "c k"]
words = ["!", "\u0120a", "\u0120q", "ui", "ck", "\u0120", *letters, "<|endoftext|>", "<s>", "<pad>", "</s>", "<mask>"]
vocabulary = {word: number for number, word in enumerate(words)}
x = {"encoder_text": [" a quick fox", " a brown fox"], "decoder_text": [" a fox", " a brown"]}


# %%
tokenizer = keras_hub.tokenizers.BartTokenizer(vocabulary=vocabulary, merges=merges)
preprocessor = keras_hub.models.BartSeq2SeqLMPreprocessor(
    tokenizer, encoder_sequence_length=10, decoder_sequence_length=8
)
backbone = keras_hub.models.BartBackbone(
    vocabulary_size=len(vocabulary),
    num_layers=1,
    num_heads=2,
    hidden_dim=8,
    intermediate_dim=16,
    max_sequence_length=12,
)
model = keras_hub.models.BartSeq2SeqLM(backbone=backbone, preprocessor=preprocessor)
model.compile(sampler="greedy")
model.fit(x, batch_size=1, verbose=0)
