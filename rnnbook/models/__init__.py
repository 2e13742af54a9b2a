"""Models built from recurrent layers, one module each."""

from rnnbook.models.classifier import SequenceClassifier

__all__ = ["SequenceClassifier"]
