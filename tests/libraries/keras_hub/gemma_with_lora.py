# expected: whole
# needs: keras_hub tensorflow_text sentencepiece
# model: model
# answer: model.generate(["the quick"], max_length=8)
# again: model.fit(x, verbose=0)
# %%
import io

import keras
import keras_hub
import sentencepiece

x = ["the quick fox", "a brown fox"]
file = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(["the quick brown fox", "a dog and a cat jumped"] * 5),
    model_writer=file,
    vocab_size=40,
    model_type="BPE",
    pad_id=0,
    eos_id=1,
    bos_id=2,
    unk_id=3,
    pad_piece="<pad>",
    eos_piece="<eos>",
    bos_piece="<bos>",
    unk_piece="<unk>",
    user_defined_symbols=["<start_of_turn>", "<end_of_turn>"],
    hard_vocab_limit=False,
)
tokenizer = keras_hub.tokenizers.GemmaTokenizer(proto=file.getvalue())
preprocessor = keras_hub.models.GemmaCausalLMPreprocessor(tokenizer, sequence_length=8)


# %%
backbone = keras_hub.models.GemmaBackbone(
    vocabulary_size=tokenizer.vocabulary_size(),
    num_layers=1,
    num_query_heads=2,
    num_key_value_heads=1,
    hidden_dim=8,
    intermediate_dim=16,
    head_dim=4,
)
model = keras_hub.models.GemmaCausalLM(backbone=backbone, preprocessor=preprocessor)
model.backbone.enable_lora(2)
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    sampler="greedy",
)
model.fit(x, batch_size=1, verbose=0)
