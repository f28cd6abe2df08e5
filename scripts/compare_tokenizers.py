"""Compares this project's tokenizers with the ones from PyPI (pip install tokenizers sentencepiece), ids and offsets:
compare_tokenizers.py FOLDER FILE [FOLDER FILE]... after npm run build. FILE: plain text, .gz, .conllu, one text a line.

Theirs is what the folder holds: tokenizer.json, vocab.txt, vocab.json with merges.txt, or a .model file."""

import gzip
import json
import pathlib
import subprocess
import sys

try:
    import sentencepiece
    import tokenizers
except ImportError as error:
    sys.exit(f"error: {sys.executable} has no {error.name}; pip install tokenizers sentencepiece")

LINES = 5000
SPACES = "\u2581\ufeff\u200d"


def lines_of(path: pathlib.Path) -> list[str]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in file]
    if ".conllu" in path.name:
        texts = [text.removeprefix("# text = ") for text in texts if text.startswith("# text = ")]
    return [text for text in texts if text][:LINES]


def theirs_of(folder: pathlib.Path):
    """A function from text to ids and offsets in code points."""
    models = sorted(folder.glob("*.model"))
    if (folder / "tokenizer.json").exists():
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
    elif (folder / "vocab.txt").exists():
        tokenizer = tokenizers.BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
    elif models:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(models[0]))

        def encode_pieces(text: str):
            pieces = processor.encode(text, return_type="proto").pieces
            characters = [index for index, character in enumerate(text) for _ in character.encode()] + [len(text)]
            offsets = [(characters[piece.begin], characters[piece.end]) for piece in pieces]
            return [piece.id for piece in pieces], offsets

        return encode_pieces
    else:
        files = [str(folder / name) for name in ("vocab.json", "merges.txt")]
        tokenizer = tokenizers.ByteLevelBPETokenizer(*files, trim_offsets=True)

    def encode(text: str):
        encoding = tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    return encode


def bare(text: str, offset: tuple[int, int]) -> tuple[int, int]:
    """Without white space (and what SentencePiece makes white space) at the ends; nothing where that leaves nothing."""
    start, end = offset
    while start < end and (text[start].isspace() or text[start] in SPACES):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in SPACES):
        end -= 1
    return (start, end) if start < end else (0, 0)


def agree(text: str, ours: list[tuple[int, int]], theirs: list[tuple[int, int]]) -> bool:
    """Where a character becomes several ("½"), SentencePiece gives it to the last piece only, and the others nothing;
    a space that was put in front stands for nothing here, for the first character in `tokenizers`."""
    pairs = [(bare(text, a), bare(text, b)) for a, b in zip(ours, theirs, strict=True)]
    return all(a == b or (0, 0) in (a, b) for a, b in pairs)


def compare(folder: pathlib.Path, path: pathlib.Path) -> int:
    texts = lines_of(path)
    given = "".join(json.dumps(text) + "\n" for text in texts)
    script = pathlib.Path(__file__).with_name("encode-lines.js")
    ran = subprocess.run(["node", script, folder], input=given, capture_output=True, text=True, check=True)
    encode = theirs_of(folder)
    wrong_ids = wrong_offsets = tokens = 0
    for text, line in zip(texts, ran.stdout.splitlines(), strict=True):
        ours = json.loads(line)
        ids, offsets = encode(text)
        tokens += len(ids)
        units = [0]  # UTF-16 offset of each code point
        for character in text:
            units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
        point = {unit: index for index, unit in enumerate(units)}
        mine = [(point[start], point[end]) for start, end in ours["offsets"]]
        if ours["ids"] != list(ids):
            wrong_ids += 1
            if wrong_ids <= 3:
                print(f"  ids differ: {text!r}\n    ours   {ours['ids']}\n    theirs {list(ids)}")
        elif not agree(text, mine, list(offsets)):
            wrong_offsets += 1
            if wrong_offsets <= 3:
                print(f"  offsets differ: {text!r}\n    ours   {mine}\n    theirs {list(offsets)}")
    print(f"{folder} on {path}: {len(texts)} texts, {tokens} tokens; ids differ in {wrong_ids}, offsets in {wrong_offsets}")
    return wrong_ids + wrong_offsets


def main() -> None:
    arguments = [pathlib.Path(argument) for argument in sys.argv[1:]]
    if not arguments or len(arguments) % 2:
        sys.exit("error: expected compare_tokenizers.py FOLDER FILE [FOLDER FILE]...")
    pairs = zip(arguments[::2], arguments[1::2])
    sys.exit(1 if sum([compare(folder, path) for folder, path in pairs]) else 0)


if __name__ == "__main__":
    main()
