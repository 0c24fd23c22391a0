"""The save pipeline: a `SaveRequest` comes in, a `SaveReport` goes out."""
