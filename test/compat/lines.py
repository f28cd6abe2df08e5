"""The lines that every tokenizer of this directory encodes: made of seeds, of no text of anybody's."""

import random
import re
import unicodedata

WORDS = (
    "the of and to in is was for on that with Paris London capital city born river Wien café naïve Élan ÜBER straße "
    "Ünïted don't it's we'll 1984 3.14 A.B. e-mail snake_case 東京 北京市 한국 déjà-vu ﬁne Ǆ İstanbul ΣΑΣ ﻿mark soft­hyphen "
    "zero​width 😀 👩‍👩‍👧 ½ ² <s> </s> [MASK] <mask> [SEP] <unk> [UNK] new_tok NewTok <ent> </ent> Ent1 xNew_tokx lstrip_tok rstrip_tok "
    "word_tok aword_tokb @@ ## ▁ Ġ \t \u00a0 \u3000 \u0085 \u2028 \r \u0007 \ufffd"
).split(" ")
JOINTS = [" ", " ", " ", " ", "  ", "", "\t", " , ", ".", "\u00a0", "\n"]

# All that Unicode, Python or JavaScript calls white space, and what is taken for it.
SPACES = [chr(c) for c in [*range(9, 14), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x200C),
                           0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF]]
# Control characters, signs for direction and joining, soft hyphens, variation selectors, tags, private use, what is no
# character, and the signs that stand for one.
CONTROLS = [chr(c) for c in [*range(0, 9), *range(0xE, 0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x600, 0x61C, 0x6DD, 0x70F,
                             0x8E2, 0x180B, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070),
                             0x3164, 0xFE0E, 0xFE0F, 0xFEFF, *range(0xFFF9, 0xFFFE), 0x110BD, 0x13430, 0x1BCA0, 0x1D173,
                             0xE0001, 0xE0020, 0xE0067, 0xE007F, 0xE0100, 0xE000, 0xF8FF, 0xF0000, 0x10FFFD,
                             0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0x378, 0x2FE0]]
SURROGATES = ["\ud800", "\udbff", "\udc00", "\udfff", "\ud83d", "\ude00", "\ude00\ud83d"]
MARKS = [chr(c) for c in [0x300, 0x301, 0x303, 0x307, 0x308, 0x30A, 0x323, 0x327, 0x328, 0x331, 0x338, 0x340, 0x344, 0x345,
                          0x35C, 0x360, 0x483, 0x488, 0x591, 0x5B0, 0x64B, 0x670, 0x93C, 0x93E, 0x94D, 0xE31, 0xE33,
                          0xF71, 0x1AB0, 0x1DC4, 0x20D0, 0x20DD, 0x20E3, 0x302E, 0x3099, 0x309A, 0xA66F, 0xFE20, 0x1D165,
                          0x1E8D0, 0x1E944, 0x11C97, 0x16FE4]]
BASES = list("aeionuAEIONUzZıİſßẞ0 -<") + ["", "か", "は", "ァ", "α", "Ω", "й", "अ", "क", "ا", "א", "ᄀ", "가", "각", "😀", "\u00a0"]
# What has other forms: ligatures, widths, roman numerals, fractions, squares, singletons, exclusions from composition.
FORMS = list("ﬀﬁﬂﬃﬄﬅﬆĳŉǰǄǅǆǇǈǉDž½¼¾⅓⅛²³¹⁴₅ªº™℃℉ÅΩKℵⅣⅷⅯ①⑩⒈⓪ⓐＡｂ１！ｶﾞﾊﾟﾡ㈱㌀㍍㎏㏒㍘㋀…‥‼⁇﹖︰︳﹏⸨⸩〈〉；·΅ʹ़क़ড়ਖ਼ଡ଼༌྇יִשׁﭏﷲﷺﻻ"
             "豈樂﨎﨑朗頻⼀⺟⿰㆒㇀ꙁꙀᏣꭰᎠᲐაჁꮿⲀⲁ𐐀𐐨𐒰𐓘𝐀𝔸𝟘𝟿𝓪𝛼𝕬🄰🅰🈁🉐𞸀𠀀𪛖𪜀𫝀𫠝𫠠𬺡𬺰𮯠丽𠄢𪘀𰀀⟦⟧₿€£¢¥¤№℗℠⌘⏎♥♀☃✈✂❤➕⬛〰㊗㊙")
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧", "👨🏿‍🚀", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇦🇹", "🇦🇹🇫", "1️⃣", "#⃣", "❤️", "❤", "☺︎", "🧑‍🤝‍🧑", "🫠", "🪿", "🏽", "\u200d", "\ufe0f", "🙂\u200d↕️"]
ADDED = ["[MASK]", "[SEP]", "[CLS]", "[PAD]", "[UNK]", "<mask>", "<s>", "</s>", "<pad>", "<unk>", "<cls>", "<sep>", "<eop>",
         "<eod>", "<|endoftext|>", "new_tok", "NewTok", "<ent>", "</ent>", "Ent1", "lstrip_tok", "rstrip_tok", "word_tok", "@@"]
CODE = ["if (x<=10) {", "return a[i]+=b*c;", "#include <vector>", "x = {'k': [1, 2.5e-3]}", "\tfor i in range(10):", "a->b::c<T>&",
        "SELECT * FROM t WHERE id='7'--", "\\frac{a}{b}^2_i", "$HOME/.config/~x", "C:\\Temp\\new.txt", "/* no */ // yes", "0xFFu 1_000",
        "<div class=\"a\">&amp;&#8217;</div>", "f\"{x!r:>10}\"", "=> => ===", "__init__", "``quoted'' `a' \"b\"", "a''b``c"]
ADDRESSES = ["https://www.example.org/a/b?q=1&r=%20x#frag", "http://例え.テスト/ü", "mailto:A.B+c@example.co.uk", "user@host", "ftp://[::1]:21/",
             "10.0.0.255:8080", "@name", "#tag_1", "www.x.y", "doi:10.1000/182", "ISBN 978-3-16-148410-0"]
NUMBERS = ["0", "007", "1,234,567.89", "1.234,5", "3,4", "-5", "+6e-10", "12:30", "2024-02-29", "1/2", "50%", "€9.99", "１２３", "٣٤٥", "१२३",
           "Ⅻ", "1st", "2nd", "3²", "10³", "4,", "5,000,", "٫٣", "𝟙𝟚", "①②", "〇", "零", "９，０"]
ENGLISH = ["'s", "'S", "'t", "'re", "'ll", "'LL", "’s", "n't", "o'clock", "'tis", "rock'n'roll", "d'Or", "'d'd", "''", "'ve'm"]


def scripts():
    """Some letters, marks and digits of each script: the first word of a character's name tells the script."""
    groups = {}
    for code in range(0xA0, 0x32000):
        category = unicodedata.category(chr(code))
        if category[0] in "LMNPS":
            group = groups.setdefault(unicodedata.name(chr(code), "-").split(" ")[0].split("-")[0], {})
            group.setdefault(category, []).append(chr(code))
    draw = random.Random(30)
    drawn = []
    for group in groups.values():
        letters = [c for category in sorted(group) if category[0] == "L" for c in group[category]]
        others = [c for category in sorted(group) if category[0] != "L" for c in group[category]]
        if len(letters) >= 8:
            drawn.append((draw.sample(letters, 4), draw.sample(others, min(len(others), 3))))
    return drawn


SCRIPTS = scripts()


def random_lines(count, seed):
    draw = random.Random(seed)
    lines = ["", " ", "the capital of Café", " the  capital ", "[MASK] is a city", "Paris is<mask>, new_tok."]
    while len(lines) < count:
        line = ""
        for _ in range(draw.randint(1, 9)):
            line += draw.choice(WORDS) + draw.choice(JOINTS)
        lines.append(line)
    return lines


def plain_lines(count, seed):
    """Words of Latin letters with single spaces between."""
    draw = random.Random(seed)
    plain = [word for word in WORDS if re.fullmatch(r"[!-;=-~À-ÿ]+", word)] + ["Zürich,", "(ABC)", "x+y=z"]
    return [" ".join(draw.choice(plain) for _ in range(draw.randint(1, 9))) for _ in range(count)]


def script_line(draw, letters, others):
    word = lambda: "".join(draw.choice(letters + others if draw.random() < 0.4 else letters) for _ in range(draw.randint(1, 6)))
    return draw.choice([" ", " ", ", ", "", "\u200c", "-"]).join(word() for _ in range(draw.randint(1, 4)))


def of(choices, most, joints=("", " ")):
    return lambda draw: "".join(draw.choice(choices) + draw.choice(joints) for _ in range(draw.randint(1, most)))


def marked_line(draw):
    return "".join(draw.choice(BASES) + "".join(draw.choice(MARKS) for _ in range(draw.choice([0, 1, 1, 2, 3])))
                   + draw.choice(["", "", " ", "."]) for _ in range(draw.randint(1, 6)))


def odd_added_line(draw):
    """Added tokens in other case, cut, doubled, with marks, controls and white space of every kind at their sides."""
    def one():
        # Those whose flags say what may stand around them come more often.
        token = draw.choice([*ADDED, *["lstrip_tok", "rstrip_tok", "word_tok"] * 3])
        changed = [token] * 6 + [token.upper(), token.title(), token[:-1], token[1:], token * 2, token[:2] + "\u0301" + token[2:],
                                 token[:2] + "\u00ad" + token[2:], token.replace("t", "ť"), token.replace("_", " ")]
        return draw.choice(changed)
    side = lambda: draw.choice(["", "", "", " ", "  ", "a", "Z", "9", "_", ".", "é", "東", "\u0301", "\u200d", "😀", "(", "²", "Ⅷ", "ⓐ", "‿",
                                "\ufeff", "\x85", draw.choice(SPACES),
                                draw.choice(CONTROLS)])
    return "".join(side() + one() + side() for _ in range(draw.randint(1, 3)))


def long_line(draw):
    """Words about as long as the longest that BERT's tokenizers cut, in characters of one, two and four bytes."""
    length = draw.choice([60, 98, 99, 100, 101, 102, 130])
    unit = draw.choice(["a", "ab", "é", "e\u0301", "ж", "𐐀", "x\u00ad", "1", "ﬀ", "İ", "क\u093f"])
    return draw.choice(["", "the "]) + (unit * length)[:length] + draw.choice(["", " of", "\u0301"])


def cased_line(draw):
    words = WORDS[:36] + ["ὈΔΥΣΣΕΎΣ", "ΣΊΣΥΦΟΣ", "ŒUVRE", "GROẞ", "ĲSSEL", "ǅungla", "ᲗᲑᲘᲚᲘᲡᲘ", "ᏣᎳᎩ", "𐐔𐐇𐐝", "DİYARBAKIR", "ıssız", "ÅNGSTRÖM", "ŉ"]
    change = lambda word: draw.choice([word, word.upper(), word.lower(), word.title(), word.swapcase(), word[:2].upper() + word[2:]])
    return " ".join(change(draw.choice(words)) for _ in range(draw.randint(1, 5)))


def mixed_line(draw):
    anything = [*WORDS, *FORMS, *EMOJI, *ENGLISH, *NUMBERS, *SPACES, *CONTROLS, *MARKS, *ADDED]
    return "".join(draw.choice(anything) + draw.choice(["", "", " "]) for _ in range(draw.randint(2, 8)))


def surrogate_line(draw):
    """Halves of surrogate pairs, which JSON and JavaScript may hold and UTF-8 may not."""
    return "".join(draw.choice(["a", "the", " ", "😀", "é", "[MASK]", "new_tok", draw.choice(WORDS)]) + draw.choice(SURROGATES)
                   + draw.choice(["", " ", "b"]) for _ in range(draw.randint(1, 3)))


KINDS = [
    (90, of(EMOJI, 4)), (170, marked_line), (100, of(["a", "the", "É", *CONTROLS], 5)), (100, of(["a", "Paris", "é", ".", *SPACES], 7, [""])),
    (230, odd_added_line), (80, of(NUMBERS, 4, [" ", " ", "", ","])), (40, of(ADDRESSES, 2, [" "])), (50, of(CODE, 2, [" ", "\n", "\n    "])),
    (20, long_line), (70, cased_line), (60, of([*ENGLISH, "it", "They", "Élan"], 5)), (80, of(FORMS, 6)), (40, surrogate_line),
]


def made_lines(count):
    lines = random_lines(260, 28) + plain_lines(90, 29)
    draw = random.Random(31)
    lines += [script_line(draw, *script) for script in SCRIPTS for _ in range(2)]
    for many, kind in [*KINDS, (count, mixed_line)]:
        seen = set(lines)
        wanted = min(count, len(lines) + many)
        while len(lines) < wanted:
            line = kind(draw)
            if line not in seen:
                seen.add(line)
                lines.append(line)
    return lines


LINES = made_lines(2000)
