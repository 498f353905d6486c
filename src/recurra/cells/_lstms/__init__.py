"""The family of the LSTM."""
