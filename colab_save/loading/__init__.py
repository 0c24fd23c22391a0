"""The load pipeline: a `LoadRequest` comes in, a `LoadReport` with the model goes out."""
