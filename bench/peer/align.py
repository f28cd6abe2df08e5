"""Names looked for in a text by flashtext and by spaCy's PhraseMatcher: what `npm run bench:align` compares with.

Reads a file of names and one of texts, a line each. Prints one JSON line.
"""

import argparse
import json
import time

import spacy
from flashtext import KeywordProcessor
from spacy.matcher import PhraseMatcher


def timed(body):
    started = time.process_time()
    result = body()
    return time.process_time() - started, result


def with_flashtext(names, texts):
    processor = KeywordProcessor(case_sensitive=True)

    def build():
        for name in names:
            processor.add_keyword(name)

    built, _ = timed(build)
    spent, found = timed(lambda: sum(len(processor.extract_keywords(text, span_info=True)) for text in texts))
    return {"build": built, "seconds": spent, "found": found}


def with_spacy(names, texts):
    nlp = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab)
    built, _ = timed(lambda: matcher.add("names", list(nlp.tokenizer.pipe(names))))

    def match(text):
        doc = nlp.make_doc(text)
        spans = [doc[start:end] for _, start, end in matcher(doc)]
        return len(spacy.util.filter_spans(spans))

    spent, found = timed(lambda: sum(match(text) for text in texts))
    return {"build": built, "seconds": spent, "found": found}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads")
    parser.add_argument("names")
    parser.add_argument("texts")
    o = parser.parse_args()
    with open(o.names, encoding="utf-8") as file:
        names = file.read().splitlines()
    with open(o.texts, encoding="utf-8") as file:
        texts = file.read().splitlines()
    print(json.dumps({"flashtext": with_flashtext(names, texts), "spaCy": with_spacy(names, texts)}))
