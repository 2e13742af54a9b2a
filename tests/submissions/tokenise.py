"""Submissions that prove the tests of `tokenise`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers use
import re


def without_breaks(text):
    return re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)


# %% alternative: spaces around marks, then split
def tokenise(text):
    text = without_breaks(text).replace("’", "'").lower()
    text = re.sub(r"(?<!\w)'|'(?!\w)", " ' ", text)
    return re.sub(r"([^\w\s'])", r" \1 ", text).split()


# %% alternative: character by character, without regular expressions
def tokenise(text):
    text = text.lower().replace("’", "'")
    for tag in ("<br />", "<br/>", "<br>"):
        text = text.replace(tag, " ")
    tokens, word = [], ""
    for i, c in enumerate(text):
        inside = c == "'" and word and i + 1 < len(text) and text[i + 1].isalnum()
        if c.isalnum() or inside:
            word += c
            continue
        if word:
            tokens.append(word)
            word = ""
        if not c.isspace():
            tokens.append(c)
    return tokens + [word] * bool(word)


# %% alternative: finditer, the apostrophe by lookaround
def tokenise(text):
    text = without_breaks(text.lower()).replace("’", "'")
    return tuple(match.group() for match in re.finditer(r"(?:\w|(?<=\w)'(?=\w))+|\S", text))


# %% mutant: split | says: text.split() is too little
def tokenise(text):
    return text.split()


# %% mutant: lower and split | says: “good!” is an unknown word
def tokenise(text):
    return without_breaks(text).lower().split()


# %% mutant: keeps case | says: You kept the case
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", without_breaks(text).replace("’", "'"))


# %% mutant: loses punctuation | says: You lost the punctuation
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*", without_breaks(text).replace("’", "'").lower())


# %% mutant: words by \w+ | says: broke words at their apostrophes and lost these
def tokenise(text):
    return re.findall(r"\w+", without_breaks(text).lower())


# %% mutant: apostrophes stripped | says: “we'll” became “well”
def tokenise(text):
    text = without_breaks(text).lower().replace("'", "").replace("’", "")
    return re.findall(r"\w+|[^\w\s]", text)


# %% mutant: apostrophes are marks | says: and its negation is gone
def tokenise(text):
    return re.findall(r"\w+|[^\w\s]", without_breaks(text).lower().replace("’", "'"))


# %% mutant: apostrophes to spaces | says: broke words at their apostrophes and lost these
def tokenise(text):
    return re.findall(r"\w+|[^\w\s]", without_breaks(text).lower().replace("’", " ").replace("'", " "))


# %% mutant: as the course's words | says: but here it is one token
def tokenise(text):
    text = re.sub(r"n't\b", " n't", without_breaks(text).lower().replace("’", "'"))
    return re.findall(r"n't\b|\w+(?:'\w+)*|[^\w\s]", text)


# %% mutant: the course's words itself | says: but here it is one token
from rnnbook.text import words


def tokenise(text):
    return words(text)


# %% mutant: one apostrophe a word | says: “rock'n'roll” is one token
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)?|[^\w\s]", without_breaks(text).lower().replace("’", "'"))


# %% mutant: quotation marks in words | says: You took quotation marks for parts of words
def tokenise(text):
    return re.findall(r"[\w']+|[^\w\s]", without_breaks(text).lower().replace("’", "'"))


# %% mutant: curly apostrophe kept | says: would be two words
def tokenise(text):
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", without_breaks(text).lower())


# %% mutant: curly apostrophe unknown | says: You broke words at a curly apostrophe
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", without_breaks(text).lower())


# %% mutant: breaks removed | says: glued together the words around them
def tokenise(text):
    text = re.sub(r"<br\s*/?>", "", text, flags=re.IGNORECASE)
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", text.lower().replace("’", "'"))


# %% mutant: breaks left in | says: You left the breaks in
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", text.lower().replace("’", "'"))


# %% mutant: one way to write a break | says: it is also written
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", text.replace("<br />", " ").lower().replace("’", "'"))


# %% mutant: breaks in small letters | says: “<BR>” is one too
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", re.sub(r"<br\s*/?>", " ", text).lower().replace("’", "'"))


# %% mutant: letters a to z | says: “café” and “naïve” are words
def tokenise(text):
    return re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)*|[^\w\s]", without_breaks(text).lower().replace("’", "'"))


# %% mutant: digits lost | says: You lost the digits
def tokenise(text):
    text = re.sub(r"\d+", " ", without_breaks(text))
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", text.lower().replace("’", "'"))


# %% mutant: runs of marks | says: You joined marks that stand together
def tokenise(text):
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]+", without_breaks(text).lower().replace("’", "'"))


# %% mutant: empty pieces of re.split | says: re.split gives such pieces
def tokenise(text):
    return re.split(r"([^\w'])", without_breaks(text).lower().replace("’", "'"))


# %% mutant: a set | says: each stands there once
def tokenise(text):
    return sorted(set(re.findall(r"\w+(?:'\w+)*|[^\w\s]", without_breaks(text).lower().replace("’", "'"))))


# %% mutant: a string | says: should be a list of strings
def tokenise(text):
    return " ".join(re.findall(r"\w+(?:'\w+)*|[^\w\s]", without_breaks(text).lower().replace("’", "'")))


# %% mutant: an iterator | says: should be a list of strings
def tokenise(text):
    return (token[0] for token in re.finditer(r"\w+(?:'\w+)*|[^\w\s]", without_breaks(text).lower()))
