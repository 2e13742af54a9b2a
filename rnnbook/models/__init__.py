"""Models built from recurrent layers, one module each."""

from rnnbook.models.classifier import SequenceClassifier
from rnnbook.models.evidence import Evidence
from rnnbook.models.language_model import LanguageModel, Stateful
from rnnbook.models.ngram import NGram
from rnnbook.models.predictor import Prediction, Predictor
from rnnbook.models.seq2seq import Seq2Seq
from rnnbook.models.translator import Translation, Translator

__all__ = [
    "Evidence",
    "LanguageModel",
    "NGram",
    "Prediction",
    "Predictor",
    "Seq2Seq",
    "SequenceClassifier",
    "Stateful",
    "Translation",
    "Translator",
]
