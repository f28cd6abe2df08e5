"""Writes the folders of this directory with Hugging Face transformers, the peer whose answers stand beside them.

    python -m pip install torch "transformers<5" sentencepiece protobuf    # and once more with transformers 5
    python test/compat/make.py models tokenizers

Everything follows from fixed seeds. What is written goes to models/transformers-N and tokenizers, N the peer's major
version. Each folder is loaded again with the peer's Auto classes before it answers: what they make of the folder is the
answer, not what was meant.
"""

import sys


def main(parts):
    if "models" in parts:
        import make_models
        make_models.make_all()
    if "tokenizers" in parts:
        import make_tokenizers
        make_tokenizers.make_all()


if __name__ == "__main__":
    main(sys.argv[1:] or ["models", "tokenizers"])
